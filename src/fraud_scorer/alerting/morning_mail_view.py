"""The view of the morning mail: the values that its templates show, made from its frozen content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fraud_common.money import amount_text, totals_text
from fraud_common.text import count_text, probability_text
from fraud_scorer.alerting.wording import card_text, day_text, long_day_text

BAR_HEIGHT = 64  # pixels; flagged bars hang below the line and are half as high
SEVERE_PROBABILITY = 0.9
_MOST_DRIFTED = 4


def daily_view(content: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the templates ``daily.*.j2`` show."""
    day, headline = date.fromisoformat(content["day"]), _headline(content)
    return {
        **content,
        "long_day": long_day_text(day),
        "headline": headline,
        "subject": f"{day_text(day)}: {headline}",
        "preview": _preview(content),
        "totals": _totals(content),
        "remarks": _remarks(content),
        "bars": _bars(content["hours"]),
        "bars_said": _bars_said(content["hours"]),
        "listed": [_payment(payment) for payment in content["listed"]],
        "too_old": [_payment(payment) for payment in content["too_old"]],
        "not_listed_text": f"{content['not_listed']:,}" if content["not_listed"] else "",
        "too_old_not_listed_text": f"{content['too_old_not_listed']:,}" if content["too_old_not_listed"] else "",
        "nothing_missed": _nothing_missed(content),
        "drift_text": _drift(content.get("drifted", [])),
    }


def compared_with_usual(value: float, usual: float | None, shown_usual: str) -> str:
    """A value compared with the usual one, in words; empty where no usual value is known.

    >>> compared_with_usual(130, 100, "100"), compared_with_usual(98, 100, "100")
    ('▲ 30% above the usual 100', 'about the usual 100')
    >>> compared_with_usual(1, 0, "0"), compared_with_usual(0, 0, "0"), compared_with_usual(5, None, "")
    ('▲ usually none', 'none, as usual', '')
    >>> compared_with_usual(50, 100, "100"), compared_with_usual(520, 100, "100"), compared_with_usual(0, 100, "100")
    ('▼ 50% below the usual 100', '▲ 5.2 times the usual 100', '▼ usually 100')
    """
    if usual is None:
        return ""
    if not usual:
        return "▲ usually none" if value else "none, as usual"
    if not value:
        return f"▼ usually {shown_usual}"
    change = value / usual - 1
    if abs(change) < 0.05:
        return f"about the usual {shown_usual}"
    if change > 2:
        return f"▲ {value / usual:.1f} times the usual {shown_usual}"
    return (
        f"{'▲' if change > 0 else '▼'} {abs(change):.0%} {'above' if change > 0 else 'below'} the usual {shown_usual}"
    )


def share_text(part: float, whole: float) -> str:
    """A share in per cent; a dash where there is nothing to share.

    >>> share_text(3, 1200), share_text(0, 0)
    ('0.25%', '–')
    """
    return f"{part / whole:.2%}" if whole else "–"


def _headline(content: Mapping[str, Any]) -> str:
    if not content["payment_count"]:
        return "no payments were stored"
    payments = count_text(content["payment_count"], "payment")
    if not content["flagged"]:
        return f"{payments}, none flagged"
    return f"{content['flagged']:,} of {payments} flagged, {_sum(content, 'flagged_cents')} at risk"


def _preview(content: Mapping[str, Any]) -> str:
    missed = "; ".join(" ".join(gap) for gap in content["gaps"])
    first = [
        f"{'Known fraud' if one['label'].startswith('fraud') else 'Largest expected loss'}: "
        f"{amount_text(one['amount_cents'], one['currency'])} at {one['merchant']}"
        for one in content["listed"][:1]
    ]
    return ". ".join([*first, missed or "Nothing was missed"])


