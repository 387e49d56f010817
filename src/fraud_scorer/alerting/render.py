"""Render a message: e-mail (text and HTML) and chat text, from its frozen content and the templates beside this file.

A kind of message is a view (its templates' values) and three templates: ``<kind>.txt.j2``, ``<kind>.html.j2``
and ``<kind>.slack.j2``. The same message always renders to the same bytes, so that a retry repeats the mail exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined

from fraud_common.money import amount_text, totals_text
from fraud_common.text import count_text, probability_text
from fraud_scorer.alerting.morning_mail_view import daily_view
from fraud_scorer.alerting.wording import card_text, clean
from fraud_scorer.domain.ports import Message

PAYMENTS_SHOWN = 10
SEVERE_PROBABILITY = 0.9


def render_email(message: Message, *, sender: str) -> EmailMessage:
    """The e-mail of a message: multipart/alternative, 7-bit clean, the same bytes every time.

    Args:
        message: of channel ``email``.
        sender: as ``Name <address>``.

    Raises:
        KeyError: the kind is unknown, or the content lacks a value that its view needs.
    """
    view = VIEWS[message.kind](message.content)
    email = EmailMessage(policy=SMTP if message.recipient.isascii() else SMTPUTF8)
    email["From"] = _address(sender)
    email["To"] = _address(message.recipient)
    email["Subject"] = view["subject"]
    email["Date"] = format_datetime(datetime.fromisoformat(str(message.content["made_at"])))
    email["Message-ID"] = f"<{clean(message.message_id, 200)}>"
    email["List-Id"] = f"Fraud scorer {message.kind} <{message.kind}.fraud-scorer.{domain_of(sender)}>"
    email["Auto-Submitted"] = "auto-generated"
    email["X-Auto-Response-Suppress"] = "All"
    email.set_content(_template(f"{message.kind}.txt.j2", view), cte="quoted-printable")
    email.add_alternative(_html(f"{message.kind}.html.j2", view), subtype="html", cte="quoted-printable")
    email.set_boundary("=_" + hashlib.sha256(message.message_id.encode()).hexdigest()[:32])
    return email


def render_slack(message: Message) -> dict[str, object]:
    """The body of a Slack-compatible webhook call: everything in ``text``, which every such server understands."""
    view = VIEWS[message.kind](message.content)
    return {"text": _template(f"{message.kind}.slack.j2", view).strip(), "unfurl_links": False, "unfurl_media": False}


def subject_of(message: Message) -> str:
    """The subject alone, for lists."""
    return str(VIEWS[message.kind](message.content)["subject"])


def text_of(message: Message) -> str:
    """The text part alone, for the command line."""
    return _template(f"{message.kind}.txt.j2", VIEWS[message.kind](message.content))


def domain_of(sender: str) -> str:
    """The domain of ``Name <local@domain>`` in ASCII; ``localhost`` if it has none.

    >>> domain_of("Fraud scorer <fraud-scorer@example.org>")
    'example.org'
    """
    domain = parseaddr(sender)[1].rpartition("@")[2]
    try:
        return domain.encode("idna").decode("ascii") or "localhost"
    except UnicodeError:
        return "localhost"


def _alert_view(content: Mapping[str, Any]) -> dict[str, Any]:
    payments = [_payment_view(payment) for payment in content["payments"]]
    worst, left_out = payments[0], payments[PAYMENTS_SHOWN:]
    headline = count_text(len(payments), "suspicious payment")
    total = _total(payments)
    return {
        **content,
        "payments": payments,
        "shown": payments[:PAYMENTS_SHOWN],
        "left_out": f"{len(left_out):,}" if left_out else "",
        "left_out_total": _total(left_out),
        "headline": headline,
        "total": total,
        "threshold_text": probability_text(content["threshold"]),
        "subject": f"{headline}, {total}: {', '.join(filter(None, (worst['card'], clean(worst['merchant'], 40))))}",
        "preview": "; ".join([f"{worst['amount']} at {worst['merchant']}", *worst["reasons"]]),
    }


def _payment_view(payment: Mapping[str, Any]) -> dict[str, Any]:
    distance_km, place = payment["distance_km"], payment["place"]
    card, holder = card_text(payment["last4"]), f"holder in {place}" if place else ""
    return {
        **payment,
        "card": card,
        "payer": [part for part in (card, holder) if part],
        "amount": amount_text(payment["amount_cents"], payment["currency"]),
        "probability_text": probability_text(payment["probability"]),
        "severe": payment["probability"] >= SEVERE_PROBABILITY,
        "distance": "" if distance_km is None else f"Shop {distance_km:,} km from the holder's home",
    }


def _total(payments: list[dict[str, Any]]) -> str:
    return totals_text((payment["amount_cents"], payment["currency"]) for payment in payments)


def _operator_view(content: Mapping[str, Any]) -> dict[str, Any]:
    made_at = datetime.fromisoformat(content["made_at"])
    return {
        **content,
        "subject": content["title"],
        "preview": content["lines"][0] if content["lines"] else content["title"],
        "made_at_text": f"{made_at:%Y-%m-%d %H:%M:%S %Z}",
    }


VIEWS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "alert": _alert_view,
    "operator": _operator_view,
    "daily": daily_view,
}


def _address(text: str) -> Address | str:
    name, address = parseaddr(clean(text, 320))
    return Address(display_name=name, addr_spec=address) if address.isascii() and "@" in address else address


def _html(name: str, view: Mapping[str, Any]) -> str:
    return _inliner().inline(_template(name, view))


def _template(name: str, view: Mapping[str, Any]) -> str:
    return _environment(name.split(".")[-2]).get_template(name).render(view)


@lru_cache(maxsize=3)
def _environment(form: str) -> Environment:
    return Environment(
        loader=PackageLoader("fraud_scorer.alerting"),
        autoescape=form == "html",  # noqa: S701 - text needs no escaping, chat text has its own
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_escape_slack if form == "slack" else None,
    )


def _escape_slack(value: object) -> object:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if isinstance(value, str) else value


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)
