"""The file that a field map is read from: a mapping theirs to ours, or a document of known sections, each optional.

::

    fields:                       # theirs to ours; all that a plain field map holds
      id: trans_num
    constants:                    # ours to the value of payments that say none
      merchant: Corner Shop
    amounts:
      spending: negative          # or positive
      decimals: {ISK: 2}          # of the API's minor unit, where not ISO 4217's
      format: "1.234,56"          # how amounts are written as texts
    kinds:                        # a kind to the API's words for it, in type and status
      refund: [money_back]
    numeric_ids: [trans_num]      # ours whose values are long numbers by nature, and no card numbers
    remove: [card.secret]         # theirs whose values never land
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fraud_common.errors import SettingsError
from fraud_scorer.domain.frames import KINDS
from fraud_scorer.ingest.amounts import AmountNotation, sample_fault
from fraud_scorer.ingest.columns import column_faults
from fraud_scorer.ingest.event_words import KindVocabulary, split_words
from fraud_scorer.ingest.field_map import OURS, FieldMap
from fraud_scorer.ingest.text_checks import NUMERIC_IDS

SECTIONS = ("fields", "constants", "amounts", "kinds", "numeric_ids", "remove")
_LISTS = ("numeric_ids", "remove")
_AMOUNTS = ("spending", "decimals", "format")
_NO_CONSTANTS = ("trans_num", "current_time", "trans_date_trans_time", "unix_time", "unix_micros", "unix_nanos",
                 "cc_num", "card_last4", "amt", "amt_minor", "is_fraud")  # fmt: skip
_MOST_DECIMALS = 4
_CURE = "Write one line a field, their name: ours; docs/connect-your-own-api.md lists ours"


def text_of(path: Path, named_by: str) -> str:
    """The content of the file that the setting or option ``named_by`` names.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{named_by}: {path} does not exist", "Check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{named_by}: {path} cannot be read ({type(error).__name__})", _CURE) from None


def parse(text: str, *, source: str) -> FieldMap:
    """The map that YAML ``text`` describes.

    Raises:
        SettingsError: not a mapping of names, a name twice, a section, word or field that is not known (with the
            nearest one), or a value that its section does not take.
    """
    content = _yaml(text, source)
    if not isinstance(content, dict) or not content or not all(isinstance(name, str) for name in content):
        raise SettingsError(f"{source} is no mapping of names", _CURE)
    if not any(isinstance(value, dict) or name in _LISTS for name, value in content.items()):
        return FieldMap(_fields(content, source))
    for name, section in content.items():
        _known(name, SECTIONS, f"{source} has the section {name!r}", "Sections are")
        if not isinstance(section, list if name in _LISTS else dict):
            raise SettingsError(
                f"{source}: {name} is no {'list' if name in _LISTS else 'mapping'}", f"Write its words below it; {_SEE}"
            )
    return FieldMap(
        _fields(content.get("fields", {}), f"{source}, fields"),
        _constants(content.get("constants", {}), f"{source}, constants"),
        _amounts(content.get("amounts", {}), f"{source}, amounts"),
        _kinds(content.get("kinds", {}), f"{source}, kinds"),
        _numeric_ids(content.get("numeric_ids", []), f"{source}, numeric_ids"),
        _remove(content.get("remove", []), f"{source}, remove"),
    )


_SEE = "docs/connect-your-own-api.md shows each section"


class _Loader(yaml.SafeLoader):
    """Refuses a name that stands twice: YAML would keep the last without a word."""


def _mapping_once(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    names = Counter(str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode))
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise _Twice(twice[0])
    return loader.construct_mapping(node, deep=True)


class _Twice(Exception):
    pass


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_once)


