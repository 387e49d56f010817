"""Which stored payment each claim is about: by its id, or by last four digits, amount and day where that is unique."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fraud_common.card_numbers import without_card_numbers
from fraud_scorer.store.labels import LabelStatement, PostgresLabels
from fraud_scorer.use_cases.disputes.claims import Claim
from fraud_scorer.use_cases.disputes.columns import Fault

_UNKNOWN_CURE = (
    "Check that the ids are those of the payments API (trans_num), or leave such rows out with --skip-unknown"
)
_BY_CARD_CURE = "Give the payment's id in these rows, or leave them out with --skip-unknown"
_MOST_NEAR = 20


@dataclass
class Matches:
    """What was found.

    ``said``: the labels, in the file's order; ``wrong``: rows that contradict their payment or each other;
    ``unknown``, ``ambiguous``: rows whose payment is not stored, or that fit several.
    """

    said: list[LabelStatement] = field(default_factory=list)
    wrong: list[Fault] = field(default_factory=list)
    unknown: list[Fault] = field(default_factory=list)
    ambiguous: list[Fault] = field(default_factory=list)


def match(labels: PostgresLabels, claims: Sequence[Claim], zone: ZoneInfo) -> Matches:
    """Look every claim's payment up; ``zone`` is the one in which days of payments are meant."""
    stored = labels.event_times([one.trans_num for one in claims if one.trans_num is not None])
    by_card, nameless = _by_card(labels, [one for one in claims if one.by_card and one.trans_num not in stored], zone)
    matches, first_said = Matches(), dict[tuple[str, datetime], LabelStatement]()
    not_stored: list[Claim] = []
    for claim in claims:
        if claim.trans_num in stored:
            found = [(claim.trans_num, stored[claim.trans_num])]
        else:
            found = by_card.get(claim.position, [])
        if not found and claim.by_card is None:
            not_stored.append(claim)
        elif len(found) == 1:
            _say(matches, claim, *found[0], first_said)
        else:
            _not_unique(matches, claim, len(found), nameless[claim.position])
    matches.unknown += _unknown(labels, not_stored)
    matches.unknown.sort(key=lambda fault: fault.position)
    return matches


def _say(
    matches: Matches,
    claim: Claim,
    trans_num: str,
    event_time: datetime,
    first_said: dict[tuple[str, datetime], LabelStatement],
) -> None:
    if claim.known_at < event_time:
        reason = f"known_at lies before the payment itself ({event_time:%Y-%m-%dT%H:%M:%SZ})"
        cure = "Check the column, its zone and the order of its dates: nobody knows of a fraud before it happens"
        matches.wrong.append(Fault(claim.position, reason, cure))
        return
    said = LabelStatement(trans_num, claim.verdict, claim.known_at, claim.note)
    first = first_said.setdefault((trans_num, claim.known_at), said)
    if first.verdict != said.verdict:
        reason = f"says {said.verdict} of a payment of which an earlier row says {first.verdict} at the same moment"
        matches.wrong.append(Fault(claim.position, reason, "Keep the row that is right"))
        return
    matches.said.append(said)


def _not_unique(matches: Matches, claim: Claim, count: int, nameless: int) -> None:
    """``nameless``: how many payments have the amount and the day, and last four digits that nobody knows."""
    what = "last four digits, amount and day"
    if count:
        matches.ambiguous.append(Fault(claim.position, f"{count} payments have these {what}", _BY_CARD_CURE))
        return
    reason, cure = f"no stored payment has these {what}", _BY_CARD_CURE
    if nameless:
        reason += f" ({nameless} of the amount and day: their last four digits are not known)"
        cure = "Give the payment's id; for payments to come, map card_last4 (docs/connect-your-own-api.md)"
    matches.unknown.append(Fault(claim.position, reason, cure))


def _unknown(labels: PostgresLabels, claims: Sequence[Claim]) -> list[Fault]:
    """With the stored id that differs in small and capital letters only, where there is one."""
    ids = [str(claim.trans_num) for claim in claims]
    near = labels.in_other_case(ids[:_MOST_NEAR]) if ids else {}
    faults = []
    for claim, name in zip(claims, ids, strict=True):
        hint = f"; {without_card_numbers(near[name])} is" if name in near else ""
        reason = f"the payment {without_card_numbers(name)[:80]} is not stored{hint}"
        if claim.trans_num is None:
            reason = "no payment is known by its acquirer's reference"
        cure = "Write ids in the letters of the payments API" if hint else _UNKNOWN_CURE
        faults.append(Fault(claim.position, reason, cure))
    return faults


def _by_card(
    labels: PostgresLabels, claims: Sequence[Claim], zone: ZoneInfo
) -> tuple[dict[int, list[tuple[str, datetime]]], Counter[int]]:
    """By the claim's position, every payment that fits, and how many may. A day at a time: each look is short."""
    days: dict[date, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.by_card:
            days[claim.by_card.day].append(claim)
    found: dict[int, list[tuple[str, datetime]]] = {}
    nameless: Counter[int] = Counter()
    for day, asked in sorted(days.items()):
        starts, ends = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
        cards = [one.by_card for one in asked if one.by_card]
        for place, trans_num, event_time, is_known in labels.by_card(
            [card.last4 for card in cards],
            [card.amount_minor for card in cards],
            [card.currency for card in cards],
            day_starts=starts,
            day_ends=ends,
        ):
            if is_known:
                found.setdefault(asked[place].position, []).append((trans_num, event_time))
            else:
                nameless[asked[place].position] += 1
    return found, nameless
