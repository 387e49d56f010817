"""The model page: truths about flags, and none invented where labels lack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Open = Callable[..., Any]
Text = Callable[[Any], str]


def test_without_labels_it_says_when_they_come(store: Any, open_page: Open, text: Text) -> None:
    """No precision from nothing: the first day with labels is named."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    read = text(open_page("model"))
    assert "none judged yet: verdicts count at once" in read
    assert "No flag is judged yet" in read
    assert "1 day, Thu 19 Nov, in UTC; today is not in." in read
    assert "First numbers on Friday, 27 November 2026" in read


def test_verdicts_make_a_precision(store: Any, open_page: Open, text: Text) -> None:
    """Right flags of the judged ones, with the interval a small number deserves."""
    for number, verdict in enumerate(["fraud", "fraud", "fraud", "not_fraud"]):
        store.label(store.payment(f"p{number}", "2026-11-19T10:31Z", flagged=True), verdict)
    read = text(open_page("model"))
    assert "75%" in read
    assert "3 of 4 judged; with 95% certainty 30% to 95% of all" in read


def test_another_threshold_is_counted_from_stored_payments(store: Any, open_page: Open, text: Text) -> None:
    """Lowering it would have caught one more fraud, for one false alert more."""
    for name, probability, fraud in (
        ("caught", 0.95, True),
        ("missed", 0.6, True),
        ("false", 0.55, False),
        ("calm", 0.1, False),
    ):
        store.payment(
            name,
            "2026-11-10T10:31Z",
            fraud_probability=probability,
            flagged=probability > 0.9,
            payload_is_fraud=fraud,
        )
    page = open_page("model")
    assert "50% of the known frauds" in text(page)
    page.slider[0].set_value(50.0).run()
    read = text(page)
    assert "100% of the known frauds" in read
    assert "67%" in read


def test_without_payload_labels_it_says_what_can_be_known(store: Any, open_page: Open, text: Text) -> None:
    """Verdicts on flags alone: a lower threshold brings its alerts, and nobody claims to know what they are."""
    store.payment("first", "2026-11-08T10:31Z")
    for number in range(3):
        store.label(store.payment(f"f{number}", f"2026-11-09T10:3{number}Z", flagged=True), "fraud")
        store.payment(f"u{number}", f"2026-11-09T11:3{number}Z", fraud_probability=0.3)
    page = open_page("model")
    page.slider[0].set_value(20.0).run()
    read = text(page)
    assert ">6<" in read.split("Alerts a day")[1].split("on average")[0]
    assert (
        "Alerts count every payment, but frauds are known only among the 50.0% that have a label (50.0% of the "
        "alerts): frauds among the others stand in no number here." in read
    )
    page.slider[0].set_value(50.0).run()
    assert "(100.0% of the alerts and 0.0% of the payments below)" in text(page)


def test_without_any_label_alerts_are_counted_all_the_same(store: Any, open_page: Open, text: Text) -> None:
    """How many there would have been needs no label; what they caught is not called none."""
    store.payment("first", "2026-11-08T10:31Z")
    store.payment("p", "2026-11-09T10:31Z", flagged=True)
    read = text(open_page("model"))
    assert ">1<" in read.split("Alerts a day")[1].split("on average")[0]
    assert ">—<" in read.split("Frauds caught a day")[1].split("Frauds missed a day")[0]


def test_what_a_day_brings_leaves_out_the_first_day(store: Any, open_page: Open, text: Text) -> None:
    """One alert in the afternoon it began, four on the next day: four a day. Of the afternoon alone nothing is said."""
    store.payment("first", "2026-11-10T15:00Z", fraud_probability=0.95, flagged=True, payload_is_fraud=True)
    read = text(open_page("model"))
    assert read.count("no whole day has its labels yet") == 1
    assert "100% of the known frauds" in read
    assert "of the first day stored, a part of a day: what a whole day brings is said a day later." in read
    for number in range(4):
        store.payment(f"p{number}", f"2026-11-11T0{number}:00Z", fraud_probability=0.95, flagged=True,
                      payload_is_fraud=True)  # fmt: skip
    read = text(open_page("model"))
    assert "no whole day" not in read
    assert ">4<" in read.split("Alerts a day")[1].split("on average")[0]
    assert "Counted are the stored payments of 1 whole day whose labels are in." in read


def test_the_random_sample_estimates_what_is_missed(store: Any, open_page: Open, text: Text) -> None:
    """With an interval; a day counts once all of its sample is judged."""
    for number in range(10):
        store.label(store.payment(f"p{number}", "2026-11-19T10:31Z"), "not_fraud" if number else "fraud")
    store.label(store.payment("the day before", "2026-11-18T10:31Z"), "unsure")
    store.label("p0", "withdrawn")
    assert "judge the random sample on the Review page; 1 day begun, none judged to its end" in text(open_page("model"))
    store.label("p0", "fraud")
    read = text(open_page("model"))
    assert "10.00%" in read
    assert "1 of 10 drawn at random and judged" in read


def test_before_the_first_payment_nothing_is_judged(store: Any, open_page: Open, text: Text) -> None:
    """And the page says what will stand there."""
    assert "No payments yet" in text(open_page("model"))


def test_a_shadow_model_stands_beside_the_live_one(store: Any, open_page: Open, text: Text) -> None:
    """What only one of the two flagged, with what became of it."""
    for name, live, shadow in (
        ("both", True, True),
        ("live", True, False),
        ("shadow", False, True),
        ("calm", False, False),
    ):
        store.payment(name, "2026-11-19T10:31Z", flagged=live)
        store.insert("shadow_scores", trans_num=name, model_hash="c0ffee", raw_score=0.5, fraud_probability=0.5,
                     threshold=0.4, flagged=shadow)  # fmt: skip
    store.label("shadow", "fraud")
    read = text(open_page("model"))
    assert "Shadow c0ffee: 4 payments" in read
    row = read.split("only the shadow")[1].split("</tr>")[0]
    assert row.count("<div>1</div>") == 2
