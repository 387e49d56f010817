"""PostgreSQL behind the ports: the SQL itself stands in `sql/`."""
