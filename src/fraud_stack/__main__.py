"""``python -m fraud_stack``."""

from fraud_scorer.cli import run
from fraud_stack.cli import app

if __name__ == "__main__":
    run(app)
