"""Landing in a bucket, over real HTTP: on disk first, copied whole, known to another machine, and what can go wrong."""

import http.client
import json
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
import requests
from cryptography.fernet import Fernet
from moto.server import ThreadedMotoServer
from structlog.testing import capture_logs

from fraud_scorer.adapters.cipher import Cipher
from fraud_scorer.adapters.landing.bucket import Bucket, s3_client
from fraud_scorer.adapters.landing.files import alone
from fraud_scorer.adapters.landing.in_bucket import BucketLanding
from fraud_scorer.batches import Batch
from fraud_scorer.errors import LandingError, SettingsError, TransientError
from fraud_scorer.ports import Answer

CIPHER = Cipher.from_setting(Fernet.generate_key().decode())
NOW = datetime(2026, 11, 20, 10, 32, 1, tzinfo=UTC)
BATCH = Batch.of_id("2026-11-20T10:31Z")
HISTORY = Batch.of_history("0123456789ab", date(2026, 11, 1))
BODY = b'{"cc_num": 4532015112830366}'
ADDRESS = "s3://landed/ours"
SECRET = "verysecretaccesskey"


def minute(number: int) -> Batch:
    """The n-th minute from BATCH on."""
    return Batch.of_minute(BATCH.minute + timedelta(minutes=number))


@dataclass
class Request:
    """What came to the gate."""

    method: str
    path: str
    content: bytes


Behaviour = Callable[["Handler", Request], bool]  # True: it answered, or cut the connection, itself


