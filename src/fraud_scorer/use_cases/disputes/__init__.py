"""Dispute files of others: their columns and words, their times, and which payment each row is about."""
