"""Taking codes and track data out ends in time, whatever the answer: extract must land before its budget is over."""

import subprocess
import sys

import pytest

from fraud_scorer.ingest.bounds import MOST_VALUES
from fraud_scorer.ingest.sensitive_data import without_sensitive

CPU_SECONDS = 20  # of 8 MB; the largest of them takes a third of that on a machine that does nothing else
SCRIPT = """
import resource, sys
from fraud_scorer.ingest.sensitive_data import SensitiveFields, without_sensitive

name, size, seconds = sys.argv[1], 8_000_000, int(sys.argv[2])

def text(unit):
    return b'[{"memo":"' + unit * (size // len(unit)) + b'"}]'

def after_a_code(unit, end=b"0]"):
    return b'[{"cvv":123},' + unit * (size // len(unit)) + end

body, map_of_it = {
    "carets": lambda: (text(b"^ab"), ()),
    "equals signs": lambda: (text(b"=123"), ()),
    "letters D before digits": lambda: (text(b"D1234567"), ()),
    "parts of names": lambda: (text(b"pin "), ()),
    "values under a deep path": lambda: (after_a_code(b"[" * 900 + b"1" + b",1" * 2_000 + b"]" * 900 + b","), ["a.b"]),
    "texts like JSON": lambda: (after_a_code(b'"[abcde",'), ()),
    "numbers": lambda: (after_a_code(b"1,"), ()),
    "records with a code": lambda: (b"[" + b'{"trans_num":"a1b2c3d4","amt":1.50,"cvv":"739"},' * 160_000 + b"0]", ()),
    "names of their own": lambda: (b'[{"cvv":1,' + b",".join(b'"k%d":1' % n for n in range(size // 24)) + b"}]", ()),
}[name]()
used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
resource.setrlimit(resource.RLIMIT_CPU, (int(used) + 1 + seconds,) * 2)
without_sensitive(body, SensitiveFields(remove=tuple(map_of_it)))
"""
NAMES = (
    "carets", "equals signs", "letters D before digits", "parts of names", "values under a deep path",
    "texts like JSON", "numbers", "records with a code", "names of their own",
)  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_answer_is_cleaned_in_bounded_time(name):
    """Its child process is killed by the kernel where it takes more CPU."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, name, str(CPU_SECONDS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.integration  # takes seconds
def test_an_answer_of_more_values_than_is_read_still_loses_its_codes():
    """It is cleaned as running text is, and what happened is told."""
    done = without_sensitive(b'[{"cvv":"739"}' + b",1" * MOST_VALUES + b"]")
    assert done.fault == "TooManyValuesError"
    assert b"739" not in done.body
