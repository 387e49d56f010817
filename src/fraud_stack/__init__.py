"""`make run`: everything on this machine, started, watched and ended together.

One definition of each process (`services`), whoever starts it: `make run`, the end-to-end test, docker-compose.
Nothing is imported here: a container's health check, which runs every few seconds, lies beside what takes long to load.
"""
