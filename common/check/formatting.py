"""Formats sizes and durations for people, in the language that was chosen."""

from common.plural import plural
from common.settings.language import tr


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
    text = f"{size:.1f} {unit}" if size < 10 and unit != "B" else f"{size:.0f} {unit}"
    return tr(text, text.replace(".", ",").replace("B", "o"))


def format_days(days: float) -> str:
    """Write a number of days in the largest unit of which there are at least two.

    >>> format_days(5113)
    '14 years'
    """
    if days > 36_525:
        return tr("more than 100 years", "plus de 100 ans")
    units = (("years", "ans", 365.25), ("months", "mois", 30.44), ("days", "jours", 1.0), ("hours", "heures", 1 / 24))
    for english, french, size in units:
        if days >= 2 * size:
            return f"{days / size:.0f} {tr(english, french)}"
    return plural(round(days * 1440), "minute")
