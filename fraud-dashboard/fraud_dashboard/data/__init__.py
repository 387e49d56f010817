"""Queries of `fraud_db`, and the numbers computed from their frames."""
