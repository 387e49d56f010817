"""The schema of ``fraud_db``: migrations, report views, roles and logins."""
