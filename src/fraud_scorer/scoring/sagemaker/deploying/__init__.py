"""A model onto SageMaker: the archive, the image, the endpoint's parts."""