def _yaml(text: str, source: str) -> object:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except _Twice as error:
        raise SettingsError(
            f"{source} has the name {error.args[0]!r} twice",
            "Write it once; for two of our fields from one of theirs, name: [ours, ours]",
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{source} is not YAML ({type(error).__name__})", _CURE) from None


def _fields(content: Mapping[Any, Any], source: str) -> dict[str, str | list[str]]:
    for theirs, ours in content.items():
        several = ours if isinstance(ours, list) and ours else [ours]
        if not isinstance(theirs, str) or not all(isinstance(one, str) for one in several):
            raise SettingsError(f"{source} is no mapping of names", _CURE)
        for one in several:
            _known(one, OURS, f"{source} maps to {one!r}, which is no field of ours", "Ours are")
    return dict(content)


def _constants(content: Mapping[Any, Any], source: str) -> dict[str, object]:
    for ours, value in content.items():
        _known(ours, OURS, f"{source} has {ours!r}, which is no field of ours", "Ours are")
        if ours in _NO_CONSTANTS:
            raise SettingsError(
                f"{source} has {ours}, which differs between payments",
                "Map it; a payment without a card may be one of its own: id: [trans_num, cc_num], as the last line"
                if ours == "cc_num" else "Map it under fields",
            )  # fmt: skip
        if fault := next(iter(column_faults(ours, [value]).values()), None):
            raise SettingsError(f"{source}: {fault.detail}", 'Write it as merchant: "Corner Shop" or currency: EUR')
    return dict(content)


def _amounts(content: Mapping[Any, Any], source: str) -> AmountNotation:
    for word in content:
        _known(word, _AMOUNTS, f"{source} has {word!r}", "Words are")
    spending = content.get("spending", "positive")
    if spending not in ("negative", "positive"):
        raise SettingsError(f"{source}: spending is neither negative nor positive", "Write spending: negative")
    sample = content.get("format")
    if "format" in content and (fault := sample_fault(sample)):
        raise SettingsError(f"{source}: format {fault}", 'Write it in quotes: format: "1.234,56"')
    return AmountNotation(spending == "negative", _decimals(content.get("decimals", {}), source), sample)


def _decimals(content: object, source: str) -> dict[str, int]:
    pairs = content.items() if isinstance(content, dict) else [(None, None)]
    for code, places in pairs:
        is_code = isinstance(code, str) and len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()
        if not is_code or isinstance(places, bool) or not isinstance(places, int) or not 0 <= places <= _MOST_DECIMALS:
            raise SettingsError(
                f"{source}: decimals does not give currencies their number of decimals, 0 to {_MOST_DECIMALS}",
                "Write decimals: {ISK: 2, UGX: 2}",
            )
    return dict(pairs)


def _kinds(content: Mapping[Any, Any], source: str) -> KindVocabulary:
    own: dict[str, str] = {}
    for kind, words in content.items():
        _known(kind, KINDS, f"{source} has {kind!r}", "Kinds are")
        for word in words if isinstance(words, list) else [words]:
            if not isinstance(word, str) or not split_words(word):
                raise SettingsError(
                    f"{source}: {kind} has a word that is no text", f'Write it in quotes: {kind}: ["05", money_back]'
                )
            if own.setdefault(word, kind) != kind:
                raise SettingsError(f"{source}: {word!r} stands under {own[word]} and {kind}", "Write it under one")
    return KindVocabulary(own)


def _numeric_ids(content: Sequence[object], source: str) -> tuple[str, ...]:
    for name in content:
        _known(name, NUMERIC_IDS, f"{source} has {name!r}", "Ids are")
    return tuple(map(str, content))


def _remove(content: Sequence[object], source: str) -> tuple[str, ...]:
    if not all(isinstance(path, str) and path.strip(". ") for path in content):
        raise SettingsError(f"{source} has an entry that is no name", "Write remove: [card.secret, memo]")
    return tuple(map(str, content))


def _known(name: object, known: Collection[str], sentence: str, which: str) -> None:
    if name in known:
        return

    found = difflib.get_close_matches(str(name), list(known), n=1)
    few = f"{which} {', '.join(known)}" if len(known) < 10 else _CURE
    raise SettingsError(sentence if "no field of ours" in sentence else f"{sentence}, which is not known",
                        f"Nearest: {found[0]}" if found else few)  # fmt: skip
