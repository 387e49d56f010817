"""`make bench-pages`: the dashboard on a `fraud_db` with a full day: each query's time, and each page's in Chromium.

Unlike the comparisons these are seconds of this machine: its load stands beside them. They also go to
reports/pages.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, create_engine, make_url, text

from benchmarks import browsing
from fraud_scorer.store.schema.migrate import migrate
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port

ROOT = Path(__file__).parents[1]
FILLING = Path(__file__).with_suffix(".sql")
ASKED = ("fraud-dashboard/queries/*.sql", "sql/queries/morning_mail/*.sql", "sql/queries/drift/*.sql")
NOT_ASKED = {  # they write, or set the clock
    "morning_mail/now", "drift/drop", "drift/write", "drift/write_day",
    "end_snooze", "record_verdict", "snooze", "undo_verdict",
}  # fmt: skip
MOST = {"day_flagged": 5_000, "review_queue": 200, "review_latest": 8}
DAYS = {"model_scores": 35, "model_flagged": 35, "model_sample": 35, "model_shadow": 7, "review_sample": 7}
TWO_WEEKS, TEN = 14, 10
COUNTED, DAYS_STORED = 400_000, 31  # payments that the Model page counts at most
ROUNDS = 3
PASSWORD = "for-benchmarks-only"  # noqa: S105
REPORT = Path("reports/pages.json")


def main() -> None:
    """Fill a server of our own, ask it, open the pages, print both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--payments", type=int, default=1_000_000, help="of yesterday (default 1,000,000)")
    parser.add_argument("--no-browser", action="store_true", help="the queries alone")
    parser.add_argument("--out", type=Path, default=REPORT, help=f"where the figures go (default {REPORT})")
    asked = parser.parse_args()
    console = Console()
    console.print(
        f"storing {asked.payments:,} payments of yesterday and a fiftieth of them on each of 30 days before ..."
    )
    with full_store(asked.payments) as server:
        queries = dict(timed_queries(server.url("fraud_db"), asked.payments))
        console.print(_table("in the server", "query", queries))
        pages: dict[str, list[float]] = {}
        if asked.no_browser or not browsing.CHROMIUM:
            console.print("pages: not opened" + ("" if asked.no_browser else "; that needs Chromium"))
        else:
            of_dashboard = make_url(server.url("fraud_db")).set(username="fraud_dashboard")
            opened = browsing.opened(of_dashboard.render_as_string(hide_password=False))
            pages = {name: [took for _, took in times] for name, times in groupby(opened, lambda one: one[0])}
            console.print(_table("first and once more", "page", pages))
    load = os.getloadavg()[0]
    console.print(f"load {load:.1f}; figures in {asked.out}")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    figures = {"payments": asked.payments, "load": load, "queries": queries, "pages": pages}
    asked.out.write_text(json.dumps(figures, indent=1) + "\n")


@contextmanager
def full_store(payments: int) -> Iterator[EmbeddedPostgres]:
    """A server whose ``fraud_db`` holds what `pages.sql` says, ``payments`` of them yesterday."""
    features = json.loads((ROOT / "model/artifacts/manifest.json").read_text())["features"]
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = EmbeddedPostgres(folder / "postgres", free_port(), PASSWORD)
        try:
            server.start()
            migrate(server.url("fraud_db"), passwords={"fraud_dashboard": PASSWORD})
            engine = create_engine(server.url("fraud_db"), isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                _set(connection, "bench.payments", str(payments))
                _set(connection, "bench.features", ",".join(feature["name"] for feature in features))
                connection.exec_driver_sql(FILLING.read_text().replace("%", "%%"))
                connection.exec_driver_sql("vacuum analyze")
            engine.dispose()
            yield server
        finally:
            server.stop("immediate")


def timed_queries(url: str, payments: int) -> Iterator[tuple[str, list[float]]]:
    """Every query that reads for a page, the morning mail or drift: its name and the median of `ROUNDS`, in seconds."""
    engine = create_engine(url, connect_args={"options": "-c timezone=UTC"})
    with engine.connect() as connection:
        values = _values(connection, payments)
        for path in sorted(found for pattern in ASKED for found in ROOT.glob(pattern)):
            name = f"{path.parent.name}/{path.stem}".removeprefix("queries/")
            if name not in NOT_ASKED:
                of_its_own = {"days": DAYS.get(name, TWO_WEEKS), "most": MOST.get(name, TEN)}
                statement = path.read_text().rstrip().rstrip(";")
                took = [_seconds(connection, statement, {**values, **of_its_own}) for _ in range(ROUNDS)]
                yield name, [statistics.median(took)]
    engine.dispose()


def _values(connection: Connection, payments: int) -> dict[str, Any]:
    """The parameters of the pages' queries: yesterday, and one of its flagged payments."""
    found = connection.execute(
        text("""
            select
                report_today() - 1 as day,
                bounds.*,
                subject.trans_num, subject.event_time, subject.currency, subject.model_hash
            from report_day_bounds(report_today() - 1) as bounds
            cross join v_fraud_report as subject
            where subject.flagged and subject.event_time >= bounds.starts_at
            order by subject.event_time
            limit 1
        """)
    )
    return {
        **found.mappings().one(),
        "feature": "amount",
        "state": "waiting",
        "slice_seconds": max(1, min(3600, 3600 * COUNTED // (payments * DAYS_STORED))),  # as flag_quality.py has it
        "stride": max(1, payments // 50_000),
    }


def _seconds(connection: Connection, statement: str, values: Mapping[str, Any]) -> float:
    """Planned and executed; the rows are not sent."""
    explained = f"explain (analyze, timing off, format json) {statement}"
    plan = connection.exec_driver_sql(explained, dict(values)).scalar_one()[0]
    return float(plan["Planning Time"] + plan["Execution Time"]) / 1000


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(text("select set_config(:name, :value, false)"), {"name": name, "value": value})


def _table(title: str, what: str, figures: Mapping[str, list[float]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(what)
    for _ in next(iter(figures.values())):
        table.add_column("seconds", justify="right")
    for name, seconds in figures.items():
        table.add_row(name, *(f"{one:.4f}" for one in seconds))
    return table


if __name__ == "__main__":
    main()
