"""Judges hostile answers, each in a process of its own under limits of CPU and memory; prints what became of them.

Run by test_answer_bounds.py: `python answers_at_the_limit.py CPU_SECONDS MEGABYTES [ANSWER ...]`; a line of JSON each.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pandas as pd

from fraud_scorer.domain.batches import Batch
from fraud_scorer.ingest.batch_reader import BatchReader, RawPart
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.ingest.validate import ValidationRules

LIMIT = 67_108_864  # bytes: the payments API's default limit
FIELDS = ("trans_num", "cc_num", "merchant", "amt", "current_time", "category", "city", "lat", "long", "city_pop")


def _many(unit: str, before: str = "[", after: str = "]", size: int = LIMIT) -> bytes:
    times = (size - len(before) - len(after)) // (len(unit) + 1)
    return (before + ",".join([unit] * times) + after).encode()


def _numbered(unit: str, records: int, before: str = "[", after: str = "]") -> bytes:
    return (before + ",".join(unit.replace("#", str(number)) for number in range(records)) + after).encode()


def _long(before: bytes, unit: bytes, after: bytes) -> bytes:
    return before + unit * ((LIMIT - len(before) - len(after)) // len(unit)) + after


def _wide(columns: int, letters: int, rows: int) -> bytes:
    names = ",".join(f'"c{number}{"x" * letters}"' for number in range(columns))
    row = "[" + ",".join(["0"] * columns) + "]"
    return f'{{"columns":[{names}],"data":[{",".join([row] * rows)}]}}'.encode()


ANSWERS: dict[str, Callable[[], bytes]] = {
    "a key of its own in each of 20,000 records": lambda: _numbered('{"c#":1}', 20_000),
    "keys of their own, 64 MB": lambda: _many('{"c123456":1}'),
    "2 million keys in one record": lambda: _numbered('"#":1', 2_000_000, "[{", "}]"),
    "nested keys of their own": lambda: _numbered('{"trans_num":{"c#":{"d#":[]}},"amt":1}', 25_000),
    "40,000 columns twice": lambda: _numbered('"c#","c#"', 40_000, '{"columns":[', '],"data":[]}'),
    "a million columns twice": lambda: _numbered('"c#","c#"', 1_000_000, '{"columns":[', '],"data":[]}'),
    "one key twice, 64 MB": lambda: _many('"a":1', "[{", "}]", 40_000_000),
    "300,000 empty records": lambda: _many("{}", after=',{"a":1}]', size=899_000),
    "empty records, 64 MB": lambda: _many("{}", after=',{"a":1}]'),
    "records of one key, 64 MB": lambda: _many('{"a":1}'),
    "records of one field": lambda: _many('{"a":1}', size=4_000_000),
    "empty rows, 64 MB": lambda: _many("[]", '{"columns":[],"data":[', "]}"),
    "nulls, 64 MB": lambda: _many("null"),
    "nulls among records": lambda: _many("null", after=',{"a":1}]', size=200_000),
    "numbers instead of records, 64 MB": lambda: _many("0"),
    "arrays instead of records, 64 MB": lambda: _many("[1,2]"),
    "nested arrays, 64 MB": lambda: b"[" * LIMIT,
    "nested objects, 64 MB": lambda: b'{"a":' * (LIMIT // 5),
    "nested values in each record": lambda: _many('{"trans_num":' + "[" * 900 + "]" * 900 + "}", size=8_000_000),
    "a nested column name": lambda: b'{"columns":[' + b"[" * 900 + b"]" * 900 + b'],"data":[]}',
    "numbers of 4,299 digits": lambda: _many("9" * 4299),
    "amounts of 3,999 digits": lambda: _many('{"amt":' + "9" * 3999 + "}", size=20_000_000),
    "one number of 64 MB": lambda: _long(b'[{"amt":', b"9", b"}]"),
    "one decimal of 64 MB": lambda: _long(b'[{"amt":0.', b"1", b"}]"),
    "one text of 64 MB": lambda: _long(b'[{"trans_num":"', b"x", b'"}]'),
    "one text of no UTF-8": lambda: _long(b'[{"trans_num":"', b"\xff", b'"}]'),
    "one text with a wide letter": lambda: _long(b'[{"trans_num":"\xf0\x9f\x98\x80', b"x", b'"}]'),
    "a million columns": lambda: _wide(1_000_000, 0, 2),
    "columns of long names": lambda: _wide(20, 10_000, 20_000),
    "few rows of longer names": lambda: _wide(2_000, 15_000, 3_500),
    "7 million short texts": lambda: _many('"ab"', '[{"x":[', "]}]", 36_000_000),
    "1.9 million small objects": lambda: _numbered('{"k#":1.1}', 1_900_000, '[{"x":[', "]}]"),
    "wrapped in a text twice": lambda: json.dumps(json.dumps(_many('{"a":"b"}', size=500_000).decode())).encode(),
    "escaped braces in a text": lambda: _long(b'"', b"\\u007b", b'"'),
    "UTF-16": lambda: _many('{"amt":"é"}', size=500_000).decode().encode("utf-16"),
    "100,000 bad records": lambda: _numbered('{"trans_num":"#","cc_num":7,"amt":"x","merchant":"m"}', 100_000),
    "bad in every field": lambda: _many(json.dumps({name: [] for name in FIELDS}), size=45_000_000),
    "booleans for numbers": lambda: _many('{"amt_minor":true,"lat":true,"zip":true}', size=2_000_000),
    "good until its last byte": lambda: _many('{"trans_num":"1","merchant":"' + "m" * 99 + '","x":{"y":[1,2]}}')[:-1],
    "a page of HTML of 64 MB": lambda: b"<" * LIMIT,
    "64 MB of spaces": lambda: b" " * LIMIT,
    "64 MB of commas": lambda: b"," * LIMIT,
}


def _status(name: str) -> int:
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith(name))


def _judged(body: bytes) -> dict[str, object]:
    reading = BatchReader(Batch.of_id("2026-11-20T10:31Z"), lambda record: record, FieldMap(), ValidationRules())
    reading.take(RawPart(1, datetime(2026, 11, 20, 10, 32, tzinfo=UTC), lambda: body))
    kept = pd.DataFrame(reading.quarantined)
    return {
        "received": reading.received, "bad": reading.bad, "valid": sum(map(len, reading.valid)), "kept": len(kept),
        "reasons": sorted(set(kept["reason"])), "error": "; ".join(reading.errors),
    }  # fmt: skip


def _try(name: str, cpu_seconds: int, megabytes: int) -> None:
    body = ANSWERS[name]()
    used, before = int(time.process_time()) + 1, _status("VmRSS")
    resource.setrlimit(resource.RLIMIT_CPU, (used + cpu_seconds,) * 2)
    resource.setrlimit(resource.RLIMIT_AS, ((_status("VmSize") + megabytes) * 1_048_576,) * 2)
    began = time.process_time()
    told = _judged(body)
    about = {"answer": name, "cpu_seconds": round(time.process_time() - began, 1), "mb": _status("VmHWM") - before}
    print(json.dumps(about | told), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["names"]:
        print("\n".join(ANSWERS))
        sys.exit()
    for answer in sys.argv[3:] or ANSWERS:
        child = os.fork()
        if not child:
            try:
                _try(answer, *map(int, sys.argv[1:3]))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
