"""Helpers of the DAG files: Airflow's connections, a task's limits, and the translation of errors for Airflow."""
