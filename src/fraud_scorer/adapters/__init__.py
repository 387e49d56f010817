"""The outside world behind the ports: payments API, landing, PostgreSQL, models, mail."""
