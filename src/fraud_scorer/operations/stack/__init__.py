"""`make run`: everything on this machine, started, watched and ended together.

One definition of each process (`services`), whoever starts it: `make run`, the end-to-end test, docker-compose.
"""

from fraud_scorer.operations.stack.options import DEFAULT_PORTS, StackOptions, parse_ports
from fraud_scorer.operations.stack.run import run_stack

__all__ = ["DEFAULT_PORTS", "StackOptions", "parse_ports", "run_stack"]