class Gate(ThreadingHTTPServer):
    """Stands before moto's S3 and lets requests through, or behaves as it is told."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind.removeprefix("http://")
        self.reset()

    def reset(self) -> None:
        self.requests: list[Request] = []
        self.behaviour: Behaviour = lambda *_: False
        self.released = threading.Event()
        self.ignored_headers: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests want."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Gate

    def _pass(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = Request(self.command, self.path, content)
        self.server.requests.append(request)
        if not self.server.behaviour(self, request):
            self.answer(*self.forward(request))

    def do_GET(self) -> None:
        self._pass()

    def do_PUT(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def forward(self, request: Request) -> tuple[int, bytes, str]:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in self.server.ignored_headers}
        behind = http.client.HTTPConnection(self.server.behind, timeout=30)
        behind.request(request.method, request.path, request.content, headers)
        answer = behind.getresponse()
        told = answer.status, answer.read(), answer.getheader("Content-Type", "")
        behind.close()
        return told

    def answer(self, status: int, content: bytes, content_type: str = "application/xml") -> bool:
        self.send_response(status)
        for name, value in (("Content-Length", str(len(content))), ("Content-Type", content_type)):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        return True

    def error(self, status: int, code: str) -> bool:
        return self.answer(status, f"<Error><Code>{code}</Code><Message>as you see</Message></Error>".encode())

    def silence(self) -> bool:
        self.server.released.wait(60)
        return self.cut()

    def cut(self) -> bool:
        self.close_connection = True
        self.connection.shutdown(2)
        return True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """Moto's server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def front(moto: str) -> Iterator[Gate]:
    """The gate before it, open."""
    server = Gate(moto)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def gate(front: Gate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """An account with one empty bucket, and boto3's own settings pointing to its gate."""
    front.reset()
    requests.post(f"http://{front.behind}/moto-api/reset", timeout=30)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    settings = {
        "AWS_ENDPOINT_URL_S3": front.url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "dummy",
        "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    boto3.session.Session().client("s3", endpoint_url=f"http://{front.behind}").create_bucket(Bucket="landed")
    yield front
    front.released.set()


@dataclass
class Machine:
    """One installation: a folder of its own and the bucket of all."""

    landing: BucketLanding

    def land(self, *batches: Batch, now: datetime = NOW) -> None:
        for batch in batches:
            self.landing.land(batch, answer(batch))
            self.landing.land(batch, answer(batch, b"second"))
            self.landing.close(batch, now=now)

    def bodies(self) -> dict[str, list[bytes]]:
        """What every batch that it knows says, in order of landing."""
        known = [done for done in self.landing.completions() if done.status == "landed"]
        return {done.batch.batch_id: [self.landing.read(done.batch, part) for part in done.parts] for done in known}


def answer(batch: Batch, what: bytes = BODY) -> Answer:
    """An answer of the API for this batch."""
    return Answer(what + batch.batch_id.encode(), 200, "application/json", NOW)


@pytest.fixture
def machine(gate: Gate, tmp_path) -> Callable[..., Machine]:
    """Machines by name; each time it is asked for, as a fresh process sees it."""
    connect = cache(lambda _name, read_seconds: s3_client(read_seconds=read_seconds))

    def made(name: str = "one", address: str = ADDRESS, read_seconds: float = 60) -> Machine:
        bucket = Bucket(address, partial(connect, name, read_seconds))
        return Machine(BucketLanding(tmp_path / name, CIPHER, bucket))

    return made


@pytest.fixture
def stored(gate: Gate) -> Callable[[], dict[str, bytes]]:
    """Everything in the bucket, asked behind the gate's back."""

    def look() -> dict[str, bytes]:
        client = boto3.session.Session().client("s3", endpoint_url=f"http://{gate.behind}")
        names = [one["Key"] for one in client.list_objects_v2(Bucket="landed").get("Contents", ())]
        return {name: client.get_object(Bucket="landed", Key=name)["Body"].read() for name in names}

    return look


def markers(stored: dict[str, bytes]) -> dict[str, int]:
    """The closed batches in the bucket with their numbers; each has all its parts."""
    found = {}
    for name, content in stored.items():
        if name.startswith("ours/closed/"):
            marker = json.loads(content)
            found[marker["batch_id"]] = marker["landing_seq"]
            for part in marker["parts"]:
                assert f"ours/{part['path'][:-5]}-{part['sha256'][:16]}.part" in stored, name
    return found


# --- copying ------------------------------------------------------------------------------------------------------
def test_a_closed_batch_is_copied_whole_and_an_open_one_is_not(machine, stored) -> None:
    """Parts as they are on disk, named by their hash, then the marker; a second time there is nothing to do."""
    one = machine()
    one.land(BATCH, HISTORY)
    one.landing.land(minute(1), answer(minute(1)))

    assert [done.batch for done in one.landing.waiting()] == [BATCH, HISTORY]
    assert one.landing.uncopied_since() == NOW
    assert one.landing.copy() == 2
    assert one.landing.waiting() == []
    assert one.landing.uncopied_since() is None
    assert machine().landing.copy() == 0

    kept = stored()
    assert markers(kept) == {done.batch.batch_id: done.landing_seq for done in one.landing.completions()}
    assert len(kept) == 1 + 2 * 3
    assert not any(b"4532015112830366" in content for content in kept.values())


def test_nothing_is_asked_of_the_bucket_to_land_or_when_nothing_waits(machine, gate) -> None:
    """Landing, closing and a run without news make no call."""
    one = machine()
    one.landing.copy()
    one.land(BATCH)
    one.landing.completions()
    one.bodies()
    assert gate.requests == []


def test_time_is_kept_and_the_rest_is_for_the_next_run(machine) -> None:
    """No batch is begun after the time is up, and another process's copying is left to it."""
    one = machine()
    one.land(BATCH, minute(1))

    assert one.landing.copy(seconds=0) == 0
    with alone(one.landing._folder / "copying"):
        assert machine().landing.copy() == 0
    assert len(one.landing.waiting()) == 2
    assert one.landing.copy() == 2


def test_a_part_lost_from_the_disk_keeps_nothing_from_being_copied(machine, stored) -> None:
    """It is told, and what came after it is safe."""
    one = machine()
    one.land(BATCH, minute(1))
    (one.landing._folder / one.landing.parts(BATCH)[0].path).unlink()

    with capture_logs() as logs:
        assert one.landing.copy() == 2
    assert [line["event"] for line in logs] == ["A part was lost before it was copied."]
    with pytest.raises(LandingError, match=r"0001\.part \(on disk and in s3://landed/ours\) is missing"):
        one.landing.read(BATCH, one.landing.parts(BATCH)[0])
    assert one.landing.read(BATCH, one.landing.parts(BATCH)[1]).startswith(b"second")


def test_another_bucket_is_filled_from_the_start(machine, stored) -> None:
    """What was copied to one prefix says nothing of another."""
    one = machine()
    one.land(BATCH)
    one.landing.copy()
    assert machine(address="s3://landed/theirs/").landing.copy() == 1
    assert sum(name.startswith("theirs/closed/") for name in stored()) == 1


# --- outages ------------------------------------------------------------------------------------------------------
FAULTS = {
    "refused": lambda handler, _: handler.error(503, "SlowDown"),
    "fails": lambda handler, _: handler.error(500, "InternalError"),
    "silent": lambda handler, _: handler.silence(),
    "cut": lambda handler, _: handler.cut(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bucket_that_is_away_is_told_and_made_up_for(machine, gate, stored, fault) -> None:
    """A TransientError with cause and cure, no secret in it; landing goes on, and the next copying takes it all."""
    one = machine(read_seconds=0.3 if fault == "silent" else 60)
    one.land(BATCH)
    gate.behaviour = FAULTS[fault]
    with pytest.raises(TransientError, match=r"s3://landed/ours.*The next run tries again") as told:
        one.landing.copy()
    assert SECRET not in str(told.value)
    one.land(minute(1))
    assert stored() == {}

    gate.released.set()
    gate.behaviour = lambda *_: False
    assert machine().landing.copy() == 2
    assert set(markers(stored())) == {BATCH.batch_id, minute(1).batch_id}


def test_nobody_listening_is_told(machine, monkeypatch) -> None:
    """A refused connection names the bucket."""
    one = machine()
    one.land(BATCH)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(TransientError, match="s3://landed/ours cannot be reached"):
        one.landing.copy()


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("last", range(1, 8))
def test_cut_at_any_write_no_half_batch_is_seen(machine, gate, stored, last, arrives) -> None:
    """The n-th write is cut, before or after it arrived: a marker never stands without its parts."""
    one = machine()
    one.land(BATCH, minute(1))
    writes = iter(range(1, 100))

    def cut(handler: Handler, request: Request) -> bool:
        if request.method != "PUT" or next(writes) != last:
            return False
        if arrives:
            handler.forward(request)
        return handler.cut()

    gate.behaviour = cut
    with pytest.raises(TransientError):
        one.landing.copy()
    seen = markers(stored())
    assert len(seen) == (last + arrives > 4) + (last + arrives > 7)

    gate.behaviour = lambda *_: False
    machine().landing.copy()
    assert markers(stored()) == {done.batch.batch_id: done.landing_seq for done in one.landing.completions()}
    assert machine().landing.waiting() == []


# --- two installations --------------------------------------------------------------------------------------------
def test_of_two_installations_at_once_one_copies(machine, stored) -> None:
    """Both close the same minutes and copy at the same moment: one is the bucket's, the other is told what to do."""
    machines = [machine(name) for name in ("one", "two")]
    start = threading.Barrier(2)

    def run(one: Machine) -> str:
        one.land(BATCH, minute(1))
        start.wait()
        try:
            return f"copied {one.landing.copy()}"
        except SettingsError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(run, machines))
    assert told[1] == "copied 2"
    assert "another installation" in told[0]
    assert "landing rebuild --take-over" in told[0]
    assert len(markers(stored())) == 2
    assert len(stored()) == 1 + 2 * 3
    assert [len(one.landing.waiting()) for one in machines] in ([0, 2], [2, 0])


def test_the_bucket_keeps_the_first_closing_of_a_batch(machine, stored) -> None:
    """A machine that takes over had closed the same minute itself: its own stays on its disk, and this is told."""
    one, two = machine("one"), machine("two")
    one.land(BATCH)
    one.landing.copy()
    before = stored()
    two.land(BATCH, minute(1), now=NOW + timedelta(seconds=30))

    assert two.landing.restore(take_over=True) == 0
    with capture_logs() as logs:
        assert two.landing.copy() == 2
    assert [done.batch for done in two.landing.completions()] == [BATCH, minute(1)]
    assert {name: content for name, content in stored().items() if name in before and "writer" not in name} == {
        name: content for name, content in before.items() if "writer" not in name
    }
    assert [line["batch_id"] for line in logs if "keeps that one" in line["event"]] == [BATCH.batch_id]
    one.land(minute(2))
    with pytest.raises(SettingsError, match="another installation"):
        one.landing.copy()


def test_numbers_go_on_above_the_buckets(machine) -> None:
    """Whatever the new machine's clock says: no number is given again, and each later batch has a higher one."""
    one = machine("one")
    one.land(BATCH, *(minute(n) for n in range(1, 4)), now=NOW + timedelta(hours=1))
    one.landing.copy()
    two = machine("two")

    assert two.landing.restore(take_over=True) == 4
    assert two.landing.completions() == one.landing.completions()
    assert two.landing.close(minute(9), now=NOW).landing_seq == one.landing.last_sequence() + 1
    assert two.landing.copy() == 1


def test_a_number_given_twice_is_told_and_overwrites_nothing(machine) -> None:
    """Two clocks in one second: this machine's batch keeps the number, the other stays in the bucket alone."""
    one, two = machine("one"), machine("two")
    one.land(BATCH, minute(1))
    one.landing.copy()
    two.land(minute(5))

    with capture_logs() as logs:
        assert two.landing.restore(take_over=True) == 1
    assert [line["batch_id"] for line in logs] == [BATCH.batch_id]
    assert [done.batch for done in two.landing.completions()] == [minute(5), minute(1)]
    assert two.landing.copy() == 2  # its own, and what it learnt with a higher number, which is there


# --- another machine ----------------------------------------------------------------------------------------------
def test_a_new_machine_knows_and_reads_what_the_old_one_copied(machine) -> None:
    """The same batches, numbers and bytes; a second time nothing is new; it takes no one's place unasked."""
    one, two = machine("one"), machine("two")
    one.land(BATCH, HISTORY, Batch.of_retry("0123456789ab", history=False), minute(1))
    one.landing.copy()

    with pytest.raises(SettingsError, match="--take-over"):
        two.landing.restore()
    assert two.landing.completions() == []
    assert two.landing.restore(take_over=True) == 4
    assert two.landing.restore() == 0
    assert two.landing.completions() == one.landing.completions()
    assert two.landing.waiting() == two.landing.open_batches() == []
    assert two.bodies() == one.bodies()
    assert two.landing.parts(BATCH) == one.landing.parts(BATCH)


def test_a_restore_that_is_cut_goes_on_from_there(machine, gate) -> None:
    """What was learnt before the bucket went away is kept, and the next restore learns the rest."""
    one, two = machine("one"), machine("two")
    one.land(*(minute(n) for n in range(6)))
    one.landing.copy()
    gate.behaviour = lambda handler, request: "1034" in request.path and handler.error(503, "SlowDown")

    with pytest.raises(TransientError):
        two.landing.restore(take_over=True)
    assert [done.batch for done in two.landing.completions()] == [minute(n) for n in range(3)]
    gate.behaviour = lambda *_: False
    assert machine("two").landing.restore() == 3
    assert two.landing.completions() == one.landing.completions()
    assert two.landing.waiting() == []
    assert two.bodies() == one.bodies()


def test_a_minute_that_lands_during_a_restore_is_copied(machine, gate, stored) -> None:
    """The restore takes a while, and landing does not wait for it."""
    one, two = machine("one"), machine("two")
    one.land(*(minute(n) for n in range(3)))
    one.landing.copy()

    def land_meanwhile(handler: Handler, request: Request) -> bool:
        if request.path.endswith("/1033") and not two.landing.completion(minute(8)):
            two.land(minute(8), now=NOW - timedelta(hours=1))
        return False

    gate.behaviour = land_meanwhile
    assert machine("two").landing.restore(take_over=True) == 3
    machine("two").landing.copy()
    assert minute(8).batch_id in markers(stored())
    assert machine("two").landing.waiting() == []


def test_what_was_never_copied_is_copied_after_a_restore(machine, stored) -> None:
    """Batches that landed here before it learnt of the bucket's lose nothing by it."""
    one, two = machine("one"), machine("two")
    one.land(minute(2), now=NOW + timedelta(minutes=2))
    one.landing.copy()
    two.land(BATCH)
    two.land(minute(4), now=NOW + timedelta(minutes=4))

    two.landing.restore(take_over=True)
    two.landing.copy()
    assert set(markers(stored())) == {batch.batch_id for batch in (BATCH, minute(2), minute(4))}


def test_altered_objects_are_told_by_name(machine, gate) -> None:
    """A part that was changed in the bucket is not read, and a changed marker is no gap."""
    one, two = machine("one"), machine("two")
    one.land(BATCH)
    one.landing.copy()
    client = boto3.session.Session().client("s3")
    two.landing.restore(take_over=True)
    key = next(one["Key"] for one in client.list_objects_v2(Bucket="landed", Prefix="ours/parts")["Contents"])
    client.put_object(Bucket="landed", Key=key, Body=b"nonsense")
    with pytest.raises(LandingError, match=r"0001\.part has an altered header"):
        two.landing.read(BATCH, two.landing.parts(BATCH)[0])
    client.put_object(Bucket="landed", Key="ours/closed/2026-11-20/1031", Body=b"{")
    with pytest.raises(LandingError, match="the marker closed/2026-11-20/1031 is altered"):
        machine("three").landing.restore(take_over=True)


# --- forgetting ---------------------------------------------------------------------------------------------------
def test_copied_bytes_leave_the_disk_and_are_read_from_the_bucket(machine) -> None:
    """After two days; what is not copied stays, and so does what is younger."""
    one = machine()
    old, late = minute(-3 * 1440), minute(-3 * 1440 + 1)
    one.land(old, BATCH)
    one.landing.copy()
    one.land(late)
    before = one.bodies()

    assert one.landing.purge(set(), now=NOW, keep_days=30) == 0
    on_disk = {path.parent.name for path in one.landing._folder.rglob("*.part")}
    assert on_disk == {f"{late.minute:%H%M}", "1031"}
    assert machine().bodies() == before
    assert machine().landing.copy() == 1


def test_purging_forgets_in_the_bucket_too(machine, stored) -> None:
    """Old finished batches are gone from both; others stay; numbers go on; nobody asks for a purged minute again."""
    one = machine()
    old = [minute(-40 * 1440 + n) for n in range(3)]
    one.land(*old, BATCH)
    one.landing.copy()
    last = one.landing.last_sequence()

    assert one.landing.purge({*old[:2], BATCH}, now=NOW, keep_days=30) == 2
    assert set(markers(stored())) == {old[2].batch_id, BATCH.batch_id}
    assert len(stored()) == 1 + 2 * 3
    assert [done.status for done in one.landing.completions()] == ["purged", "purged", "landed", "landed"]
    assert one.landing.parts(old[0]) == []
    assert one.landing.read(old[2], one.landing.parts(old[2])[0]) == BODY + old[2].batch_id.encode()
    assert one.landing.close(minute(1), now=NOW).landing_seq == last + 1


def test_what_the_bucket_cannot_forget_is_remembered(machine, gate, stored) -> None:
    """While it is away, or forbids it, nothing is forgotten on disk either; the next purge does both."""
    one = machine()
    old = minute(-40 * 1440)
    one.land(old)
    one.landing.copy()
    for fault, kind in ((503, TransientError), (403, SettingsError)):
        code = "SlowDown" if fault == 503 else "AccessDenied"
        gate.behaviour = lambda handler, request, fault=fault, code=code: (
            request.method == "POST" and handler.error(fault, code)
        )
        with pytest.raises(kind):
            one.landing.purge({old}, now=NOW, keep_days=30)
        assert one.landing.purgeable(now=NOW, keep_days=30) == [old]
    refused = b"<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"
    gate.behaviour = lambda handler, request: request.method == "POST" and handler.answer(200, refused)
    with pytest.raises(SettingsError, match="s3:DeleteObject"):
        one.landing.purge({old}, now=NOW, keep_days=30)

    gate.behaviour = lambda *_: False
    assert one.landing.purge({old}, now=NOW, keep_days=30) == 1
    assert set(stored()) == {"ours/writer"}


def test_a_machine_that_was_replaced_forgets_nothing_of_the_other(machine, stored) -> None:
    """It copies there no more, and so deletes nothing there."""
    one, two = machine("one"), machine("two")
    old = minute(-40 * 1440)
    one.land(old)
    one.landing.copy()
    two.landing.restore(take_over=True)
    before = stored()
    with pytest.raises(SettingsError, match="another installation"):
        one.landing.purge({old}, now=NOW, keep_days=30)
    assert stored() == before


# --- settings and rights --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (404, "NoSuchBucket", "there is no bucket landed. Make it, or mend FRAUD_LANDING"),
        (403, "AccessDenied", "forbids this on s3://landed/ours. Allow s3:ListBucket"),
        (403, "InvalidAccessKeyId", "does not know these credentials"),
        (403, "SignatureDoesNotMatch", "does not know these credentials"),
        (400, "ExpiredToken", "the AWS credentials have expired"),
        (400, "AuthorizationHeaderMalformed", "is in another region. Set AWS_DEFAULT_REGION"),
    ],
)
def test_what_someone_must_mend_is_told_with_its_cure(machine, gate, status, code, told) -> None:
    """Nobody tries these again in vain, and no secret is told."""
    one = machine()
    one.land(BATCH)
    gate.behaviour = lambda handler, _: handler.error(status, code)
    for call in (one.landing.copy, one.landing.probe, one.landing.restore):
        with pytest.raises(SettingsError, match=told) as raised:
            call()
        assert SECRET not in str(raised.value)


def test_a_wrong_bucket_or_no_credentials_are_told(machine, monkeypatch) -> None:
    """As moto and boto3 themselves say it."""
    with pytest.raises(SettingsError, match="there is no bucket elsewhere"):
        machine(address="s3://elsewhere").landing.probe()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=r"no usable AWS credentials.*AWS_ACCESS_KEY_ID"):
        machine("two").landing.probe()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "nowhere")
    with pytest.raises(SettingsError, match="AWS_ENDPOINT_URL_S3"):
        machine("three").landing.probe()


