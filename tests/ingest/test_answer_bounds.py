"""Whatever an answer of the payments API holds, judging it costs no more than docs/connect-your-own-api.md promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fraud_scorer.ingest.bounds import MOST_OBJECTS, MOST_RECORDS, MOST_VALUES

LAB = Path(__file__).with_name("answers_at_the_limit.py")
CPU_SECONDS, MEGABYTES = 60, 1536
pytestmark = pytest.mark.timeout(1800)  # all answers are judged for the first test: a minute, more on a busy machine
REFUSED = {  # by the limit that is passed
    "keys of their own, 64 MB": f"more than {MOST_OBJECTS:,}",
    "empty records, 64 MB": f"more than {MOST_OBJECTS:,}",
    "records of one key, 64 MB": f"more than {MOST_OBJECTS:,}",
    "empty rows, 64 MB": f"more than {MOST_VALUES:,}",
    "nulls, 64 MB": f"more than {MOST_VALUES:,}",
    "numbers instead of records, 64 MB": f"more than {MOST_VALUES:,}",
    "arrays instead of records, 64 MB": f"more than {MOST_VALUES:,}",
    "nested arrays, 64 MB": f"more than {MOST_VALUES:,}",
    "64 MB of commas": f"more than {MOST_VALUES:,}",
    "escaped braces in a text": f"more than {MOST_OBJECTS:,}",
    "records of one field": f"more than {MOST_RECORDS:,}",
    "a million columns twice": "columns twice",
    "40,000 columns twice": "columns twice",
    "good until its last byte": "not JSON from character",
    "a page of HTML of 64 MB": "HTML",
    "64 MB of spaces": "empty",
    "a nested column name": "a list or an object for its name",
}
KEPT_APART = 20_000


@pytest.fixture(scope="module")
def judged():
    """What became of each answer, by its name; one that broke a limit is missing."""
    limits = [str(CPU_SECONDS), str(MEGABYTES)]
    done = subprocess.run([sys.executable, LAB, *limits], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["answer"]: line for line in lines}


@pytest.fixture(scope="module")
def answers():
    """The names of all answers."""
    return subprocess.run([sys.executable, LAB, "names"], capture_output=True, text=True).stdout.splitlines()


def test_every_answer_is_judged_within_the_promised_seconds_and_memory(judged, answers):
    """Sixty seconds of CPU and 1.5 GB beside the body, from bytes to quarantined records."""
    assert set(judged) == set(answers)


@pytest.mark.parametrize(("answer", "says"), REFUSED.items())
def test_an_answer_beyond_a_limit_is_refused_as_a_whole_and_names_it(judged, answer, says):
    """One line in quarantine, and the limit that was passed."""
    assert says in judged[answer]["error"]
    assert (judged[answer]["kept"], judged[answer]["reasons"]) == (1, ["answer_unreadable"])


def test_what_is_not_refused_is_accounted_for_record_by_record(judged):
    """Every record is a payment or bad; of bad ones twenty thousand are kept apart, the others told in one line."""
    for answer in set(judged) - set(REFUSED):
        line = judged[answer]
        assert line["received"] == line["valid"] + line["bad"], answer
        assert line["kept"] == min(line["bad"], KEPT_APART + 1) or "kept_only_in_landing" in line["reasons"], answer
        assert "reading_failed" not in line["reasons"], answer
