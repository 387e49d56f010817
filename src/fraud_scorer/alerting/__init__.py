"""E-mails: what they say and how they look."""
