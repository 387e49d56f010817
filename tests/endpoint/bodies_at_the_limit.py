"""Run in a process of its own: has bodies read under a limit of memory beyond what is used at the start.

Prints a line a body: its name, the status and the sentence.
"""

import resource
import sys
from pathlib import Path

import numpy as np
import xgboost

from fraud_scorer.endpoint.app import MAX_BODY_BYTES, invoke
from fraud_scorer.endpoint.content import decode
from fraud_scorer.endpoint.served_model import ServedModel

MOST = MAX_BODY_BYTES
BODIES = {
    "commas": ("text/csv", b"," * 100_000),
    "many commas": ("text/csv", b"," * MOST),
    "empty rows": ("text/csv", b"1" + b"\n" * (MOST - 2) + b"1"),
    "columns in JSON": ("application/json", b"[[" + b"1," * (MOST // 2 - 4) + b"1]]"),
    "rows in JSON": ("application/json", b"[" + b"[]," * (MOST // 3 - 2) + b"[]]"),
    "objects in JSON": ("application/json", b"[" + b"{}," * (MOST // 3 - 2) + b"{}]"),
    "deep JSON": ("application/json", b"[" * MOST),
    "deep objects": ("application/json", b'{"a":' * (MOST // 5)),
    "deep and closed": ("application/json", b"[" * 100_000 + b"]" * 100_000),
    "huge number": ("application/json", b"[[1" + b"0" * 400 + b"]]"),
    "longer number": ("application/json", b"[[1" + b"0" * 100_000 + b"]]"),
    "infinite number": ("application/json", b"[[1e999]]"),
    "keys": ("application/json", b'[{"a":[' + b"1," * 1_000_000 + b'1], "features": []}]'),
}


def main() -> None:
    """All bodies, one after the other."""
    model = ServedModel.load(Path(sys.argv[1]))
    model.predict(np.zeros((1, model.columns), np.float32))  # what the libraries take is taken
    decode(b"1,2", "text/csv", 2)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = used + int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for name, (content_type, body) in BODIES.items():
        answer = invoke(model, body, content_type, "")
        print(f"{name}: {answer.status} {answer.body[:200]}", flush=True)


if __name__ == "__main__":
    xgboost.set_config(nthread=1)
    main()
