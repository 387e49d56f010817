"""Tells the tests apart by what they use: unit, integration, faults or e2e; and holds the unit tests to it.

A test in `tests/faults` or `tests/e2e` is of that kind; those of the DAGs, the dashboard and the stack are integration
tests. A test that reaches a server, a process or a socket, by a fixture or by its own helpers, is one too. Every other
test is a unit test, unless it says otherwise (``pytest.mark.integration``: slow for a good reason). `make test-fast`
fails a unit test that starts a process or listens.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
KINDS = ("unit", "integration", "faults", "e2e")
FOLDERS = {
    TESTS / "faults": "faults",
    TESTS / "e2e": "e2e",
    TESTS / "dags": "integration",  # Airflow itself, which takes seconds to import
    TESTS / "dashboard": "integration",  # Streamlit itself, likewise
    TESTS / "stack": "integration",  # the library itself starts the processes there
}
SERVERS = {"postgres_server", "moto", "browser"}
OUTSIDE = ("aiosmtpd", "http.server", "moto", "multiprocessing", "playwright", "socket", "socketserver", "subprocess",
           "uvicorn", "venv")  # fmt: skip
OUTSIDE_CLASSES = {"EmbeddedPostgres"}
ALLOWED = "fraud_scorer.scoring.model_trial"  # the library tries a booster file apart, once a process
FORBIDDEN = {"os.fork", "os.posix_spawn", "socket.bind", "subprocess.Popen"}

_watched: list[str] | None = None


def kind_of(path: Path, fixtures: Iterable[str], functions: Iterable[Callable[..., Any]]) -> str:
    """The kind of a test.

    Args:
        path: its file.
        fixtures: the names of all fixtures it uses, also by way of others.
        functions: the test and the functions of these fixtures.
    """
    for folder, kind in FOLDERS.items():
        if path.is_relative_to(folder):
            return kind
    if SERVERS & set(fixtures) or any(reaches_outside(function) for function in functions):
        return "integration"
    return "unit"


def reaches_outside(function: Callable[..., Any]) -> bool:
    """Whether a function names a process, socket or server, itself or through helpers that stand in the tests."""
    waiting, known = [_unwrapped(function)], set()
    while waiting:
        one = waiting.pop()
        if id(one) in known:
            continue
        known.add(id(one))
        for thing in _named(one):
            if thing is True:
                return True
            waiting.append(thing)
    return False


def _named(function: types.FunctionType) -> Iterator[Any]:
    """True for each thing outside that the code names; else the functions of ours that it names."""
    cells = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
    names = set(_names(function.__code__))
    if any(_outside(name) for name in names):  # an import within the function
        yield True
    for thing in [*cells, *(function.__globals__[name] for name in names if name in function.__globals__)]:
        if isinstance(thing, types.ModuleType):
            if _outside(thing.__name__):
                yield True
        elif isinstance(thing, type):
            yield from _of_class(thing)
        elif (plain := _unwrapped(thing)) is not None:
            if _outside(plain.__module__):
                yield True
            elif _ours(plain):
                yield plain


def _of_class(thing: type) -> Iterator[Any]:
    if thing.__name__ in OUTSIDE_CLASSES or any(_outside(base.__module__) for base in thing.__mro__):
        yield True
    for base in thing.__mro__:
        for member in vars(base).values():
            plain = _unwrapped(member)
            if plain is not None and _ours(plain):
                yield plain


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _unwrapped(thing: Any) -> Any:
    """The plain function behind a method, a decorated one or a property; None if there is none."""
    thing = getattr(thing, "fget", None) or getattr(thing, "__func__", None) or thing
    while hasattr(thing, "__wrapped__") and not isinstance(thing, type):
        thing = thing.__wrapped__
    return thing if isinstance(thing, types.FunctionType) else None


def _ours(function: types.FunctionType) -> bool:
    return Path(function.__globals__.get("__file__") or "/").is_relative_to(
        TESTS
    )  # a dataclass's have no file of theirs


def _outside(module: str | None) -> bool:
    return module is not None and any(module == one or module.startswith(f"{one}.") for one in OUTSIDE)


def _filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _functions(item: pytest.Function) -> Iterator[Callable[..., Any]]:
    yield item.function
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        yield from (definition.func for definition in definitions)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import the folders without unit tests where only unit tests are asked for."""
    return True if config.option.markexpr == "unit" and collection_path in FOLDERS else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its kind, before `-m` chooses."""
    for item in items:
        if not any(item.get_closest_marker(kind) for kind in KINDS):
            functions = _functions(item) if isinstance(item, pytest.Function) else ()
            kind = kind_of(item.path, getattr(item, "fixturenames", ()), functions)
            item.add_marker(getattr(pytest.mark, kind))


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is None or event not in FORBIDDEN:
        return
    if event == "subprocess.Popen" and ALLOWED in (arguments[1] or ()):
        return
    _watched.append(event)


def pytest_configure() -> None:
    """Listen for what a unit test must not do."""
    sys.addaudithook(_audit)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Watch a unit test, its fixtures' set-up and tear-down included."""
    global _watched
    alone = item.config.option.markexpr == "unit"  # elsewhere a server may stand beside them
    _watched = [] if alone and item.get_closest_marker("unit") else None
    try:
        return (yield)
    finally:
        _watched = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Fail a unit test that did it."""
    done = yield
    assert not _watched, f"a unit test does {_watched}: see tests/plugins/kinds.py for what tells the kinds apart"
    return done
