"""Card verification codes, PINs and magnetic track data: taken out of an answer before its bytes are kept anywhere.

They are known by the name of their field (in any case, nesting or column of a split frame, also in JSON inside a
string), by the shape of track data, and by the field map's ``remove``. A marker takes each value's place; every other
byte stays as it came, so the landed bytes can be replayed. Nothing here raises.

>>> without_sensitive(b'{"card": {"cardCvv2": "123"}, "amt": 1.50}').body
b'{"card": {"cardCvv2": "[removed]"}, "amt": 1.50}'
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fraud_scorer.ingest.bounds import MOST_VALUES

MARKER = "[removed]"
_MOST_DEPTH, _MOST_WRAPPINGS = 1_000, 4
_MOST_LOOKS, _MOST_NAMES, _SHORT = 30_000, 4_096, 200
_CODES = r"i?cvv|d?cvc|cvn|cvd|cvx|cav|csc|cid|cv"
_SENSITIVE_NAME = re.compile(
    rf"(?:^|_)(?:(?:card|cc|credit_?card|user|customer|encrypted|debit|amex|visa)_?)?"
    rf"(?:(?:{_CODES}|c_?v_?v|c_?v_?c)_?[0-9]?(?<!cv)(?:_?(?:code|value|number|no|num))?"
    r"|(?:sec|security|verification)_?(?:code|value|number|no|num|data)|card_?verification|code_?verification|(?:card|cc)_?code"
    r"|(?:karten)?_?pr(?:u|ue)f_?(?:ziffer|nummer|code|zahl)|cryptogram(?:me)?"
    r"|e?pin(?:_?(?:block|code|number|no|data|value|hash))?"
    r"|track_?(?:data|[123]|one|two|three|i{1,3})(?:_?(?:data|equivalent.*))?|tracks_?data"
    r"|mag(?:netic)?_?str(?:i|ipe).*|msr(?:_?data)?|swipe_?data)(?:_|$)"
)
_NAME_SIGN = re.compile(  # such a name has one of these
    r"c[\W_]?v|c(?:av|sc|id|ode|ryptogram)|verif|pin|track|mag|msr|swipe|sec|pr(?:u|ü|ue)f|[^\x00-\x7f]", re.IGNORECASE
)
_TELLS_ONLY = re.compile(  # that a code matched, was there or was asked for: no code itself
    r"_(?:check|checks|result|results|resp|response|match|matched|matches|status|present|provided|verified|indicator|entry"
    r"|mode|capability|retries|tries|attempts|required|type|supported|flag|reason|error|length|change|changed)(?:_|$)"
)
_OTHERS_TOO = frozenset(["cid", "csc", "pincode", "pin_code"])  # a customer's id, a postal code: kept if it is mapped
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_LETTER = re.compile(r"[^a-z0-9]+")
# parts of such names in small letters, each with the text that may follow: most texts have none of them
_NEEDLES = [(needle, re.compile(re.escape(needle) + follows)) for needle, follows in {
    "cvv": "", "cvc": "", "cvn": "", "cvd": "", "cvx": "", "cv2": "", "cav": r"2?(?![a-z])", "csc": r"2?(?![a-z])",
    "cid": r"2?(?![a-z])", "security": r"[\W_]{0,3}(?:code|value|n|data)", "verification": "",
    "pin": r"(?:[^a-z]|block|code|n[ou]|data|value|hash|$)", "track": r"s?(?:[^a-z]|data|one|two|three|i)",
    "magn": "etic", "magstr": "", "mag_str": "", "mag-str": "", "msr": r"(?![a-ce-z])", "swipe": r"[\W_]?data",
    "c.v": r"\.[vc]", "c v": " [vc]", "c-v": "-[vc]", "c_v": "_[vc]", "cv_": "[vc]", "sec": r"[\W_]?code", "prüf": "",
    "pr\\u00fcf": "", "pruef": "",
    "cryptogram": "", "cardcode": "", "card_code": "", "card-code": "", "cccode": "", "cc_code": "",
}.items()]  # fmt: skip
_ANY_SIGN = re.compile(  # without one of these a text holds nothing
    r"\\u(?:00[2-7]|ff|03)|[\uff21-\uff3a\uff41-\uff5a\u03bd]|\^|%5e|=\d|%3d|\dd\d|"
    + "|".join(re.escape(needle) for needle, _ in _NEEDLES),
    re.IGNORECASE,
)
_WORD_BEFORE, _WORD_AFTER = re.compile(r"[\w .-]{0,40}\Z"), re.compile(r"[\w .-]{0,60}")
_COLUMNS = re.compile(r'"columns\\*"\s*:\s*\[([^\[\]]*)\]')
_ESCAPED = re.compile(r"\\u(?:00[2-7]|ff[2-5]|03[bB][dD])")
_DISGUISED = re.compile("[\uff21-\uff3a\uff41-\uff5a]|cv\u03bd", re.IGNORECASE)  # full-width letters, a Greek nu
_EQUALS = r"(?:=|%3[dD])"
_TRACKS = re.compile(
    r"(?:%|%25)?[Bb]\d[\d ]{11,22}(?:\^|%5[eE])[^\^\"\\]{2,60}(?:\^|%5[eE])[^\"\\?]{3,}\??"
    rf"|;\d{{12,19}}{_EQUALS}\d{{3,}}\??|(?<!\d)\d{{12,19}}{_EQUALS}\d{{7,}}\??"
    r"|(?<![0-9A-Za-z])\d{12,19}D\d{7,}[fF]?(?![0-9A-Za-z])"
)
_TRACK_SIGNS = [(sign, re.compile(re.escape(sign) + follows)) for sign, follows in {
    "^": "[^^]{2,60}", "%5E": "", "%5e": "", "=": r"\d{3}", "%3D": r"\d{3}", "%3d": r"\d{3}", "D": r"\d{7}",
}.items()]  # fmt: skip
_NAMED = re.compile(  # in running text, XML or a form
    r"((?:(?:cvv|cvc|cvn|cvd|cvx)[0-9]?|(?<![a-z])(?:cv2|cav2?|csc|cid|e?pin(?:[ _-]?(?:block|code|number))?)"
    r"|(?:security|verification)[ _-]?(?:code|value|number))(?:[^a-z0-9]{1,8}|[^a-z0-9]{1,3}is[^a-z0-9]{1,3}))"
    r"(?:[0-9]{3,12}|[0-9a-f]{16})(?![0-9a-z])",
    re.IGNORECASE,
)
_HINT = re.compile(r"[\^=%\[{\"]|\dD\d|[cC][vVsSiIaA]|[pP][iI][nN]|[cC][oO][dD][eE]|[vV][aA][lL]|[nN][uU][mM]")
_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*+(?:"|\\?\Z)|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
# a plain value in one step, with the name before it and the comma behind it; else a single mark
_STEP = re.compile(r'(?:("[^"\\]*+")\s*+:\s*+)?+("[^"\\]*+"|[^\s\[\]{},:"]++)\s*+(,)?+|' + _TOKEN.pattern, re.DOTALL)
_PAIR_NAMES = frozenset(["name", "key", "field", "label", "type", "code", "id", "k", "n"])
_PAIR_VALUES = frozenset(["value", "val", "content", "text", "data", "v"])
_CODE = re.compile(r"\d{3,12}|[0-9a-fA-F]{16}")
_SAYS_NOTHING = frozenset(["null", "true", "false", '""', f'"{MARKER}"'])


@dataclass(frozen=True)
class CleanedBody:
    """The bytes to keep, the number of values taken out, and the error's name (empty if none)."""

    body: bytes
    count: int = 0
    fault: str = ""


