"""How a message looks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser

import pytest

from fraud_scorer.alerting.operator_mail import operator_message
from fraud_scorer.alerting.render import PAYMENTS_SHOWN, render_email, render_slack, subject_of

SENDER = "Fraud scorer <fraud-scorer@example.org>"
HOSTILE = '<img src=x onerror="alert(1)">&\r\nBcc: everyone@example.org\u202e'


class Outline(HTMLParser):
    """The links and the visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self._hidden = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        self.tags.append(tag)
        self._hidden += tag in ("style", "title")
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        """Collect."""
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        """Collect."""
        if not self._hidden:
            self.words.append(data)


def _parts(message):
    email = message_from_bytes(render_email(message, sender=SENDER).as_bytes(), policy=SMTP)
    plain, page = email.get_body(("plain",)), email.get_body(("html",))
    return email, plain.get_content().replace("\r\n", "\n"), page.get_content()


def test_subject_says_how_many_how_much_and_the_worst(desk):
    """The subject alone tells whether to open the mail."""
    desk.add("t1").add("t2", amount_cents=51_500, merchant="fraud_Rau Inc")
    [message] = desk.compose()

    email, _, _ = _parts(message)

    assert email["Subject"] == "2 suspicious payments, 1,482.10 USD: card …1486, Kuhn LLC"
    assert subject_of(message) == email["Subject"]


def test_a_card_whose_digits_are_unknown_is_left_out(desk):
    """An opaque card reference has no last four digits: no part of a mail or chat text shows a stump of them."""
    desk.add("t1", card_last4="").add("t2", card_last4="", city=None, state=None)
    [message] = desk.compose()

    email, plain, page = _parts(message)

    assert email["Subject"] == "2 suspicious payments, 1,934.20 USD: Kuhn LLC"
    assert "   Holder in Austin, TX\n" in plain
    for text in (email["Subject"], plain, " ".join(Outline(page).words), render_slack(message)["text"]):
        assert "…" not in text
        assert not re.search(r"[·,]\s*[·,]|[·,]\s*$", text, re.MULTILINE)


def test_headers(desk):
    """A mail carries the frozen Message-ID, its own date, a list, and the word that no one wrote it by hand."""
    [message] = desk.add("t1").compose()

    email, _, _ = _parts(message)

    assert email["Message-ID"] == f"<{message.message_id}>"
    assert email["Date"].datetime == datetime(2026, 11, 20, 10, 32, 4, tzinfo=UTC)
    assert email["Auto-Submitted"] == "auto-generated"
    assert email["List-Id"].endswith("<alert.fraud-scorer.example.org>")
    assert email.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in email.iter_parts()] == ["text/plain", "text/html"]


def test_same_message_same_bytes(desk):
    """A retry repeats the mail exactly."""
    [message] = desk.add("t1").compose()

    assert render_email(message, sender=SENDER).as_bytes() == render_email(message, sender=SENDER).as_bytes()


def test_both_parts_say_everything(desk):
    """Text and HTML each hold amount, merchant, place, time, card, probability, three reasons and both links."""
    [message] = desk.add("t1").compose()

    _, plain, page = _parts(message)
    outline = Outline(page)

    for text in (plain, "".join(outline.words)):
        for fact in ("967.10 USD", "Kuhn LLC", "Austin, TX", "Fri 20 Nov, 04:31:24 CST", "…1486", "97.0%", "2,432 km"):
            assert fact in text
        for reason in message.content["payments"][0]["reasons"]:
            assert reason in text
    for link in ("https://fraud.example.org/?payment=t1", "https://fraud.example.org/?payment=t1&snooze=card"):
        assert link in plain
        assert link in outline.links


def test_plain_text_has_no_gaps(desk):
    """The text part keeps single blank lines, whatever is missing in a payment."""
    desk.add("t1", category=None, city=None, state=None, home_lat=float("nan"))
    desk.decisions[0]["reasons"] = None
    [message] = desk.compose()

    _, plain, _ = _parts(message)

    assert "\n\n\n" not in plain
    assert "None" not in plain
    assert "nan" not in plain


def test_long_digest_is_cut(desk):
    """Ten payments are shown, the rest is counted and summed, and the subject counts all."""
    for number in range(PAYMENTS_SHOWN + 14):
        desk.add(f"t{number:02}", amount_cents=10_000 - number)
    [message] = desk.compose()

    email, plain, page = _parts(message)

    assert email["Subject"].startswith("24 suspicious payments, ")
    assert plain.count("Look: ") == PAYMENTS_SHOWN
    assert "and 14 more, 1,397.69 USD: https://fraud.example.org/?day=2026-11-20" in plain
    assert "and 14 more" in page
    assert len(email.as_bytes()) < 102_000  # mail clients cut what is longer


