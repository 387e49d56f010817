"""The watchdog: once when an incident begins, once when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fraud_common.errors import TransientError

Scene = Any  # conftest.Scene
START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)


def test_nothing_is_said_while_all_is_well(scene: Scene) -> None:
    """An hour of minutes that complete is an hour of silence, but for the heartbeat."""
    said = scene.pass_time(60)
    assert scene.titles == []
    assert "a minute completed 55 s ago" in said
    assert said.endswith("incidents: none")


def test_a_stall_is_told_once_and_its_end_once(scene: Scene) -> None:
    """From three minutes on, however long it lasts and however often the watchdog is started anew."""
    scene.pass_time(10)
    scene.seen = replace(scene.quiet, last_completed_at=scene.now, last_minute=scene.now)
    scene.pass_time(3)
    assert scene.titles == []
    scene.pass_time(5)
    scene.start()
    scene.pass_time(5)
    assert scene.titles == ["No minute has completed for 3 minutes"]
    scene.seen = None
    scene.pass_time(2)
    assert scene.titles[1:] == ["Over: no minute has completed"]
    scene.pass_time(30)
    assert len(scene.titles) == 2
    assert len({message.message_id for message in scene.post.sent}) == 2


def test_a_stack_that_was_stopped_for_some_minutes_has_time_to_begin(scene: Scene) -> None:
    """What did not complete while nobody watched is no incident; what does not from then on is."""
    scene.pass_time(5)
    scene.seen = replace(scene.quiet, last_completed_at=scene.now, last_minute=scene.now)
    scene.now += timedelta(minutes=4)
    scene.start()
    scene.pass_time(3)
    assert scene.titles == []
    scene.pass_time(1)
    assert scene.titles == ["No minute has completed for 3 minutes"]


def test_a_bucket_that_lacks_an_hour_is_told_also_while_the_database_is_down(scene: Scene) -> None:
    """Once, and once when all is copied; what cannot be seen leaves it as it was."""
    scene.uncopied = lambda: START
    scene.pass_time(59)
    assert scene.titles == []
    scene.down = True
    scene.pass_time(10)
    told = "Landed minutes have not been copied to the bucket for 60 minutes"
    assert told in scene.titles
    scene.down = False

    def unseen() -> datetime:
        raise TransientError("the disk cannot be read")

    scene.uncopied = unseen
    scene.pass_time(10)
    assert scene.titles.count(told) == 1
    assert not [title for title in scene.titles if title.startswith("Over: landed")]
    scene.uncopied = lambda: None
    scene.pass_time(3)
    assert scene.titles[-1] == "Over: landed minutes are not copied to the bucket"


def test_broken_alert_rules_are_told_once_and_their_mending_once(scene: Scene) -> None:
    """Nothing else would tell: payments are stored and mailed all the same."""
    scene.rules_fault = "the alert rules r.yaml are no YAML. Mend the file."
    for _ in range(4):
        scene.pass_time(0.5)
    assert scene.titles == ["The alert rules cannot be used: the last good ones are"]
    scene.rules_fault = ""
    scene.pass_time(2)
    scene.pass_time(2)
    assert scene.titles[1:] == ["Over: the alert rules cannot be used"]


def test_two_incidents_of_a_kind_have_names_of_their_own(scene: Scene) -> None:
    """A second stall, hours later, is told like the first."""
    scene.pass_time(1)
    for _ in range(2):
        scene.seen = replace(scene.quiet, last_completed_at=scene.now, last_minute_with_payments=scene.now)
        scene.pass_time(10)
        scene.seen = None
        scene.pass_time(10)
    assert len({message.message_id for message in scene.post.sent}) == 4


def test_an_unreachable_database_is_an_incident_once_it_lasts(scene: Scene) -> None:
    """A restart of half a minute is not; when it is back, the pipeline has its minutes to catch up."""
    scene.pass_time(5)
    scene.down = True
    scene.pass_time(0.5)
    scene.down = False
    scene.pass_time(5)
    assert scene.titles == []
    scene.down = True
    said = scene.pass_time(10)
    assert "cannot be reached" in said
    assert scene.titles == ["fraud_db cannot be reached: payments are kept, but not scored"]
    scene.down = False
    scene.seen = replace(scene.quiet, last_completed_at=scene.now - timedelta(minutes=10), waiting=10)
    scene.pass_time(2)
    scene.seen = None
    scene.pass_time(10)
    assert scene.titles[1:] == ["Over: fraud_db cannot be reached"]


@pytest.mark.parametrize(
    ("wrong", "title", "over"),
    [
        ({"mails_waiting": 3, "oldest_mail_at": START - timedelta(minutes=1)}, "Fraud mails cannot be delivered",
         "Over: mail is undeliverable"),
        ({"mails_refused": 1, "mail_error": "550 no such user"}, "The mail server refused fraud mails",
         "Over: mail is undeliverable"),
        ({"fallback_minutes": 2, "fallback_reason": "slow"}, "The SageMaker endpoint fails: the local model scores",
         "Over: the endpoint fails, the local model scores"),
        ({"noted_minutes": 1, "note": "has_more is true"}, "Answers of the payments API are not all of the payments",
         "Over: answers of the payments API are not all of the payments"),
        ({"failed_minutes": 1}, "Minutes could not be loaded, and were passed", "Over: minutes could not be loaded"),
        ({"killers": "2026-11-20T10:31Z"}, "Runs died over a batch, and it was passed",
         "Over: runs died over a batch, and it was passed"),
        ({"open_breakers": ("fraud-1",)}, "The SageMaker endpoint fails: the local model scores",
         "Over: the endpoint fails, the local model scores"),
    ],
)  # fmt: skip
def test_every_incident_is_told_and_ended(scene: Scene, wrong: dict[str, Any], title: str, over: str) -> None:
    """Mail that waits too long or is refused, an endpoint that fails."""
    for _ in range(24):
        scene.seen = replace(scene.quiet, last_completed_at=scene.now, last_minute_with_payments=scene.now, **wrong)
        scene.pass_time(0.5)
    assert scene.titles == [title]
    scene.seen = None
    scene.pass_time(2)
    assert scene.titles == [title, over]


def test_a_quiet_api_is_an_incident_after_its_time(scene: Scene) -> None:
    """Minutes complete and bring nothing: told after 15 minutes; not judged while minutes wait to be loaded."""
    scene.pass_time(1)
    quiet_since = scene.now
    for _ in range(29):
        scene.seen = replace(scene.quiet, last_completed_at=scene.now, last_minute_with_payments=quiet_since)
        scene.pass_time(0.5)
    assert scene.titles == []
    for waiting in (1, 1, 1, 1, 0):
        assert scene.titles == []
        scene.seen = replace(
            scene.quiet, last_completed_at=scene.now, last_minute_with_payments=quiet_since, waiting=waiting
        )
        scene.pass_time(0.5)
    assert scene.titles == ["The payments API has given no payment for 16 minutes"]


def test_after_a_night_switched_off_the_pipeline_has_its_minutes(scene: Scene) -> None:
    """Nobody watched, nothing ran: three minutes from the start on, not from yesterday."""
    scene.pass_time(5)
    last = scene.now
    scene.now += timedelta(hours=9)
    scene.start()
    scene.seen = replace(scene.quiet, last_completed_at=last, last_minute_with_payments=last)
    scene.pass_time(3)
    assert scene.titles == []
    scene.pass_time(2)
    assert scene.titles == ["No minute has completed for 3 minutes"]


def test_a_short_relief_is_not_the_end(scene: Scene) -> None:
    """It is over once it has not been seen for a minute: no mail at each flicker."""
    for _ in range(10):
        scene.seen = replace(
            scene.quiet, last_completed_at=scene.now, last_minute_with_payments=scene.now, mails_refused=1
        )
        scene.pass_time(0.5)
        scene.seen = None
        scene.pass_time(0.5)
    assert scene.titles == ["The mail server refused fraud mails"]


def test_a_stream_without_payments_is_an_incident(scene: Scene) -> None:
    """Declines, disputes and refused records: the mail tells what came instead of payments."""
    scene.pass_time(1)
    well = scene.seen or replace(scene.quiet, last_completed_at=scene.now, last_minute=scene.now)
    told = "20 decline, 4 in quarantine"
    scene.seen = replace(well, last_completed_at=scene.now, unscored=24, unscored_kinds=told)
    scene.pass_time(1)
    assert scene.titles == ["None of the last 24 records was scored"]
    assert told in str(scene.post.sent[0].content)
    assert "None counts as a purchase" in str(scene.post.sent[0].content)


def test_payments_of_which_none_is_scored_are_an_incident(scene: Scene) -> None:
    """From twenty in a row on: with the declaration that mends it, and over once one is scored."""
    scene.pass_time(1)
    well = scene.seen or replace(scene.quiet, last_completed_at=scene.now, last_minute=scene.now)
    scene.seen = replace(well, last_completed_at=scene.now, unscored=19, all_negative=True)
    scene.pass_time(1)
    assert scene.titles == []
    scene.seen = replace(scene.seen, unscored=20)
    scene.pass_time(1)
    assert scene.titles == ["None of the last 20 payments was scored"]
    assert "Other than payments" not in str(scene.post.sent[0].content)
    assert "amounts: {spending: negative}" in str(scene.post.sent[0].content)


@pytest.mark.parametrize(
    ("reason", "cure"),
    [("trans_num_card_number", "numeric_ids: [trans_num]"), ("amount_not_a_number", "Mend the API"),
     ("city_card_number", "Mend the API"), ("trans_num", "Mend the API")],
)  # fmt: skip
def test_many_records_in_quarantine_for_one_reason_are_an_incident(scene: Scene, reason: str, cure: str) -> None:
    """More than a twentieth of an hour's, twenty at least: with the reason and what mends it."""
    scene.pass_time(1)
    well = replace(scene.quiet, last_completed_at=scene.now, last_minute_with_payments=scene.now, refused_reason=reason)
    for refused, of in ((19, 19), (50, 1000)):
        scene.seen = replace(well, refused=refused, refused_of=of)
        scene.pass_time(0.5)
    assert scene.titles == []
    scene.seen = replace(well, refused=51, refused_of=1000)
    scene.pass_time(0.5)
    assert scene.titles == [f"Many records go to quarantine: 51 of the last hour's 1000, {reason}"]
    said = str(scene.post.sent[0].content)
    assert cure in said
    assert f"quarantine retry --reason {reason}" in said
