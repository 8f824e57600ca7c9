"""Rows that were fetched: what a service said of a time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from common.contract.outside import CHANCES
from common.contract.requests import Outside
from common.database.mariadb import sql_time
from storer.requests.job import Job
from storer.requests.problem import Failed

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=15)
_BATCH = 1000  # rows of an INSERT


def add_outside(job: Job) -> None:
    """Add what is new, and replace what its source says otherwise now; chances of days that have begun are deleted."""
    asked: Outside = job.arguments
    rows = dict(asked.rows)
    if wrong := [start for start in rows if not _FIRST <= start <= job.now + _AHEAD]:
        raise Failed(
            f"{min(wrong):%d/%m/%Y} est trop loin : l’horloge de cette machine est-elle juste ?",
            f"{min(wrong):%Y-%m-%d} is too far away: is the clock of this machine right?",
        )
    connection = job.connection
    with connection.transaction():
        before = _stored(job, asked, rows)
        changed = [(start, value) for start, value in rows.items() if before.get(start) != value]
        for begin in range(0, len(changed), _BATCH):
            connection.execute_many(
                "INSERT INTO outside (what, start, value, source) VALUES (%s, %s, %s, %s)"
                " ON DUPLICATE KEY UPDATE value = VALUES(value)",
                [
                    (asked.what, sql_time(start)[:19], value, asked.source)
                    for start, value in changed[begin : begin + _BATCH]
                ],
            )
        if asked.what in CHANCES:
            connection.execute("DELETE FROM outside WHERE what IN %s AND start <= %s", (CHANCES, sql_time(job.now)))
        replaced = sum(start in before for start, _ in changed)
        job.finish({"new": len(changed) - replaced, "changed": replaced, "same": len(rows) - len(changed)})


def _stored(job: Job, asked: Outside, rows: Mapping[datetime, float]) -> dict[datetime, float]:
    if not rows:
        return {}
    found = job.connection.query(
        "SELECT start, value FROM outside WHERE what = %s AND source = %s AND start BETWEEN %s AND %s FOR UPDATE",
        (asked.what, asked.source, sql_time(min(rows)), sql_time(max(rows))),
    )
    return {start.replace(tzinfo=UTC): float(value) for start, value in found}
