"""A SageMaker endpoint behind the ``Scorer`` port: asked in bounded time, believed only after checks."""