def _totals(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Name, value and comparison of each line."""
    usual = content["usual"]
    payments, flagged = content["payment_count"], content["flagged"]
    usual_share = usual and usual["payments"] and f"usually {share_text(usual['flagged'], usual['payments'])}"
    lines = [
        _line("Payments", f"{payments:,}", payments, usual and usual["payments"]),
        *_money_lines("Amount", "amount_cents", content),
        _line("Flagged by us", f"{flagged:,}", flagged, usual and usual["flagged"]),
        *_money_lines("Amount at risk", "flagged_cents", content),
        {"name": "Flagged share", "value": share_text(flagged, payments), "compared": usual_share or ""},
        _frauds_line(content["frauds"]),
    ]
    return lines if payments else [line for line in lines if line["name"] in ("Payments", "Flagged by us")]


def _line(name: str, value_text: str, value: float, usual: float | None) -> dict[str, str]:
    shown = "" if usual is None else f"{usual:,.0f}" if usual >= 10 or usual == round(usual) else f"{usual:.1f}"
    return {"name": name, "value": value_text, "compared": compared_with_usual(value, usual, shown)}


def _money_lines(name: str, cents: str, content: Mapping[str, Any]) -> list[dict[str, str]]:
    """A line a currency: amounts of different currencies are never added."""
    usual = content["usual"]
    lines = []
    for sums in content["amounts"]:
        currency = sums["currency"]
        mean = usual and usual["amounts"].get(currency, {}).get(cents, 0.0)
        shown = "" if mean is None else amount_text(round(mean), currency).removesuffix(f" {currency}")
        compared = compared_with_usual(sums[cents], mean, shown)
        lines.append({"name": name, "value": amount_text(sums[cents], currency), "compared": compared})
    return lines


def _frauds_line(frauds: Mapping[str, Any]) -> dict[str, str]:
    line = {"name": "Frauds known", "value": f"{frauds['known']:,}"}
    judged = f"{frauds['judged']:,} judged so far" if frauds["judged"] else "nobody has said anything yet"
    if not frauds["known"]:
        return line | {"compared": judged}
    return line | {
        "compared": f"{totals_text(map(tuple, frauds['amounts']))}; we flagged {frauds['flagged']:,} of them"
    }


def _remarks(content: Mapping[str, Any]) -> list[str]:
    usual = content["usual"]
    remarks = [f"Usual: {usual['said']}." if usual else "No comparison yet: there is no whole earlier day."]
    if content["hours_in_day"] != 24:
        remarks.append(f"Clocks changed: this day has {content['hours_in_day']} hours.")
    if not content["is_over"]:
        remarks.append("The day is not over.")
    if refunds := sum(sums["refunds"] for sums in content["amounts"]):
        money = _sum(content, "refund_cents")
        remarks.append(f"Besides, {count_text(refunds, 'refund')} of {money}: stored, not scored.")
    return remarks


def _drift(drifted: Sequence[Sequence[Any]]) -> str:
    """One line on the features that are no longer distributed as in training; empty if there are none."""
    if not drifted:
        return ""
    named = ", ".join(f"{str(feature).replace('_', ' ')} (PSI {psi:.2f})" for feature, psi in drifted[:_MOST_DRIFTED])
    more = f" and {len(drifted) - _MOST_DRIFTED} more" if len(drifted) > _MOST_DRIFTED else ""
    return f"{count_text(len(drifted), 'feature')} drifted from the model's training: {named}{more}."


def _bars(hours: Sequence[Mapping[str, int]]) -> list[dict[str, Any]]:
    """Each hour's two bars in pixels; a bar above zero has at least three."""
    most, most_flagged = max(hour["payments"] for hour in hours), max(hour["flagged"] for hour in hours)
    return [
        {
            "hour": hour["hour"],
            "up": _pixels(hour["payments"], most, BAR_HEIGHT),
            "down": _pixels(hour["flagged"], most_flagged, BAR_HEIGHT // 2),
        }
        for hour in hours
    ]


def _pixels(value: int, most: int, height: int) -> int:
    return max(round(height * value / most), 3) if value else 0


def _bars_said(hours: Sequence[Mapping[str, int]]) -> str:
    """The picture in words."""
    busiest = max(hours, key=lambda hour: hour["payments"])
    worst = max(hours, key=lambda hour: hour["flagged"])
    said = f"Most payments from {busiest['hour']:02}:00: {busiest['payments']:,}"
    if not worst["flagged"]:
        return f"{said}; none flagged."
    return f"{said}; most flagged from {worst['hour']:02}:00: {worst['flagged']:,}."


def _payment(payment: Mapping[str, Any]) -> dict[str, Any]:
    probability = payment["probability"]
    return {
        **payment,
        "card": card_text(payment["last4"]),
        "amount": amount_text(payment["amount_cents"], payment["currency"]),
        "probability_text": "not scored" if probability is None else f"{probability_text(probability)} likely fraud",
        "severe": probability is not None and probability >= SEVERE_PROBABILITY,
        "known": ", ".join(
            filter(None, [payment["label"], "" if payment["flagged"] else "not flagged by us", payment.get("events")])
        ),
    }


def _nothing_missed(content: Mapping[str, Any]) -> str:
    if content["gaps"]:
        return ""
    if content["was_live"]:
        return "Nothing: no minute is missing, nothing is open in quarantine, every alert went out."
    imported = "These payments were imported as history, which is never alerted. " if content["payment_count"] else ""
    return f"{imported}No minute ran on this day."


def _sum(content: Mapping[str, Any], cents: str) -> str:
    """A total in words, currencies without any left out."""
    amounts = [(sums[cents], sums["currency"]) for sums in content["amounts"]]
    return totals_text([one for one in amounts if one[0]] or amounts)
