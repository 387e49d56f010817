"""The envelope of an answer: fields beside its records that announce more records, or a failure.

Pages are not followed, so further pages must be reported: else the minute looks whole. Names are compared without
case, underscores and hyphens, in the answer itself and in the objects that usually hold them (``meta``, ``pagination``,
``links`` …). The sentences quote names and counts, never another value.

>>> read_envelope({"has_more": True, "data": [{"id": 1}]}, "data", 1).more
'has_more is true'
>>> read_envelope({"success": False, "data": []}, "data", 0).error
'success is false'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

_MOST_DEPTH, _MOST_NAMES, _LONGEST_NAME, _MOST_DIGITS = 3, 200, 40, 15
_SEPARATORS = re.compile(r"[_\-\s]")
_NOT_LETTERS = re.compile(r"[^a-z]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HOLDERS = _words(
    "meta metadata pagination paging pager paginator page pages pageinfo links link cursor cursors responsemetadata "
    "listmetadata resultinfo resultset header headers info result response status list"
)
_MORE = _words(
    "more hasmore hasnext hasnextpage hasmorepages hasmoreresults hasmoredata hasmoreitems hasmorerecords moreresults "
    "moredata moreitems morerecords moreavailable morepages truncated istruncated partial ispartial incomplete "
    "incompleteresults"
)
_LAST = _words("last islast lastpage islastpage isfinal isfinalpage complete iscomplete endoflist done")
_NEXT = _words(
    "next nextpage nexturl nexturi nextlink nexthref nextpageurl nextpageuri nextpagelink nextpagenumber nextpageid "
    "nextcursor nextpagecursor nexttoken nextpagetoken nextcontinuationtoken continuationtoken continuation nextmarker "
    "nextoffset nextstart nextskip nextkey nextid nextstartingafter nextrecordsurl lastevaluatedkey cursor "
    "@nextlink odata.nextlink @odata.nextlink"
)
_TOTALS = _words(
    "total totalcount totalresults totalrecords totalitems totalelements totalsize totalhits totalrows totalentries "
    "totalobjects totaltransactions totalpayments recordstotal count recordcount resultcount itemcount numfound"
)
_PAGES = _words("totalpages totalpage pagecount pagestotal pages numpages numberofpages lastpage")
_SIZES = _words("limit pagesize perpage pagelimit maxresults itemsperpage resultsperpage")
_SUCCESS = _words("success succeeded successful ok issuccess issuccessful isok")
_FAILED = _words("failed failure iserror haserror haserrors isfailed")
_ERRORS = _words(
    "error errors exception exceptions fault faults err errorcode errcode errno errormessage errormsg errmsg "
    "errordescription errordetails"
)
_STATES = _words("status state result outcome type object statustext statusmessage")
_CODES = _words("status statuscode httpstatus httpstatuscode httpcode code responsecode resultcode")
_BAD_STATE = re.compile(
    r"(?!no(ne)?(error|fail|exception|fault))(.*(error|fail|exception|denied|forbidden|unauthori[sz]ed|unavailable|"
    r"timeout|timedout|ratelimit|toomanyrequests|throttl|badrequest).*|ko|nok|notok|bad|fault|aborted)"
)
_SAYS_NOTHING = _words("0 none null nil no n false ok okay success successful n/a - [] {}") | {""}
_YES, _NO = _words("true yes y 1"), _words("false no n 0")


@dataclass(frozen=True)
class EnvelopeNotes:
    """The notes found in an envelope, in words; empty where it has none."""

    more: str = ""  # the API has more than this answer holds
    error: str = ""  # the answer says of itself that it failed


NO_NOTES = EnvelopeNotes()
_Named = tuple[str, str, object]  # the name to show, the name to compare, the value


def envelope_sentences(envelope: EnvelopeNotes) -> list[str]:
    """A sentence each for the run ledger and the operator."""
    sentences = {
        "is not all that the payments API has": envelope.more,
        "says that it failed, though it holds records": envelope.error,
    }
    return [f"{sentence} ({found})" for sentence, found in sentences.items() if found]


def read_envelope(document: Mapping[str, object], records_key: str, count: int) -> EnvelopeNotes:
    """The notes in ``document`` beside its ``count`` records under ``records_key``."""
    named = [one for one in _named(document) if one[0] != records_key]
    return EnvelopeNotes(more=_more(named, count), error=next(filter(None, map(_error, named)), ""))


def _named(document: Mapping[str, object]) -> Iterator[_Named]:
    """The first names in the answer itself, then the names in its holders."""
    level: list[tuple[str, Mapping[str, object]]] = [("", document)]
    left = _MOST_NAMES
    for _ in range(_MOST_DEPTH):
        inner: list[tuple[str, Mapping[str, object]]] = []
        for place, holder in level:
            for name, value in islice(holder.items(), left):
                left -= 1
                compared = _SEPARATORS.sub("", name).lower() if len(name) <= _LONGEST_NAME else ""
                yield f"{place}{name}", compared, value
                if compared in _HOLDERS:
                    inner += [(f"{place}{name}.", one) for one in _holders(value)]
        level = inner


def _holders(value: object) -> list[Mapping[str, object]]:
    """An object; or a list of links, as the names that they relate to."""
    if isinstance(value, dict):
        return [value]
    links = value[:_MOST_NAMES] if isinstance(value, list) else []
    return [{str(link["rel"]): link.get("href")} for link in links if isinstance(link, dict) and "rel" in link]


# --- more than this answer holds --------------------------------------------------------------------------------
def _more(named: list[_Named], count: int) -> str:
    """A plain yes counts before a plain no, that before a next page, and that before the counts."""
    if found := _first(named, _MORE, _is_yes, "is true") or _first(named, _LAST, _is_false, "is false"):
        return found
    if _first(named, _MORE, _is_no, "no") or _first(named, _LAST, _is_true, "yes"):
        return ""
    if found := _first(named, _NEXT, _names_something, "names a next page"):
        return found
    for shown, compared, value in named:
        number = _whole(value)
        if number is not None and compared in _TOTALS and number > count:
            return f"{shown} is {number:,}, and {count:,} came"
        if number is not None and compared in _PAGES and number > 1:
            return f"{shown} is {number:,}, and one page came"
    is_counted = any(compared in _NEXT | _TOTALS | _PAGES for _, compared, _ in named)
    sizes = [] if is_counted or not count else [name for name, key, value in named if key in _SIZES and value == count]
    return f"as many records came as {sizes[0]} allows" if sizes else ""


def _first(named: list[_Named], names: frozenset[str], fits: Callable[[object], bool], words: str) -> str:
    return next((f"{shown} {words}" for shown, compared, value in named if compared in names and fits(value)), "")


def _is_true(value: object) -> bool:
    return value is True


def _is_false(value: object) -> bool:
    return value is False


def _is_yes(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in _YES)


def _is_no(value: object) -> bool:
    return value is False or (isinstance(value, str) and value.strip().lower() in _NO)


def _names_something(value: object) -> bool:
    """A page's address, number or cursor; a link is an object with one."""
    if isinstance(value, dict):
        return any(map(_names_something, islice(value.values(), _MOST_NAMES)))
    if isinstance(value, str):
        return value.strip().lower() not in _SAYS_NOTHING
    return isinstance(value, int | float) and value > 0


