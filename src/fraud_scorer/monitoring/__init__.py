"""The watchdog outside Airflow, and the health checks of Airflow's containers."""
