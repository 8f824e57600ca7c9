"""Which rows belong in which file: a closed month has a file of its own, what is open is in another one. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from storer.backup.format import Header
from storer.database.months import month_of, next_month

#: The column that says to which month a row belongs.
TIME_COLUMNS: Mapping[str, str] = {
    "frames": "timestamp",
    "tallies": "hour",
    "minutes": "minute",
    "hours": "hour",
    "breaks": "hour",
    "late_hours": "hour",
    "imported_hours": "hour",
    "source_minutes": "hour",
    "source_hours": "hour",
}
#: Tables whose old rows are dropped in the end: what a file has of them may be the only copy.
DROPPED = ("frames", "minutes", "source_minutes")
#: Tables that rows of several files refer to: a file of a month has those rows that it needs.
SHARED = ("meters", "label_sets", "sources")

Span = tuple[datetime | None, datetime | None]  # from, before; None: no limit
EVERYTHING: Sequence[Span] = ((None, None),)


def months_from(first: datetime, end: datetime) -> list[datetime]:
    """Return the starts of the whole months from that of `first`, before `end`."""
    months, month = [], month_of(first)
    while next_month(month) <= end:
        months.append(month)
        month = next_month(month)
    return months


def without(months: Iterable[datetime]) -> list[Span]:
    """Return all time but these months, which are in order."""
    spans: list[Span] = []
    begin: datetime | None = None
    for month in months:
        if begin != month:
            spans.append((begin, month))
        begin = next_month(month)
    return [*spans, (begin, None)]


def covers(header: Header, month: str) -> bool:
    """Return whether a file has the rows of a month, such as `2026-10`.

    >>> covers(Header(9, "", "", "", "", month="2026-10"), "2026-10")
    True
    """
    if header.month is not None:
        return header.month == month
    # The limits are starts of months: text compares as times do.
    return header.open is None or any(
        (begin is None or begin[:7] <= month) and (end is None or month < end[:7]) for begin, end in header.open
    )
