"""A landing on disk; a gate before moto's S3, machines that land there, and what the bucket holds."""

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bucket_lab import ADDRESS, CIPHER, SECRET, Gate, Machine, client_behind, client_through
from disk_lab import KEY

from fraud_common.object_store import Bucket
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.landing.replicator import Replicator


@pytest.fixture
def folder(tmp_path):
    """Where the landing lives."""
    return tmp_path / "landing"


@pytest.fixture
def landing(folder):
    """A landing that holds nothing yet."""
    return DiskLanding(folder, Cipher.from_setting(KEY))


@pytest.fixture(scope="session")
def front(moto: str) -> Iterator[Gate]:
    """The gate before moto, open."""
    server = Gate(moto)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def gate(front: Gate, empty_aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """An account with one empty bucket, and boto3's own settings pointing to its gate."""
    front.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", front.url)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    client_behind(front.behind).create_bucket(Bucket="landed")
    yield front
    front.released.set()


@pytest.fixture
def machine(gate: Gate, tmp_path) -> Callable[..., Machine]:
    """Machines by name; each time it is asked for, as a fresh process sees it."""

    def made(name: str = "one", address: str = ADDRESS, *, read_seconds=60.0, connect=None, **more):
        bucket = Bucket(address, connect or partial(client_through, gate.url, read_seconds))
        landing = DiskLanding(tmp_path / name, CIPHER, bucket=bucket)
        return Machine(landing, Replicator(landing, bucket, **more))

    return made


@pytest.fixture
def stored(gate: Gate) -> Callable[[], dict[str, bytes]]:
    """Everything in the bucket, asked behind the gate's back."""

    def look() -> dict[str, bytes]:
        client = client_behind(gate.behind)
        names = [one["Key"] for one in client.list_objects_v2(Bucket="landed").get("Contents", ())]
        return {name: client.get_object(Bucket="landed", Key=name)["Body"].read() for name in names}

    return look
