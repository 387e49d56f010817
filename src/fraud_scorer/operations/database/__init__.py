"""``fraud_db`` itself: the embedded server, migrations, views and roles."""
