"""What scores: model files missing, corrupt, swapped; the SageMaker endpoint gone, silent, talking nonsense."""

from __future__ import annotations

import shutil
import time

from fault_lab.fault import Fault, fails, passes, point
from fault_lab.proxy import Proxy
from fault_lab.world import World


# --- the model ------------------------------------------------------------------------------------------------------
def _put(world: World, model: int) -> None:
    shutil.rmtree(world.model)
    shutil.copytree(world.models[model], world.model)


def _without(world: World, name: str) -> str:
    (world.model / name).unlink()
    said = fails(world.minute(), "ArtifactError")
    landed = len(world.landing.completions())
    _put(world, 0)
    return f"landed all the same ({landed} minutes); {said.replace(str(world.folder), '…')}"


def _corrupt(world: World, name: str) -> str:
    path = world.model / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    said = fails(world.minute(), "ArtifactError")
    _put(world, 0)
    return said.replace(str(world.folder), "…")


def _swapped_between_steps(world: World) -> str:
    batch_id = world.next_minute().batch_id
    passes(world.run(("extract", batch_id)))
    passes(world.run(("transform", batch_id)))
    _put(world, 1)
    for step in ("score", "load", "alert"):
        passes(world.run((step, batch_id)))
    return _models(world)


def _swapped(world: World, at: str) -> str:
    run = world.start(("run_minute", world.next_minute().batch_id), points=[point(at, "stop")])
    assert run.wait_until_stopped()
    _put(world, 1)
    run.resume()
    return f"{run.wait()}; {_models(world)}"


def _half_copied(world: World) -> str:
    shutil.copy(world.models[1] / "model.ubj", world.model / "model.ubj")
    said = fails(world.minute(), "ArtifactError")
    _put(world, 1)
    return said.replace(str(world.folder), "…")


def _models(world: World) -> str:
    found = world.rows("select model_hash, count(*) from payments_scored where not is_refund group by 1 order by 2")
    return "payments by model: " + ", ".join(f"{name[:6]} {count}" for name, count in found)


# --- the endpoint ---------------------------------------------------------------------------------------------------
def _endpoint(world: World, mode: str, minutes: int) -> str:
    """So many minutes with an endpoint that is reached through a proxy to a server that is no endpoint."""
    proxy = Proxy(int(world.api.url.rpartition(":")[2]))
    proxy.mode = mode
    world.environment["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = f"http://127.0.0.1:{proxy.port}"
    world.settings |= {"scorer": "auto", "sagemaker_endpoint": "fraud", "sagemaker_read_seconds": 1.0,
                       "sagemaker_budget_seconds": 3.0}  # fmt: skip
    began = time.monotonic()
    for outcome in world.minutes(minutes):
        passes(outcome)
    seconds = (time.monotonic() - began) / minutes
    world.settings |= {"scorer": "local", "sagemaker_endpoint": ""}
    proxy.close()
    found = dict(world.rows("select scored_by, count(*) from run_ledger where scored_by is not null group by 1"))
    assert found.get("local-fallback") == minutes, found
    why = world.rows("select fallback_reason from run_ledger where scored_by = 'local-fallback' order by minute")
    return f"{minutes} minutes scored locally and said so ({why[0][0][:90]}), {seconds:.1f} s each"


FAULTS = [
    Fault("model file missing", "lands on, does not score; scored when it is back",
          lambda world: _without(world, "model.ubj")),
    Fault("manifest missing", "lands on, does not score; scored when it is back",
          lambda world: _without(world, "manifest.json")),
    Fault("model file corrupt", "refused before it is read", lambda world: _corrupt(world, "model.ubj")),
    Fault("preprocess file corrupt", "refused before it is unpickled",
          lambda world: _corrupt(world, "preprocess.joblib")),
    Fault("model half copied", "refused; scored by the whole one", _half_copied),
    Fault("model swapped between transform and score", "one model decides", _swapped_between_steps),
    Fault("model swapped inside a run, before scoring", "one model decides",
          lambda world: _swapped(world, "scorer.score:before")),
    Fault("model swapped inside a run, after scoring", "one model decides",
          lambda world: _swapped(world, "scorer.score:after")),
    Fault("SageMaker: refuses connections", "the local model scores each minute, and the ledger says so",
          lambda world: _endpoint(world, "refuse", 2)),
    Fault("SageMaker: black hole", "given up in bounded time; the local model scores, the breaker opens",
          lambda world: _endpoint(world, "black_hole", 4)),
    Fault("SageMaker: another server answers in its place", "never believed; the local model scores",
          lambda world: _endpoint(world, "pass", 2)),
]  # fmt: skip
