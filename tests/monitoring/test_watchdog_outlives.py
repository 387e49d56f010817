"""The watchdog tells, whatever is down meanwhile: mail, its own memory, the disk, or its own look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fraud_common.errors import TransientError
from fraud_scorer.monitoring.watchdog import Operator, Watchdog, watch
from fraud_scorer.monitoring.watchdog_state import StateFile

Scene = Any  # conftest.Scene
Post = Any  # conftest.Post
START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)


def test_what_cannot_be_mailed_is_mailed_later_the_same(scene: Scene) -> None:
    """The mail server is down when it begins: tried again each round, under one Message-ID, with the same words."""
    scene.pass_time(1)
    scene.post.down, scene.down = True, True
    assert "could not be told: no connection" in scene.pass_time(5)
    scene.start()
    scene.post.down = False
    scene.pass_time(5)
    (message,) = scene.post.sent
    assert message.message_id == "watch-database-20261120T103330.began.email@example.org"
    assert message.content["made_at"] == "2026-11-20T10:33:30+00:00"


def test_an_incident_that_ends_untold_is_told_in_one_mail(scene: Scene) -> None:
    """That it was, from when to when."""
    scene.post.down, scene.down = True, True
    scene.pass_time(5)
    scene.down = False
    scene.pass_time(5)
    scene.post.down = False
    scene.pass_time(5)
    (message,) = scene.post.sent
    assert message.content["title"] == "Over: fraud_db cannot be reached"
    assert "could not be told" in str(message.content["lines"])


def test_a_chat_is_told_as_well(scene: Scene, chat: Post) -> None:
    """Each channel once; one that is down holds up no other."""
    scene.channels["slack"] = chat
    scene.post.down = scene.down = True
    scene.pass_time(3)
    assert [message.recipient for message in chat.sent] == ["slack"]
    scene.post.down = scene.down = False
    scene.pass_time(3)
    assert len(chat.sent) == 2
    assert [message.recipient for message in scene.post.sent] == ["op@example.org"] * 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"incidents": {"x": {}}}', '{"incidents": []}', "\x00"])
def test_an_unreadable_memory_is_a_new_one(scene: Scene, content: str) -> None:
    """The watchdog starts whatever stands in its file."""
    (scene.folder / "watch.json").write_text(content)
    scene.start()
    scene.pass_time(1)
    assert '"last_look"' in (scene.folder / "watch.json").read_text()


def test_a_full_disk_keeps_nobody_from_being_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, too: what was told is remembered in memory."""

    class FullDisk(StateFile):
        def keep(self, memory: object) -> None:
            raise TransientError("the disk is full")

    scene.dog = Watchdog(
        scene, scene.open_channels, FullDisk(scene.folder), Operator("op@example.org", "example.org"),
        silent_after=timedelta(),
    )  # fmt: skip
    scene.down = True
    scene.pass_time(5)
    assert len(scene.titles) == 1


def test_whatever_a_look_raises_there_is_a_next_one(scene: Scene) -> None:
    """The loop outlives what it watches."""
    looks: list[datetime] = []
    slept: list[float] = []

    class Broken:
        def look(self, now: datetime) -> str:
            looks.append(now)
            raise RuntimeError("broken")

    watch(Broken(), interval_seconds=30, now=lambda: START, sleep=slept.append, rounds=3)  # type: ignore[arg-type]
    assert (len(looks), slept) == (3, [30, 30])


def test_one_watchdog_a_data_folder(tmp_path: Path) -> None:
    """A second one is told so at once."""
    with (
        StateFile(tmp_path).alone(),
        pytest.raises(TransientError, match="another watchdog"),
        StateFile(tmp_path).alone(),
    ):
        pass
    with StateFile(tmp_path).alone():
        pass
