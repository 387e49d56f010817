"""A local twin of a SageMaker endpoint: the hosting container's contract and the AWS runtime's path in one server."""
