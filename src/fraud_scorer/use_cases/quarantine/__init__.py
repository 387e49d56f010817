"""Quarantined records: shown masked, and tried once more."""
