"""Prints which subscribed power a house needs."""

from monitor.answers.needed_power import NeededPower
from monitor.report.tables import Tables
from monitor.text.formats import Formats
from monitor.text.powers import line, remarks, verdict


def print_powers(answer: NeededPower, formats: Formats, tables: Tables) -> None:
    """Print the verdict, each power that was examined, and what else is to be known."""
    start, end = formats.day(answer.start), formats.last_day(answer.end)
    tables.line(formats.text("title", meter=formats.meter(answer.meter), start=start, end=end))
    tables.line(verdict(answer, formats))
    for option in answer.options:
        tables.line(f"– {line(answer, option, formats)}")
    for remark in remarks(answer, formats):
        tables.line(remark)
