"""The usual interval of a meter that another device decodes, in seconds: for so long a reading holds. Pure.

A line sends each second or two, and what it does not send is missing. An adapter sends each minute or quarter of an
hour; until the next reading is due, nothing is missing.
"""

SHORTEST_INTERVAL, LONGEST_INTERVAL = 10, 900
#: Times the usual interval; messages are not sent by the second.
LATE = 1.1
#: Usual intervals without a message after which a meter is silent.
SILENT_INTERVALS = 3


def held_minutes(interval: int | None) -> int:
    """Return in how many minutes after that of a reading nothing is missing.

    >>> [held_minutes(interval) for interval in (None, 45, 60, 900)]
    [0, 0, 1, 16]
    """
    return 0 if interval is None else int(interval * LATE // 60)


def held_minutes_sql(interval: str = "usual_interval") -> str:
    """Return the same of a column."""
    return f"COALESCE(FLOOR({interval} * {LATE} / 60), 0)"


def held_seconds_sql(interval: str = "usual_interval") -> str:
    """Return how many seconds may pass after a reading before the next one shows what was drawn in a gap."""
    return f"GREATEST(60, COALESCE(ROUND({interval} * {LATE}), 0))"
