"""Every wait on PostgreSQL ends, every error is ours, and a transaction happens whole, once, or not at all."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from fraud_common.errors import SettingsError, StoreUnavailable, TerminalError
from fraud_scorer.store import PostgresStore, create_store_engine
from fraud_scorer.store.engine import transaction

World = Any  # conftest.World
MakeWorld = Callable[..., World]


def payment(name: str) -> dict[str, Any]:
    """A payment with nothing unusual about it."""
    return {"trans_num": hashlib.md5(name.encode()).hexdigest()}


class Proxy:
    """A TCP proxy before PostgreSQL. ``act(sent)`` sees what the client sends and answers what to do with it:
    pass, swallow (from then on nothing passes either way, and nobody hangs up), or cut_after (pass, then cut)."""  # noqa: D205, D209

    def __init__(self, port: int, act: Callable[[bytes], str]) -> None:
        self._target, self._act, self._silent = port, act, False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._open: list[socket.socket] = [self._server]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, upstream]
            threading.Thread(target=self._forward, args=(client, upstream), daemon=True).start()
            threading.Thread(target=self._backward, args=(client, upstream), daemon=True).start()

    def _forward(self, client: socket.socket, upstream: socket.socket) -> None:
        try:
            while data := client.recv(65536):
                what = self._act(data)
                if what == "swallow":
                    self._silent = True
                if what == "cut_after":
                    self._silent = True
                    upstream.sendall(data)
                    upstream.recv(65536)  # the answer came: it happened
                    client.shutdown(socket.SHUT_RDWR)
                    return
                if not self._silent:
                    upstream.sendall(data)
        except OSError:
            return

    def _backward(self, client: socket.socket, upstream: socket.socket) -> None:
        try:
            while not self._silent:
                upstream.settimeout(0.05)
                try:
                    data = upstream.recv(65536, socket.MSG_PEEK)
                except TimeoutError:
                    continue
                if not data:
                    client.close()
                    return
                if not self._silent:
                    client.sendall(upstream.recv(len(data)))
        except OSError:
            return

    def close(self) -> None:
        for one in self._open:
            one.close()


@pytest.fixture
def through(postgres_url: str) -> Iterator[Callable[[Callable[[bytes], str]], str]]:
    """The test's database through a proxy that acts as told: its URL."""
    proxies = []

    def start(act: Callable[[bytes], str]) -> str:
        target = make_url(postgres_url)
        proxies.append(Proxy(int(target.port or 0), act))
        return target.set(port=proxies[-1].port).render_as_string(hide_password=False)

    yield start
    for proxy in proxies:
        proxy.close()


def test_a_commit_whose_answer_is_lost_can_be_done_again(
    make_world: MakeWorld, postgres_url: str, through: Callable[[Callable[[bytes], str]], str]
) -> None:
    """The load reports that the store is gone; the rows are there; loading again changes nothing."""
    direct = make_world(postgres_url)
    direct.landed(1)
    work = direct.work(1, [payment("a"), payment("b")], score=0.9)
    work.messages = [direct.message_of(work)]
    cut = PostgresStore(create_store_engine(through(lambda sent: "cut_after" if b"COMMIT" in sent else "pass")))
    with pytest.raises(StoreUnavailable):
        cut.load(work, direct.tokens[work.batch.batch_id])
    before, line = direct.physical(), direct.ledger(1)
    assert line["status"] == "done"
    counts = direct.load(work)
    assert (counts.inserted, counts.unchanged, counts.messages) == (0, 2, 0)
    assert (direct.physical(), direct.ledger(1)) == (before, line)


def test_a_connection_that_falls_silent_ends(
    make_world: MakeWorld, postgres_url: str, through: Callable[[Callable[[bytes], str]], str]
) -> None:
    """The other side is there and acknowledges, and never answers: we hang up; nothing of the load is there."""
    direct = make_world(postgres_url)
    direct.landed(1)
    url = through(lambda sent: "swallow" if b"insert into payments_scored" in sent else "pass")
    store = PostgresStore(create_store_engine(url, transaction_seconds=0.8))
    with pytest.raises(StoreUnavailable):
        store.load(direct.work(1, [payment("a")]), direct.tokens[direct.batch(1).batch_id])
    assert direct.rows("select count(*) from payments_scored") == [(0,)]


