"""What can go wrong with a bucket: outages, rights, settings, and how each is told."""

import subprocess
import sys
import textwrap

import pytest
from bucket_lab import ADDRESS, BATCH, SECRET, Handler, Request, markers, minute
from cryptography.fernet import Fernet

from fraud_common.errors import SettingsError, TransientError
from fraud_common.object_store import s3_client

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
        one.replicator.copy()
    assert SECRET not in str(told.value)
    one.land(minute(1))
    assert stored() == {}

    gate.released.set()
    gate.behaviour = lambda *_: False
    assert machine().replicator.copy() == 2
    assert set(markers(stored())) == {BATCH.batch_id, minute(1).batch_id}


def test_nobody_listening_is_told(machine, monkeypatch) -> None:
    """A refused connection names the bucket."""
    one = machine(connect=s3_client)
    one.land(BATCH)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(TransientError, match="s3://landed/ours cannot be reached"):
        one.replicator.copy()


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
        one.replicator.copy()
    seen = markers(stored())
    assert len(seen) == (last + arrives > 4) + (last + arrives > 7)

    gate.behaviour = lambda *_: False
    machine().replicator.copy()
    assert markers(stored()) == {done.batch.batch_id: done.landing_seq for done in one.landing.completions()}
    assert machine().replicator.waiting() == []


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
    for call in (one.replicator.copy, one.replicator.probe, one.replicator.restore):
        with pytest.raises(SettingsError, match=told) as raised:
            call()
        assert SECRET not in str(raised.value)


def test_a_wrong_bucket_or_no_credentials_are_told(machine, monkeypatch) -> None:
    """As moto and boto3 themselves say it."""
    with pytest.raises(SettingsError, match="there is no bucket elsewhere"):
        machine(address="s3://elsewhere").replicator.probe()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=r"no usable AWS credentials.*AWS_ACCESS_KEY_ID"):
        machine("two", connect=s3_client).replicator.probe()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "nowhere")
    with pytest.raises(SettingsError, match="AWS_ENDPOINT_URL_S3"):
        machine("three", connect=s3_client).replicator.probe()


def test_the_probe_tries_every_right_and_leaves_nothing(machine, gate, stored) -> None:
    """It says what waits, claims nothing, and refuses a store that writes over what is there."""
    one = machine()
    one.land(BATCH)
    assert one.replicator.probe() == f"{ADDRESS} can be written; 1 batches wait to be copied there"
    assert stored() == {}
    assert {request.method for request in gate.requests} == {"GET", "PUT", "POST"}

    machine("two").replicator.restore()
    with pytest.raises(SettingsError, match="another installation"):
        one.replicator.probe()

    gate.ignored_headers = {"if-none-match"}
    with pytest.raises(SettingsError, match="ignores If-None-Match"):
        machine("two").replicator.probe()


def test_one_setting_chooses_and_a_disk_pays_for_no_bucket(tmp_path) -> None:
    """Without a bucket boto3 is not even imported; a folder of one's own is landed in."""
    script = f"""
        import sys
        from fraud_scorer.domain.batches import Batch
        from fraud_scorer.settings import Settings
        from fraud_scorer.wiring import Parts

        for chosen in ("", {str(tmp_path / "kept")!r}, "s3://landed/ours"):
            settings = Settings(_env_file=None, fraud_data_dir={str(tmp_path)!r}, fraud_landing=chosen,
                                fraud_landing_keys={Fernet.generate_key().decode()!r})
            parts = Parts(settings)
            parts.files.landing.close(Batch.of_id("2026-11-20T10:31Z"), now=parts.clock.now(), status="missed")
            print("boto3" in sys.modules, bool(parts.files.replicator))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"] * 4 + ["True"] * 2
    assert all((tmp_path / name / "closed" / "2026-11-20").is_dir() for name in ("kept", "landing"))
