"""Reason codes in plain English: why a payment is suspicious, and what is usual."""
