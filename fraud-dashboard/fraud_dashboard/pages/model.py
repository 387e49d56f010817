"""The model page: the share of flags that were right, the missed frauds, and the effect of another threshold."""

from __future__ import annotations

import math
from datetime import timedelta

import pandas as pd
import streamlit as st

from fraud_dashboard.charts import plots
from fraud_dashboard.components import drift_section, html, shadow_model
from fraud_dashboard.components.html import Card
from fraud_dashboard.data import flag_quality
from fraud_dashboard.data.database import ReportState, ask, ask_cached, report_state
from fraud_dashboard.text import formats

DAYS = 35
NO_WHOLE_DAY = "no whole day has its labels yet"
FEWEST_FRAUDS = 20  # below, shares are told with a warning


def render() -> None:
    """Draw the page."""
    state = report_state()
    st.title("Model")
    if state.first_day is None:
        st.info(
            "No payments yet. Scores stand here from the first day on, judgements once labels and verdicts come in."
        )
        return
    volume = ask_cached("model_volume", state.version).iloc[0]
    days = min(DAYS, max((state.today - state.first_day).days, 1))
    seconds = flag_quality.slice_seconds(float(volume["payments_a_day"]), days)
    scores = ask_cached("model_scores", str(state.today) + str(state.last_day), days=DAYS, slice_seconds=seconds)
    flagged = ask_cached("model_flagged", state.version, days=DAYS)
    if scores.empty:
        st.info("Judged are days that are over, and none of them has a scored payment yet: come back tomorrow.")
        return
    st.caption(_what(state, volume, seconds, scores))
    judged = flag_quality.judged_days(scores, state.today, state.label_delay_days)
    labelled = judged[judged["label"].notna()]
    _cards(flagged, labelled, 3600 / seconds, state)
    _flags(flagged, state)
    _thresholds(judged, volume["threshold"], 3600 / seconds, state)
    left, right = st.columns(2, gap="large")
    with left:
        _calibration(labelled)
    with right:
        _distribution(scores)
    drift_section.render(state)
    shadow_model.render(state, float(volume["payments_a_day"]))


def _what(state: ReportState, volume: pd.Series, seconds: int, scores: pd.DataFrame) -> str:
    model = f"Model {str(volume['model_hash'])[:12]}. " if isinstance(volume["model_hash"], str) else ""
    first, last, number = scores["day"].min(), scores["day"].max(), scores["day"].nunique()
    span = formats.short_day(first) if first == last else f"{formats.short_day(first)} to {formats.short_day(last)}"
    sampled = "" if seconds == 3600 else (
        f" Frauds caught and missed, and the curves, count the first {formats.count(seconds, 'second')} of each hour "
        "as a sample."
    )  # fmt: skip
    return f"{model}{formats.count(number, 'day')}, {span}, in {state.time_zone}; today is not in.{sampled}"


def _cards(flagged: pd.DataFrame, labelled: pd.DataFrame, scale: float, state: ReportState) -> None:
    total = flagged["payments"].sum()
    judged = flagged[flagged["label"].notna()]["payments"].sum()
    right = flagged[flagged["label"] == "fraud"]["payments"].sum()
    frauds = labelled[labelled["label"] == "fraud"]
    html.cards(
        [
            Card("Flags that were right", formats.share(right, judged, decimals=0), _of_judged(right, judged, state)),
            Card("Flags judged", formats.share(judged, total, decimals=0),
                 f"{judged:,} of {formats.count(total, 'flagged payment')}, "
                 "by verdict, chargeback or the payments API"),
            Card("Known frauds that we flagged",
                 formats.share(frauds["flagged"].sum(), frauds["payments"].sum(), decimals=0),
                 _of_frauds(labelled, scale, state)),
            Card("Frauds among the unflagged", *_missed()),
        ]
    )  # fmt: skip


def _of_judged(right: float, judged: float, state: ReportState) -> str:
    if not judged:
        return f"none judged yet: verdicts count at once, the payments API's word {_delay(state)} after the payment"
    low, high = flag_quality.wilson(right, judged)
    return f"{right:,} of {judged:,} judged; with 95% certainty {low:.0%} to {high:.0%} of all"


def _delay(state: ReportState) -> str:
    return formats.days(state.label_delay_days)


def _of_frauds(labelled: pd.DataFrame, scale: float, state: ReportState) -> str:
    if labelled.empty:
        return f"known from {formats.short_day(_first_labels(state))} on, {_delay(state)} after the first payments"
    frauds = labelled.loc[labelled["label"] == "fraud", "payments"].sum()
    about = "about " if scale > 1 else ""
    return f"of {about}{formats.count(frauds * scale, 'fraud')} in payments older than {_delay(state)}"


def _missed() -> tuple[str, str]:
    said = ask("model_sample", days=DAYS, most=flag_quality.SAMPLE_A_DAY).iloc[0]
    hits, tries = float(said["frauds"]), float(said["payments"])
    if not tries:
        begun = f"; {formats.count(said['begun'], 'day')} begun, none judged to its end" if said["begun"] else ""
        return "—", f"nobody knows yet: judge the random sample on the Review page{begun}"
    low, high = flag_quality.wilson(hits, tries)
    span = f"{100 * low:.1f} to {100 * high:.1f}%"
    return formats.share(
        hits, tries
    ), f"{hits:,.0f} of {tries:,.0f} drawn at random and judged; with 95% certainty {span} of all"


