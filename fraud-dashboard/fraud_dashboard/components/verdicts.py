"""Buttons that record a verdict (fraud, not fraud, unsure), take it back, and snooze a card or merchant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from fraud_dashboard.access.sign_in import Person
from fraud_dashboard.components.page_frame import guarded
from fraud_dashboard.data.database import ask, write
from fraud_dashboard.data.frames import rows
from fraud_dashboard.text import formats

# says, button, key on the keyboard
VERDICTS = [("fraud", "Fraud", "F"), ("not_fraud", "Not fraud", "N"), ("unsure", "Unsure", "U")]
SNOOZES = {"8 hours": 8, "1 day": 24, "3 days": 72, "1 week": 168}
LAST_VERDICT = "last_verdict"
NOTE_LETTERS = 500


@guarded
def give(trans_num: str, verdict: str, person: Person, note_key: str, once: bool) -> None:
    """Record a verdict with the note that stands in the session under ``note_key``; remember it, to be taken back.

    Args:
        trans_num: the payment.
        verdict: one of ``VERDICTS``.
        person: a viewer records nothing.
        note_key: where the note stands.
        once: the payment leaves the page with its verdict. A key pressed before the next one is drawn is meant for
            the next one: it is left out, and does not overwrite what was just said.
    """
    if not person.may_review or (once and has_left(st.session_state.get(LAST_VERDICT), trans_num)):
        return
    written = str(st.session_state.get(note_key) or "")[:NOTE_LETTERS].strip()
    label_id = write("record_verdict", trans_num=trans_num, verdict=verdict, author=person.name, note=written)
    st.session_state[note_key] = ""
    if label_id is None:
        st.toast("This payment is not stored any more.", icon=":material/error:")
        return
    st.session_state[LAST_VERDICT] = {"label_id": label_id, "trans_num": trans_num, "verdict": verdict}
    st.toast(f"Recorded: {formats.verdict(verdict)}, by {formats.as_markdown(person.name)}.", icon=":material/check:")


def has_left(last: dict[str, Any] | None, trans_num: str) -> bool:
    """Whether the session's last verdict took this payment out of the queue (unsure leaves it to be judged)."""
    return last is not None and last["trans_num"] == trans_num and last["verdict"] != "unsure"


@guarded
def take_back(label_id: int, person: Person) -> None:
    """Undo a verdict, unless somebody has said something since."""
    if not person.may_review:
        return
    undone = write("undo_verdict", label_id=label_id, author=person.name)
    st.session_state.pop(LAST_VERDICT, None)
    if undone is None:
        st.toast("Somebody has given another verdict since; theirs stands.", icon=":material/info:")
    else:
        st.toast("Taken back.", icon=":material/undo:")


def buttons(trans_num: str, person: Person, *, keyboard: bool, beside: Callable[[], None] = lambda: None) -> None:
    """The three verdicts and a note.

    Args:
        trans_num: the payment.
        person: who is at the page; a viewer is told that verdicts need a reviewer.
        keyboard: F, N and U press the buttons, and the next payment follows.
        beside: draws what stands in the same row, behind the verdicts.
    """
    if not person.may_review:
        st.caption("You can look; verdicts need the role reviewer.")
        beside()
        return
    note_key = f"note-{trans_num}"
    st.text_input("Note", key=note_key, placeholder="why (optional)", max_chars=NOTE_LETTERS)
    with st.container(horizontal=True):
        for says, text, letter in VERDICTS:
            st.button(
                text,
                key=f"say-{says}-{trans_num}",
                on_click=give,
                args=(trans_num, says, person, note_key, keyboard),
                shortcut=letter if keyboard else None,
            )
        beside()


def statements(trans_num: str, person: Person) -> None:
    """The payment's verdicts and labels so far, and a button that takes the person's latest verdict back."""
    said = ask("payment_statements", trans_num=trans_num)
    for row in rows(said):
        st.markdown(_statement(row))
    verdicts = said[said["source"] == "verdict"]
    if person.may_review and len(verdicts) and verdicts.iloc[0]["verdict"] != "withdrawn":
        latest = int(verdicts.iloc[0]["label_id"])
        st.button("Take the verdict back", icon=":material/undo:", on_click=take_back, args=(latest, person))


def _statement(row: Any) -> str:
    whose = {"verdict": "Verdict", "chargeback": "Chargeback", "payload": "Payments API"}[row.source]
    note = f" — {formats.as_markdown(row.note)}" if isinstance(row.note, str) else ""
    who = f" by {formats.as_markdown(row.author)}" if row.source == "verdict" else ""
    return f"{whose}: **{formats.verdict(row.verdict)}**{who}, {formats.moment(row.known_at_local)}{note}"


def snoozing(payment: Any, person: Person, *, first: str = "card") -> None:
    """Offer to snooze a payment's card or merchant, and to end snoozes that are in force.

    Args:
        payment: a row with trans_num, card_last4 and merchant.
        person: who is at the page.
        first: which of the two is offered first.
    """
    for row in rows(ask("payment_snoozes", trans_num=payment.trans_num)):
        st.info(
            f"No mail about this {row.subject} until {formats.moment(row.until_local)} "
            f"(by {formats.as_markdown(row.author)}). It is still scored and flagged."
        )
        if person.may_review:
            st.button("End the snooze", key=f"end-{row.snooze_id}", on_click=_end, args=(int(row.snooze_id), person))
    if person.may_review:
        _offer(payment, person, first)
    else:
        st.caption("A snooze needs the role reviewer.")


def _offer(payment: Any, person: Person, first: str) -> None:
    digits = formats.card(payment.card_last4)
    names = {
        "card": f"this card ({digits})" if digits else "this card",
        "merchant": f"this merchant ({formats.merchant(payment.merchant)})",
    }
    trans_num = payment.trans_num
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = list(names).index(first) if first in names else 0
        subject = st.selectbox(
            "No mails about", list(names), index=start, format_func=names.__getitem__, width=260,
            key=f"snooze-{trans_num}",
        )  # fmt: skip
        span = st.selectbox("for", list(SNOOZES), index=1, width=120, key=f"for-{trans_num}")
        st.button(
            "Snooze", type="primary", on_click=_snooze, args=(trans_num, str(subject), SNOOZES[str(span)], person)
        )
    st.caption("Its payments are still scored, flagged and shown here; only the mails stop until then.")


@guarded
def _snooze(trans_num: str, subject: str, hours: int, person: Person) -> None:
    made = write("snooze", trans_num=trans_num, subject=subject, hours=hours, author=person.name, note="")
    if made is not None:
        st.toast(f"No mail about this {subject} for {formats.count(hours, 'hour')}.", icon=":material/snooze:")


@guarded
def _end(snooze_id: int, person: Person) -> None:
    write("end_snooze", snooze_id=snooze_id, author=person.name)
    st.toast("Mails are sent again.", icon=":material/notifications:")
