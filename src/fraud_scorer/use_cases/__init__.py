"""What the command line and the DAGs call: one module a use case."""
