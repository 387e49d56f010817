"""What the DAG files share: Airflow's connections, a task's limits, and the translation of errors for Airflow."""
