"""The pages, one module each, each with ``render()``."""