def _flags(flagged: pd.DataFrame, state: ReportState) -> None:
    st.subheader("What became of the flags")
    if flagged.empty:
        st.write("Nothing was flagged in these days.")
        return
    if flagged["label"].isna().all():
        st.write(
            "No flag is judged yet. Verdicts on the Review page show here at once, the payments API's labels "
            f"{_delay(state)} after the payment."
        )
    names = {"fraud": "fraud", "not_fraud": "not fraud"}
    became = flagged["label"].map(names).fillna("not known yet")
    drawn = flagged.assign(became=became).groupby(["day", "became"])["payments"].sum().reset_index()
    st.altair_chart(plots.flags(drawn), alt="Flagged payments by day: frauds, not frauds, and not known yet.")
    st.caption("From the bottom: known frauds, known not to be, not known yet.")


def _thresholds(judged: pd.DataFrame, in_force: float | None, scale: float, state: ReportState) -> None:
    st.subheader("Another threshold")
    if judged.empty:
        st.write(
            "What another threshold would have caught can be said once a day's labels are in, which the payments API's "
            f"are after {_delay(state)}. First numbers on {formats.long_day(_first_labels(state))}."
        )
        return
    now = None if in_force is None or math.isnan(in_force) else float(in_force)
    start = round(200 * min(max(now or 0.9, 0.005), 0.995)) / 2
    chosen = st.slider("Flag from this probability on", 0.5, 99.5, start, 0.5, "%.1f%%")
    assert state.first_day is not None
    whole = flag_quality.whole_days(judged, state.first_day)
    counted = judged if whole.empty else whole  # shares can be told of a part of a day, what a day brings cannot
    result = flag_quality.at_threshold(counted, chosen / 100, scale)

    def a_day(number: float) -> str:
        return "—" if whole.empty else formats.usual_count(number)

    def known_a_day(number: float) -> str:
        return a_day(number) if counted["label"].notna().any() else "—"

    html.cards(
        [
            Card("Alerts a day", a_day(result.alerts_a_day), NO_WHOLE_DAY if whole.empty else "on average"),
            Card("Frauds caught a day", known_a_day(result.caught_a_day), _share(result.caught, "of the known frauds")),
            Card("Frauds missed a day", known_a_day(result.missed_a_day), "known frauds below it"),
            Card("Alerts that are right", _share(result.right, ""), "of the alerts with a label"),
        ]
    )
    st.caption(_remark(counted, now, is_whole=not whole.empty) + _known(counted, result))


def _first_labels(state: ReportState) -> pd.Timestamp:
    assert state.first_day is not None
    return pd.Timestamp(state.first_day + timedelta(days=math.ceil(state.label_delay_days) + 1))


def _share(value: float | None, of: str) -> str:
    return "—" if value is None else f"{100 * value:.0f}% {of}".strip()


def _remark(counted: pd.DataFrame, in_force: float | None, *, is_whole: bool) -> str:
    frauds = counted.loc[counted["label"] == "fraud", "payments"].sum()
    few = f" Only {formats.count(frauds, 'known fraud')}: take the shares as a hint." if frauds < FEWEST_FRAUDS else ""
    now = f"In force now: {formats.probability(in_force)}. " if in_force is not None else ""
    days = f"{formats.count(counted['day'].nunique(), 'whole day')} whose labels are in"
    days = days if is_whole else "the first day stored, a part of a day: what a whole day brings is said a day later"
    return (
        f"{now}Counted are the stored payments of {days}. The slider only tries, in steps of "
        f"half a percent: what is in force is set by FRAUD_THRESHOLD.{few}"
    )


def _known(counted: pd.DataFrame, result: flag_quality.AtThreshold) -> str:
    """A sentence on the payments whose frauds can be known at all; empty if every payment has a label."""
    unknown = counted.loc[counted["label"].isna(), "payments"].sum()
    if not unknown:
        return ""
    among = formats.share(counted["payments"].sum() - unknown, counted["payments"].sum(), decimals=1)
    parts_known = [
        f"{formats.share(share, 1, decimals=1)} of {which}"
        for share, which in ((result.alerts_known, "the alerts"), (result.others_known, "the payments below"))
        if share is not None
    ]
    return (
        f" Alerts count every payment, but frauds are known only among the {among} that have a label "
        f"({' and '.join(parts_known)}): frauds among the others stand in no number here."
    )


def _calibration(labelled: pd.DataFrame) -> None:
    st.subheader("Is 80% really 80%?")
    if labelled.empty:
        st.write("Can be said once a day's labels are in: the same day as the first numbers above.")
        return
    drawn = flag_quality.calibration(labelled)
    st.altair_chart(
        plots.calibration(drawn), alt="Share of frauds against the probability said; the diagonal is right."
    )
    st.caption(
        "Each point is a group of payments: to the right what the model said, upwards what came true. On the dashed "
        "line it is exactly right; above, frauds are more frequent than said. A group holds at least "
        f"{flag_quality.FEWEST_IN_GROUP} payments."
    )


def _distribution(scores: pd.DataFrame) -> None:
    st.subheader("All probabilities")
    st.altair_chart(plots.distribution(flag_quality.distribution(scores)), alt="Payments by probability, logarithmic.")
    st.caption("Payments by probability; each step upwards is ten times as many.")
