"""Formats sizes and durations for people. Pure."""

from common.plural import plural


def format_bytes(size: float) -> str:
    """Write a number of bytes with two digits and a unit.

    >>> format_bytes(9_100_000_000)
    '9.1 GB'
    """
    units = ["B", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    unit = units[0]
    return f"{size:.1f} {unit}" if size < 10 and unit != "B" else f"{size:.0f} {unit}"


def format_days(days: float) -> str:
    """Write a number of days in the largest unit of which there are at least two.

    >>> format_days(5113)
    '14 years'
    """
    if days > 36_525:
        return "more than 100 years"
    for unit, size in (("year", 365.25), ("month", 30.44), ("day", 1.0), ("hour", 1 / 24)):
        if days >= 2 * size:
            return f"{days / size:.0f} {unit}s"
    return plural(round(days * 1440), "minute")
