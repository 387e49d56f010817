"""The watchdog outside Airflow: what it looks at, what it finds, what it remembers."""