@dataclass(frozen=True)
class SensitiveFields:
    """The field map's sensitive fields: ``remove`` are paths of theirs, ``mapped`` the names that the map reads."""

    remove: tuple[str, ...] = ()
    mapped: frozenset[str] = frozenset()

    def names(self, key: str) -> bool:
        """Whether a field of that name is never kept."""
        return is_sensitive(key) and not (_words(key) in _OTHERS_TOO and key in self.mapped)

    def declares(self, path: Sequence[str]) -> bool:
        """Whether the value at that path (from the answer's root) is under ``remove``, which begins at a record."""
        return any(".".join(path[-one.count(".") - 1 :]) == one or path[-1] == one for one in self.remove)


class TooManyValuesError(Exception):
    """Of an answer that no one reads (``decode``): it is cleaned as running text, in bounded time."""


_UNDECLARED = SensitiveFields()


@lru_cache(maxsize=4096)
def is_sensitive(name: str) -> bool:
    """Whether a field of that name holds a code, a PIN or track data.

    >>> [is_sensitive(name) for name in ("CVV2", "pinBlock", "security_code", "cvc_check", "shipping")]
    [True, True, True, False, False]
    """
    if not _NAME_SIGN.search(name):
        return False
    words = _words(name if name.isascii() else _plain_letters(name))
    return bool(_SENSITIVE_NAME.search(words)) and not _TELLS_ONLY.search(words)


