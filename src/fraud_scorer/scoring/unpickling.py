"""``preprocess.joblib`` read as data: nothing that the file names is imported or called while it is read.

A pickle may call any function, and a list of harmless names is not enough: numpy's own ``dtype`` and ``ndarray`` take
a state that lets bytes of the file be read as addresses. So each name that a preprocess needs is read as a stand-in
that notes its arguments and its state, any other name is refused, and the real objects are made from the notes.

A preprocess with another transformer: add it to ``_ESTIMATORS``.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer

from fraud_common.errors import ArtifactError
from fraud_scorer.features.encoding import NumberColumns, TextColumns

CURE = (
    "If another hand changed it, take the model's folder from where it was trained. "
    "Otherwise train again with this installation (`make model`, or `fraud-scorer train`)"
)
_ESTIMATORS: tuple[type[BaseEstimator], ...] = (ColumnTransformer, NumberColumns, TextColumns)
_PLAIN = (type(None), bool, int, float, str)
_JOBLIB_ARRAY = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_OTHER_NAMES = (
    _JOBLIB_ARRAY, ("builtins", "slice"), ("numpy", "ndarray"), ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
)  # fmt: skip
# What could take long, allocate what is not there, or reach beyond the names: no preprocess needs it.
_LEFT_OUT = (
    pickle.PERSID, pickle.BINPERSID, pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.INST, pickle.OBJ,
    pickle.NEWOBJ_EX, pickle.BYTEARRAY8, pickle.NEXT_BUFFER, pickle.READONLY_BUFFER,
)  # fmt: skip


class Refused(Exception):
    """The file is no preprocess; says what it holds instead."""


class _StandIn:
    """Notes what the file wants to make: with which arguments, with which state."""

    name: ClassVar[tuple[str, str]]
    args: tuple[object, ...]
    state: object

    def __new__(cls, *args: object) -> _StandIn:
        made = super().__new__(cls)
        made.args, made.state = args, None
        return made

    def __setstate__(self, state: object) -> None:
        self.state = state


def _name(real: type) -> tuple[str, str]:
    return real.__module__, real.__qualname__


_REAL = {_name(real): real for real in _ESTIMATORS}
_STAND_INS = {name: type(name[1], (_StandIn,), {"name": name}) for name in (*_REAL, *_OTHER_NAMES)}


class _Reader(pickle._Unpickler):  # joblib's own format needs Python's unpickler
    """Reads joblib's pickles: an array of objects lies, as a pickle of its own, behind what announces it."""

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        code: read for code, read in pickle._Unpickler.dispatch.items() if bytes([code]) not in _LEFT_OUT
    }

    stack: list[object]

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self._file = file

    def find_class(self, module: str, name: str) -> type[_StandIn]:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise Refused(f"names {module}.{name}, which no preprocess needs") from None

    def load_build(self) -> None:
        super().load_build()  # type: ignore[misc]  # typeshed does not know it
        announced = self.stack[-1]
        if isinstance(announced, _StandIn) and announced.name == _JOBLIB_ARRAY:
            self.stack[-1] = _Reader(self._file).load()

    dispatch[pickle.BUILD[0]] = load_build


def read_preprocess(content: bytes, path: Path) -> ColumnTransformer:
    """The fitted transformer in ``content``, the bytes of ``path``.

    Raises:
        ArtifactError: it is no preprocess of this library: another pickle, a compressed or a damaged one.
    """
    if content[:1] != pickle.PROTO:
        raise ArtifactError(f"{path} is no plain pickle: compressed, or another file", CURE)
    try:
        made = _Maker().make(_Reader(io.BytesIO(content)).load())
    except Refused as refused:
        raise ArtifactError(f"{path} is refused, and nothing of it was run: it {refused}", CURE) from None
    except Exception as error:  # what is damaged may raise anything: UnpicklingError, KeyError, RecursionError, ...
        raise ArtifactError(f"{path} does not fit this library ({type(error).__name__}: {error})", CURE) from None
    if not isinstance(made, ColumnTransformer):
        raise ArtifactError(f"{path} holds a {type(made).__name__}, which transforms nothing", CURE)
    return made


class _Maker:
    """Makes real objects of stand-ins; each once, however often it is named."""

    def __init__(self) -> None:
        self._made: dict[int, object] = {}
        self._under_way: set[int] = set()

    def make(self, noted: object) -> object:
        """``noted`` with every stand-in in it made real."""
        if type(noted) in _PLAIN:
            return noted
        key = id(noted)
        if key in self._under_way:
            raise Refused("holds a thing that holds itself")
        if key not in self._made:
            self._under_way.add(key)
            self._made[key] = self._make(noted)
            self._under_way.remove(key)
        return self._made[key]

    def _make(self, noted: object) -> object:
        if isinstance(noted, list):
            return [self.make(part) for part in noted]
        if isinstance(noted, tuple):
            return tuple(self.make(part) for part in noted)
        if isinstance(noted, dict):
            return {self.make(key): self.make(value) for key, value in noted.items()}
        if isinstance(noted, _StandIn):
            return self._real(noted)
        raise Refused(f"holds a {type(noted).__name__} where data are expected")

    def _real(self, noted: _StandIn) -> object:
        if real := _REAL.get(noted.name):
            return self._estimator(real, noted)
        if noted.name == ("builtins", "slice"):
            return slice(*_whole_numbers(noted.args))
        if noted.name == ("numpy._core.multiarray", "_reconstruct"):
            return self._array(noted.state)
        raise Refused(f"holds a {noted.name[1]} where data are expected")

    def _estimator(self, real: type[BaseEstimator], noted: _StandIn) -> BaseEstimator:
        state = self.make(noted.state)
        if noted.args or not isinstance(state, dict):
            raise Refused(f"holds a {real.__name__} that was not saved by joblib")
        if odd := [name for name in state if not isinstance(name, str) or name.startswith("__") or hasattr(real, name)]:
            raise Refused(f"holds a {real.__name__} whose {odd[0]} is replaced")
        estimator: BaseEstimator = object.__new__(real)
        estimator.__setstate__(state)
        return estimator

    def _array(self, state: Any) -> np.ndarray:
        """An array of text, one-dimensional: ``(version, shape, dtype, Fortran's order, values)`` as numpy notes it."""
        values = self.make(state[4])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Refused("holds an array of something else than text")
        return np.array(values, dtype=object)


def _whole_numbers(args: tuple[object, ...]) -> tuple[object, ...]:
    if not all(value is None or type(value) is int for value in args):
        raise Refused("holds a slice of something else than numbers")
    return args
