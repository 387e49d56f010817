"""`make bench-purge`: the oldest of many million payments are purged while minutes go on being loaded.

Prints rows, seconds and what the slowest minute took beside it; also to reports/purging.json. Seconds of this machine:
its load stands beside them. Twelve million payments need 7 GB of disk and a quarter of an hour; they are dropped.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import psycopg2.extensions
from rich.console import Console

from benchmarks.dataset import database
from fraud_scorer.store import PostgresStore, create_store_engine
from fraud_scorer.store.bulk import rows
from fraud_scorer.store.retention import PostgresPurge

FILLING = Path(__file__).with_suffix(".sql")
REPORT = Path("reports/purging.json")
FIRST, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 730
TABLES = ("payments_scored", "payment_history", "labels", "shadow_scores")
MINUTE = """
insert into staged_payments (
    trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash, amount_cents, currency,
    card_token, card_key_id, card_last4, merchant, flagged, delivery
)
select 'live ' || %(minute)s || ' ' || n, now(), 'b', 90000000, 'b', 90000000, '', 100, 'USD', 't', 'k1', '1234',
    'Merchant ' || n, false, 'new'
from generate_series(1, 20) as n
"""


def main() -> None:
    """Fill a server of our own, purge, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.purging", description=__doc__)
    parser.add_argument("--payments", type=int, default=12_000_000, help="stored (default 12,000,000)")
    parser.add_argument("--share", type=float, default=0.25, help="of them to purge, the oldest (default 0.25)")
    parser.add_argument("--out", type=Path, default=REPORT, help=f"where the figures go (default {REPORT})")
    asked = parser.parse_args()
    console = Console()
    with database() as connection:
        connection.autocommit = True
        console.print(f"storing {asked.payments:,} payments of two years ...")
        found: dict[str, object] = {"payments": asked.payments, "filling": _filled(connection, asked.payments)}
        console.print(found["filling"])
        found |= _purged(connection, FIRST + timedelta(days=DAYS * asked.share), console)
        found["load"] = os.getloadavg()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=1, default=str) + "\n")
    console.print(f"load {os.getloadavg()}; figures in {asked.out}")


def _filled(connection: psycopg2.extensions.connection, payments: int) -> dict[str, float]:
    """Fill the tables without their indexes, make these, count the merchants' sums: the seconds of each."""

    def run(*statements: str) -> float:
        began = time.monotonic()
        for statement in statements:
            cursor.execute(statement)
        return round(time.monotonic() - began, 1)

    with connection.cursor() as cursor:
        cursor.execute(
            "select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename = any(%s)"
            " and indexname not like '%%_pkey'",
            [list(TABLES)],
        )
        indexes = cursor.fetchall()
        cursor.execute("set bench.payments = %s", [str(payments)])
        run(*(f"drop index {name}" for name, _ in indexes))
        return {
            "rows": run(FILLING.read_text()),
            "indexes": run(*(definition for _, definition in indexes)),
            "analyze": run("analyze"),
            "merchant_days": run("select recount_merchant_days()"),
        }


def _purged(connection: psycopg2.extensions.connection, before: datetime, console: Console) -> dict[str, object]:
    """Purge what is older, each kind in turn, while minutes are loaded: rows and seconds, the minutes' seconds."""
    url = connection.info.dsn_parameters
    password = connection.info.password
    address = f"postgresql+psycopg2://{url['user']}:{password}@{url['host']}:{url['port']}/{url['dbname']}"
    engine, run, done = create_store_engine(address), datetime.now(UTC), threading.Event()
    kinds: dict[str, tuple[int, float]] = {}
    with ThreadPoolExecutor(1) as pool:
        live = pool.submit(_minutes, address, done)
        try:
            for what in ("payments", "payment_history", "labels", "shadow_scores"):
                began = time.monotonic()
                gone, _ = PostgresPurge(engine).purge(what, before, run=run, until=math.inf)
                kinds[what] = gone, round(time.monotonic() - began, 1)
                console.print(f"{what}: {gone:,} rows in {kinds[what][1]} s")
        finally:
            done.set()
        minutes = live.result()
    PostgresStore(engine).count_labels()
    with connection.cursor() as cursor:
        cursor.execute("select what, purged from purges order by what")
        noted = dict(cursor.fetchall())
        sums = "select coalesce(sum(payments), 0)::bigint, coalesce(sum(frauds), 0)::bigint from merchant_days"
        cursor.execute(sums)
        kept = cursor.fetchall()
        cursor.execute("select recount_merchant_days()")
        cursor.execute(sums)
        if cursor.fetchall() != kept:
            raise SystemExit("the merchants' sums are no longer those of the payments that are stored")
    console.print(f"purges: {noted}; {len(minutes)} minutes of 20 payments beside it, the slowest {max(minutes):.2f} s")
    return {"kinds": kinds, "purges": noted, "minutes": sorted(minutes)}


def _minutes(address: str, done: threading.Event) -> list[float]:
    """Load twenty payments a second until it is done: the seconds of each."""
    seconds: list[float] = []
    connection = psycopg2.connect(address.replace("+psycopg2", ""))
    while not done.wait(1.0):
        began = time.monotonic()
        with connection, connection.cursor() as cursor:
            rows(cursor, "load/stage", {})
            cursor.execute(MINUTE, {"minute": len(seconds)})
            rows(cursor, "load/drop_purged", {})
            rows(cursor, "load/upsert", {})
        seconds.append(time.monotonic() - began)
    connection.close()
    return seconds


if __name__ == "__main__":
    main()