def _plain_letters(name: str) -> str:
    """``name`` in ASCII: full-width letters and accents become plain ones, a Greek nu is read as v."""
    return unicodedata.normalize("NFKD", name).replace("\u03bd", "v").encode("ascii", "ignore").decode()


def _words(name: str) -> str:
    return _NO_LETTER.sub("_", _CAMEL.sub("_", name).lower()).strip("_")


def without_sensitive(body: bytes, known: SensitiveFields = _UNDECLARED) -> CleanedBody:
    """``body`` with a marker for each sensitive value; the very same bytes where there is none."""
    try:
        encoding: str = json.detect_encoding(body)
        try:
            text = body.decode(encoding, "surrogateescape")
        except UnicodeDecodeError:
            encoding, text = "latin-1", body.decode("latin-1")
        cleaned, count = _cleaned(text, known, 0)
        return CleanedBody(cleaned.encode(encoding, "surrogateescape"), count) if count else CleanedBody(body)
    except Exception as error:  # every answer must land
        return CleanedBody(*_by_bytes(body), type(error).__name__)


def _by_bytes(body: bytes) -> tuple[bytes, int]:
    try:
        text, count = _in_words(body.decode("latin-1"))
        return text.encode("latin-1"), count
    except Exception:  # the fault that led here is told: ``CleanedBody.fault``
        return body, 0


def _cleaned(text: str, known: SensitiveFields, wrapped: int) -> tuple[str, int]:
    if not known.remove and not _may_hold(text):
        return text, 0
    begins = text.lstrip("\ufeff \t\r\n")[:1]
    if begins == '"' and wrapped < _MOST_WRAPPINGS and (inner := _string(text)) is not None:
        cleaned, count = _cleaned(inner, known, wrapped + 1)
        return (json.dumps(cleaned), count) if count else (text, 0)
    if not begins or begins not in "[{":
        return _in_words(text)
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        raise TooManyValuesError
    pieces, at, count = [], 0, 0
    for start, end, instead, number in _Scan(text, known, wrapped).found():
        pieces += [text[at:start], instead]
        at, count = end, count + number
    return "".join([*pieces, text[at:]]), count


def _may_hold(text: str) -> bool:
    """A look for parts of names and signs of shapes alone: most answers need no more.

    Where so many stand that each look at one costs more than to read the whole, that is True too.
    """
    if len(text) < _SHORT and not _ANY_SIGN.search(text):
        return False
    left = iter(range(1, _MOST_LOOKS))
    if ("\\u00" in text and _ESCAPED.search(text)) or (not text.isascii() and _DISGUISED.search(text)):
        return True
    if any(sign in text and _has_track(text, follows, left) for sign, follows in _TRACK_SIGNS):
        return True
    lower = text.lower()
    lower = lower if len(lower) == len(text) else text  # a few letters are two in small
    return any(needle in lower and _has_name(text, lower, follows, left) for needle, follows in _NEEDLES)


