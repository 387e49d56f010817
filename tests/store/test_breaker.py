"""The circuit breaker in PostgreSQL: each method on a fresh object, as each minute's process has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from fraud_common.errors import StoreUnavailable
from fraud_scorer.store.breaker import PostgresBreaker
from fraud_scorer.store.engine import create_store_engine

NewBreaker = Callable[[], PostgresBreaker]


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """The test's own database."""
    engine = create_store_engine(postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture
def breaker(engine: Engine) -> NewBreaker:
    """A new process's breaker: opens after 3, pauses 300 s."""
    return lambda: PostgresBreaker(engine, "fraud", failures=3, pause_seconds=300)


def let_the_pause_pass(engine: Engine) -> None:
    """As if the pause had been waited for."""
    with engine.begin() as connection:
        connection.execute(text("update circuit_breaker set open_until = now() - interval '1 second'"))


def test_an_endpoint_that_never_failed_may_be_asked(breaker: NewBreaker) -> None:
    """Without a row the breaker is closed."""
    state = breaker().claim()
    assert (state.may_ask, state.failed_runs, state.open_until) == (True, 0, None)


def test_it_opens_after_enough_failed_runs_in_a_row(breaker: NewBreaker) -> None:
    """Two failures ask on, the third opens it, and the state says why."""
    breaker().failed("refused")
    breaker().failed("refused")
    assert breaker().claim().may_ask
    breaker().failed("too slow")
    state = breaker().claim()
    assert not state.may_ask
    assert "after 3 failed runs in a row; the last said: too slow" in state.sentence


def test_a_success_forgets_the_failures_before_it(breaker: NewBreaker) -> None:
    """Only failures in a row count."""
    breaker().failed("refused")
    breaker().failed("refused")
    breaker().succeeded()
    breaker().failed("refused")
    state = breaker().claim()
    assert (state.may_ask, state.failed_runs) == (True, 1)


def test_after_the_pause_one_run_alone_probes(breaker: NewBreaker, engine: Engine) -> None:
    """The first run after the pause may ask; a second one beside it may not."""
    for _ in range(3):
        breaker().failed("refused")
    let_the_pause_pass(engine)
    assert breaker().claim().may_ask
    assert not breaker().claim().may_ask


def test_a_failed_probe_starts_another_pause(breaker: NewBreaker, engine: Engine) -> None:
    """One failure is enough to open a half-open breaker again."""
    for _ in range(3):
        breaker().failed("refused")
    let_the_pause_pass(engine)
    breaker().claim()
    breaker().failed("still refused")
    state = breaker().claim()
    assert (state.may_ask, state.failed_runs, state.last_error) == (False, 4, "still refused")


def test_a_probe_that_succeeds_closes_it(breaker: NewBreaker, engine: Engine) -> None:
    """After the probe's success every run asks again."""
    for _ in range(3):
        breaker().failed("refused")
    let_the_pause_pass(engine)
    breaker().claim()
    breaker().succeeded()
    assert [breaker().claim().may_ask for _ in range(2)] == [True, True]


def test_a_threshold_of_one_opens_at_once(engine: Engine) -> None:
    """The first failure of an endpoint without a row already opens the breaker."""
    one = PostgresBreaker(engine, "fraud", failures=1, pause_seconds=300)
    one.failed("refused")
    assert not one.claim().may_ask


def test_each_endpoint_has_its_own(breaker: NewBreaker, engine: Engine) -> None:
    """One endpoint's failures keep nobody from another."""
    for _ in range(3):
        breaker().failed("refused")
    assert PostgresBreaker(engine, "another", failures=3, pause_seconds=300).claim().may_ask


def test_looking_changes_nothing(breaker: NewBreaker, engine: Engine) -> None:
    """`status` may look at a half-open breaker without using up the probe."""
    for _ in range(3):
        breaker().failed("refused")
    let_the_pause_pass(engine)
    assert breaker().state().may_ask
    assert breaker().state().may_ask
    assert breaker().claim().may_ask


def test_a_store_that_is_down_is_said_so() -> None:
    """The caller learns that the memory is missing, and can score without it."""
    engine = create_store_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none", connect_seconds=2)
    with pytest.raises(StoreUnavailable):
        PostgresBreaker(engine, "fraud", failures=3, pause_seconds=300).claim()
