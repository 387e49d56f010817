"""A payments API for people who have none."""