def test_currencies_are_not_added(desk):
    """Amounts of several currencies are summed each for itself."""
    [message] = desk.add("t1").add("t2", currency="JPY", amount_cents=1_500).compose()

    assert "1,500 JPY + 967.10 USD" in subject_of(message)


def test_hostile_merchant(desk):
    """A merchant's name can neither add a header, nor mark-up, nor turn the reading direction."""
    [message] = desk.add("t1", merchant=HOSTILE).compose()

    email, plain, page = _parts(message)

    assert "Bcc" not in email
    assert "\u202e" not in plain + page + email["Subject"]
    assert "\n" not in email["Subject"]
    assert "img" not in Outline(page).tags
    assert "&lt;img src=x" in page


def test_hostile_message_fields():
    """Line breaks in a recipient or Message-ID add no header either."""
    message = operator_message(
        message_id="a@b\r\nBcc: x@example.org",
        recipient="op@example.org\r\nBcc: y@example.org",
        title="Stalled\r\nBcc: z@example.org",
        lines=["<b>bold</b>"],
        facts={"<i>": "<u>"},
        action="Act",
        now=datetime(2026, 11, 20, tzinfo=UTC),
    )

    email = render_email(message, sender=SENDER)

    assert "Bcc" not in message_from_bytes(email.as_bytes(), policy=SMTP)
    assert not {"i", "u"} & set(Outline(email.get_body(("html",)).get_content()).tags)


def test_not_ascii_survives(desk):
    """Names in any script arrive as they were, in a mail that is 7-bit clean."""
    [message] = desk.add("t1", merchant="Müller & Söhne 株式会社", city="São Paulo").compose()

    raw = render_email(message, sender="Betrugswächter <fraud-scorer@example.org>").as_bytes()
    email = message_from_bytes(raw, policy=SMTP)

    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) <= 998
    assert "Müller & Söhne 株式会社" in email["Subject"]
    assert "São Paulo" in email.get_body(("plain",)).get_content()
    assert str(email["From"]) == "Betrugswächter <fraud-scorer@example.org>"


def test_no_card_number_anywhere(desk):
    """No run of digits as long as a card number's stands in mail or chat, nor the card's token."""
    [message] = desk.add("f" * 32).compose()

    email, plain, page = _parts(message)
    chat = str(render_slack(message))

    for text in (plain, page, chat, str(email)):
        assert not re.search(r"(?<![0-9a-f])\d{12,19}(?![0-9a-f])", text)
        assert "abababab" not in text


def test_dark_mode_is_kept(desk):
    """Styles are inline for the mail clients that read no others; the dark ones stay in the head."""
    [message] = desk.add("t1").compose()

    _, _, page = _parts(message)

    assert "@media (prefers-color-scheme: dark)" in page
    assert re.search(r'<td class="card" style="[^"]*background-color', page)
    assert page.count("<style") == 1


def test_slack_text(desk):
    """The chat gets one text that cannot call everyone or forge a link."""
    [message] = desk.add("t1", merchant="<!channel> & Co").compose()

    body = render_slack(message)

    assert body["text"].startswith("*1 suspicious payment, 967.10 USD*")
    assert "&lt;!channel&gt; &amp; Co" in body["text"]
    assert "<https://fraud.example.org/?payment=t1|Look>" in body["text"]


def test_operator_message():
    """The operator's mail says what happened, what it means, and what to do."""
    message = operator_message(
        message_id="stalled@example.org",
        recipient="operator@example.org",
        title="No minute has completed for 3 minutes",
        lines=["The scheduler may have stopped."],
        facts={"Last minute": "2026-11-20T10:31Z", "It says": "It`s"},
        action="Run `fraud-scorer status`, <at once>",
        now=datetime(2026, 11, 20, 10, 35, tzinfo=UTC),
    )

    email, plain, page = _parts(message)

    assert email["Subject"] == "No minute has completed for 3 minutes"
    for fact in ("The scheduler may have stopped.", "2026-11-20T10:31Z", "It`s"):
        assert fact in plain
        assert fact in page
    assert "Run `fraud-scorer status`, <at once>" in plain
    assert re.search(r"Run <code[^>]*>fraud-scorer status</code>, &lt;at once&gt;", page)
    assert "*What to do:* Run `fraud-scorer status`" in str(render_slack(message)["text"])


def test_unknown_kind_is_an_error(desk):
    """A kind that has no view cannot be rendered."""
    [message] = desk.add("t1").compose()

    with pytest.raises(KeyError):
        render_email(replace(message, kind="unheard-of"), sender=SENDER)
