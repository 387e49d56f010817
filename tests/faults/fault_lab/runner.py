"""A process that imports the library once and forks a real process for each run, as Airflow's LocalExecutor does.

Speaks JSON lines on its standard input and output. A forked run drives the wiring's pipeline by a virtual clock and
writes its outcome to a file; how it ended (exit code or signal) comes from the kernel.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import joblib  # noqa: F401 - what follows is heavy: imported once, before any fork
import pyarrow.parquet  # noqa: F401
import sklearn.preprocessing  # noqa: F401
import xgboost  # noqa: F401
from fault_lab.clock import VirtualClock
from fault_lab.points import Gate, LabParts, Order

from fraud_common.errors import FraudScorerError
from fraud_common.logs import configure_logging
from fraud_scorer.domain.batches import Batch, parse_minute
from fraud_scorer.settings import Settings
from fraud_scorer.use_cases.pipeline.landing_order import retry_batch
from fraud_scorer.use_cases.pipeline.minute import Pipeline

POLL_SECONDS = 0.005


def perform(order: dict[str, Any]) -> dict[str, Any]:
    """Do what ``order`` says in this process: its ``calls``, one after the other, on one pipeline."""
    gate = Gate([Order(**one) for one in order["points"]])
    outcome: dict[str, Any] = {"results": [], "error": None, "kind": None}
    try:
        clock = VirtualClock(datetime.fromisoformat(order["at"]))
        settings = Settings(_env_file=None, **order["settings"])  # type: ignore[call-arg]
        pipeline = Pipeline(LabParts(settings, clock, gate, order["engine_limits"]))
        for call in order["calls"]:
            outcome["results"].append(_call(pipeline, *call))
    except FraudScorerError as error:
        outcome |= {"error": type(error).__name__, "kind": "ours", "what": str(error)}
    except Exception as error:
        outcome |= {"error": type(error).__name__, "kind": "foreign", "what": str(error)}
        traceback.print_exc()
    outcome["struck"] = gate.struck
    return outcome


def _call(pipeline: Pipeline, verb: str, *arguments: Any) -> Any:
    if verb == "replay":
        start, end, options = arguments
        return pipeline.replay(parse_minute(start), parse_minute(end), **options)
    batch_id = str(arguments[0])
    if verb == "batch_retry":
        return retry_batch(pipeline.parts, Batch.of_id(batch_id))
    if verb in ("extract", "run_minute"):
        return getattr(pipeline, verb)(Batch.of_id(batch_id))
    return getattr(pipeline, verb)(batch_id)


def _child(order: dict[str, Any]) -> None:
    """The forked process: never returns."""
    log = os.open("/dev/null" if order["file_limit"] else order["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(order["environment"])
    code = 0
    try:
        configure_logging()
        if order["clock_jump_seconds"]:
            real, jump = time.time, float(order["clock_jump_seconds"])
            time.time = lambda: real() + jump  # the machine's clock, not ours
        result = Path(order["result"])
        temporary = result.with_suffix(".new")
        if order["file_limit"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_limit"], resource.RLIM_INFINITY))
        outcome = perform(order)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        temporary.write_text(json.dumps(outcome, default=str))
        temporary.rename(result)
        code = 1 if outcome["error"] else 0
    except BaseException:
        traceback.print_exc()
        code = 3
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(pid: int, seconds: float) -> dict[str, Any]:
    """How the child ended, that it was stopped, or that it still runs after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if found and os.WIFSTOPPED(status):
            return {"state": "stopped"}
        if found:
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            return {"state": "ended", "code": code}
        if time.monotonic() >= until:
            return {"state": "running"}
        time.sleep(POLL_SECONDS)


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    children: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["op"] == "start":
            pid = os.fork()
            if pid == 0:
                answers.close()
                _child(asked)
            children.add(pid)
            answer: dict[str, Any] = {"pid": pid}
        else:
            answer = _wait(asked["pid"], asked["seconds"])
            if answer["state"] == "ended":
                children.discard(asked["pid"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    _serve()