def _has_track(text: str, sign: re.Pattern[str], left: Iterator[int]) -> bool:
    """Whether track data stands around one of these signs."""
    return any(
        not next(left, 0) or _TRACKS.search(text[max(0, at.start() - 90) : at.end() + 90]) for at in sign.finditer(text)
    )


def _has_name(text: str, lower: str, needle: re.Pattern[str], left: Iterator[int]) -> bool:
    """Whether one of these parts stands in the name of a sensitive field, or in running text like one."""
    for at in needle.finditer(lower):
        before = _WORD_BEFORE.search(text[max(0, at.start() - 40) : at.start()])
        after = _WORD_AFTER.match(text, at.start())
        if not next(left, 0) or is_sensitive(f"{before[0] if before else ''}{after[0] if after else ''}"):
            return True
    return False


def _in_words(text: str) -> tuple[str, int]:
    """Clean running text: values behind a sensitive name, and track data."""
    text, named = _NAMED.subn(lambda found: f"{found[1]}{MARKER}", text)
    text, tracks = _TRACKS.subn(MARKER, text)
    return text, named + tracks


def _string(token: str) -> str | None:
    try:
        value = json.loads(token, strict=False)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


class _Scan:
    """One pass over the marks of a JSON text, well formed or not: where sensitive values stand."""

    def __init__(self, text: str, known: SensitiveFields, wrapped: int) -> None:
        self._text, self._known, self._wrapped = text, known, wrapped
        names = next(iter(_COLUMNS.finditer(text)), None)
        self._columns = [_name(one[0]) for one in _TOKEN.finditer(names[1]) if one[0] != ","] if names else []
        self._verdicts: dict[str, bool] = {}  # of each name
        self._names: dict[str, str] = {}  # of each mark that names a field
        self._fine: set[str] = set()  # names whose values may stay
        self._longest = max((one.count(".") + 1 for one in known.remove), default=0)
        self._objects: list[bool] = []  # of each open container, whether it is an object
        self._keys: list[str | int | None] = []  # of each, where in it we are; None: an object's key comes next
        self._pairs: set[int] = set()  # depths of open containers that hold the name of a sensitive field as a value
        self._hidden: int | None = None  # how many containers were open where a sensitive one began

    def found(self) -> Iterator[tuple[int, int, str, int]]:
        """Start, end, replacement, and the number of values that it takes out."""
        for match in _STEP.finditer(self._text):
            name, value, comma = match.groups()
            if name in self._fine and self._is_plain(match):
                if not comma:
                    self._keys[-1] = self._named(name)
            elif value is None:
                mark = match[0]
                if mark in "[]{},:":
                    self._mark(mark)
                elif change := self._word(mark):
                    yield *match.span(), *change
            else:
                if name is not None and (change := self._word(name)):
                    yield *match.span(1), *change
                if change := self._word(value):
                    yield *match.span(2), *change
                if comma:
                    self._mark(comma)

    def _is_plain(self, match: re.Match[str]) -> bool:
        """Whether that is a field of an object that nothing hides, and its value may stay."""
        if not self._keys or self._keys[-1] is not None or self._hidden is not None:
            return False
        start, end = match.span(2)
        if self._text[start] == '"':
            start, end = start + 1, end - 1
        return end - start < 6 or not _HINT.search(self._text, start, end)

    def _word(self, mark: str) -> tuple[str, int] | None:
        """Remember a name; give a value's replacement, if the value must go."""
        if self._objects and self._objects[-1] and self._keys[-1] is None:
            self._keys[-1] = self._named(mark)
            return None
        return None if mark in _SAYS_NOTHING else self._value(mark)

    def _named(self, mark: str) -> str:
        name = self._names.get(mark)
        if name is None:
            name = _name(mark)
            if len(self._names) < _MOST_NAMES and len(mark) < _SHORT:
                self._names[mark] = name
                if not self._longest and name.lower() not in _PAIR_NAMES | _PAIR_VALUES and not self._verdict(name):
                    self._fine.add(mark)
        return name

    def _mark(self, mark: str) -> None:
        if mark in "[{":
            if self._hidden is None and self._is_sensitive():
                self._hidden = len(self._objects)
            self._objects.append(mark == "{")
            self._keys.append(None if mark == "{" else 0)
            if len(self._objects) > _MOST_DEPTH:
                raise RecursionError
        elif mark in "]}" and self._objects:
            self._pairs.discard(len(self._objects))
            self._objects.pop()
            self._keys.pop()
            if self._hidden is not None and len(self._objects) <= self._hidden:
                self._hidden = None
        elif mark == "," and self._objects:
            key = self._keys[-1]
            self._keys[-1] = key + 1 if isinstance(key, int) else None

    def _value(self, mark: str) -> tuple[str, int] | None:
        if self._hidden is not None or self._is_sensitive():
            return f'"{MARKER}"', 1
        text = mark if mark[0] != '"' else (_string(mark) or mark) if "\\" in mark else mark[1:-1]
        if self._is_other_half_of_a_pair(text):
            return f'"{MARKER}"', 1
        if len(text) < 6 or not _HINT.search(text):
            return None
        embedded = text.lstrip()[:1] in '[{"' and self._wrapped < _MOST_WRAPPINGS
        cleaned, count = _cleaned(text, self._known, self._wrapped + 1) if embedded else _in_words(text)
        return (json.dumps(cleaned), count) if count else None

    def _is_other_half_of_a_pair(self, text: str) -> bool:
        """The value of ``{"name": "cvv", "value": "123"}`` or of ``["cvv", "123"]``; a name is kept in mind."""
        if not self._keys:
            return False
        depth, key = len(self._keys), self._keys[-1]
        in_list, name = isinstance(key, int), str(key).lower()
        if depth in self._pairs and (in_list or name in _PAIR_VALUES) and _CODE.fullmatch(text):
            return True
        if (in_list or name in _PAIR_NAMES) and len(text) < _SHORT and self._verdict(text):
            self._pairs.add(depth)
        elif in_list:
            self._pairs.discard(depth)
        return False

    def _is_sensitive(self) -> bool:
        if not self._keys:
            return False
        name = self._named_at(len(self._keys) - 1)
        if isinstance(name, str) and self._verdict(name):
            return True
        last = str(name)
        return any(one.endswith(last) for one in self._known.remove) and self._known.declares(self._path())

    def _verdict(self, name: str) -> bool:
        verdict = self._verdicts.get(name)
        if verdict is None:
            verdict = self._known.names(name)
            if len(self._verdicts) < _MOST_NAMES and len(name) < _SHORT:
                self._verdicts[name] = verdict
        return verdict

    def _named_at(self, depth: int) -> str | int | None:
        """The name at that depth, of a cell of a split frame its column's; else the place."""
        key = self._keys[depth]
        if isinstance(key, int) and depth >= 2 and self._keys[depth - 2] == "data" and key < len(self._columns):
            return self._columns[key]
        return key

    def _path(self) -> list[str]:
        """As much of it as the longest path of the map names."""
        depths = len(self._keys)
        return [str(self._named_at(depth)) for depth in range(max(0, depths - self._longest), depths)]


def _name(mark: str) -> str:
    name = _string(mark) if mark[0] == '"' else None
    return mark.strip("'\"") if name is None else name


def mapped_names(theirs: Collection[str]) -> frozenset[str]:
    """The last names of the field map's paths."""
    return frozenset(path.rpartition(".")[2] for path in theirs)