def test_the_probe_tries_every_right_and_leaves_nothing(machine, gate, stored) -> None:
    """It says what waits, claims nothing, and refuses a store that writes over what is there."""
    one = machine()
    one.land(BATCH)
    assert one.landing.probe() == f"{ADDRESS} can be written; 1 batches wait to be copied there"
    assert stored() == {}
    assert {request.method for request in gate.requests} == {"GET", "PUT", "POST"}

    machine("two").landing.restore()
    with pytest.raises(SettingsError, match="another installation"):
        one.landing.probe()

    gate.ignored_headers = {"if-none-match"}
    with pytest.raises(SettingsError, match="ignores If-None-Match"):
        machine("two").landing.probe()


@pytest.mark.parametrize(("chosen", "imported"), [("", False), ("FOLDER/kept", False), ("s3://landed/ours", True)])
def test_one_setting_chooses_and_a_disk_pays_for_no_bucket(tmp_path, chosen, imported) -> None:
    """Without a bucket boto3 is not even imported; a folder of one's own is landed in."""
    script = f"""
        import sys
        from pathlib import Path
        from fraud_scorer.batches import Batch
        from fraud_scorer.settings import Settings
        from fraud_scorer.wiring import Parts

        settings = Settings(_env_file=None, fraud_data_dir={str(tmp_path)!r}, fraud_landing_keys={"M" * 43 + "="!r},
                            fraud_landing={chosen.replace("FOLDER", str(tmp_path))!r})
        parts = Parts(settings)
        parts.landing.close(Batch.of_id("2026-11-20T10:31Z"), now=parts.clock.now(), status="missed")
        print("boto3" in sys.modules, bool(parts.archive))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(imported)] * 2
    assert (tmp_path / ("kept" if "kept" in chosen else "landing") / "closed" / "2026-11-20").is_dir()