def test_a_server_that_accepts_and_says_nothing_is_given_up(
    through: Callable[[Callable[[bytes], str]], str],
) -> None:
    """Connecting is bounded too."""
    store = PostgresStore(create_store_engine(through(lambda _sent: "swallow"), connect_seconds=1))
    with pytest.raises(StoreUnavailable):
        store.highest_landed_seq()


def test_a_backend_that_is_terminated_in_the_middle_leaves_nothing(world: World) -> None:
    """Held up by a lock in the middle of the load, its backend is ended: all or nothing, and try again."""
    world.landed(1)
    work = world.work(1, [payment("a"), payment("b")])
    other = psycopg2.connect(world.url.replace("+psycopg2", ""))
    with other.cursor() as cursor:
        cursor.execute("lock table merchant_profiles in access exclusive mode")
    work.profiles.loc[0] = ["2026-11-20", "Shop", 1, 1, 1, 1, 1, 1]
    caught: list[BaseException] = []

    def run() -> None:
        try:
            world.load(work)
        except StoreUnavailable as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'fraud-scorer'"
    while not (found := world.rows(f"{waiting} and datname = current_database()")):
        time.sleep(0.01)
    world.rows(f"select pg_terminate_backend({found[0][0]})")
    thread.join()
    other.close()
    assert [type(error) for error in caught] == [StoreUnavailable]
    assert world.rows("select count(*) from payments_scored") == [(0,)]
    assert world.load(work).inserted == 2


def test_statements_and_waits_for_locks_are_bounded(make_world: MakeWorld, postgres_url: str) -> None:
    """By PostgreSQL itself; both heal by themselves."""
    engine = create_store_engine(postgres_url, statement_seconds=0.2, lock_seconds=0.1)
    with pytest.raises(StoreUnavailable, match="took too long"), transaction(engine) as cursor:
        cursor.execute("select pg_sleep(30)")
    other = psycopg2.connect(postgres_url.replace("+psycopg2", ""))
    with other.cursor() as holder:
        holder.execute("lock table run_ledger")
        with pytest.raises(StoreUnavailable, match="gave the transaction up"), transaction(engine) as cursor:
            cursor.execute("table run_ledger")
    other.close()


def test_a_server_that_became_read_only_is_asked_again(world: World) -> None:
    """A failover is under way: the data are not at fault."""
    engine = create_store_engine(world.url)
    with pytest.raises(StoreUnavailable, match="did it fail over"), transaction(engine) as cursor:
        cursor.execute("set transaction read only; delete from payments_scored")


def test_errors_tell_whether_to_retry_and_never_the_password(postgres_url: str) -> None:
    """Unreachable: later. Login, schema, rights: someone has to act, and reads what to do."""
    url = make_url(postgres_url)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = url.set(port=unused.getsockname()[1])
        cases = [
            (closed, "select 1", StoreUnavailable, "cannot be reached"),
            (url.set(password="wrong"), "select 1", SettingsError, "refused the login"),
            (url.set(database="nowhere"), "select 1", SettingsError, "fraud-scorer migrate"),
            (url, "table no_such_table", TerminalError, "fraud-scorer migrate"),
            (url, "select 'x'::integer", TerminalError, "refused the data"),
        ]
        for target, statement, kind, words in cases:
            engine = create_store_engine(target.render_as_string(hide_password=False))
            with pytest.raises(kind, match=words) as caught, transaction(engine) as cursor:
                cursor.execute(statement)
            assert "for-tests-only" not in str(caught.value)


def test_the_session_speaks_utc(postgres_url: str) -> None:
    """Whatever the server's own zone."""
    with transaction(create_store_engine(postgres_url)) as cursor:
        cursor.execute("set time zone default")
        cursor.execute("show timezone")
        assert cursor.fetchone() == ("UTC",)


def test_no_connection_or_timer_is_left_behind(postgres_url: str) -> None:
    """After a transaction, also one that failed, neither a thread nor a session remains."""
    engine = create_store_engine(postgres_url)
    with transaction(engine) as cursor:
        cursor.execute("select 1")
    with pytest.raises(TerminalError), transaction(engine) as cursor:
        cursor.execute("select 1/0")
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    for timer in timers:  # a cancelled one ends a moment later
        timer.join(5)
    assert not [timer for timer in timers if timer.is_alive()]
    others = (
        "select count(*) from pg_stat_activity where application_name = 'fraud-scorer'"
        " and datname = current_database() and pid <> pg_backend_pid()"
    )
    count = None
    while count != 0:  # a backend ends a moment after its connection
        with transaction(engine) as cursor:
            cursor.execute(others)
            count = cursor.fetchone()[0]