def _whole(value: object) -> int | None:
    """A count, also as text or as {"value": …}."""
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


# --- an error ---------------------------------------------------------------------------------------------------
def _error(one: _Named) -> str:
    shown, compared, value = one
    if compared in _SUCCESS and (_is_no(value) or (value == 0 and isinstance(value, int))):
        return f"{shown} is false"
    if compared in _FAILED and _is_yes(value):
        return f"{shown} is true"
    if compared in _ERRORS and _says_something(value, _MOST_DEPTH):
        return f"{shown} is not empty"
    if compared in _STATES and isinstance(value, str) and _BAD_STATE.fullmatch(_letters(value)):
        return f"{shown} names an error"
    number = _whole(value) if compared in _CODES and not isinstance(value, dict) else None
    return f"{shown} is {number}" if number is not None and 400 <= number <= 599 else ""


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", text[:100].lower())


def _says_something(value: object, depth: int) -> bool:
    """Whether it holds a value that is not empty, zero, false, a word for nothing or a code of success."""
    if isinstance(value, dict | list):
        inner = list(islice(value.values() if isinstance(value, dict) else value, _MOST_NAMES))
        return bool(inner) if not depth else any(_says_something(one, depth - 1) for one in inner)
    if isinstance(value, str):
        return value.strip().lower() not in _SAYS_NOTHING
    return bool(value) and not (isinstance(value, int) and 200 <= value <= 299)
