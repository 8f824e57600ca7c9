"""Prints what other subscribed powers would have meant."""

from collections.abc import Iterator

from monitor.answers.needed_power import NeededPower, Option
from monitor.report.tables import Tables
from monitor.text.formats import Formats
from monitor.text.powers import heading, remarks, sentence, to_shift


def print_powers(answer: NeededPower, formats: Formats, tables: Tables) -> None:
    """Print the powers of interest, what to shift, and what is to be known."""
    start, end = formats.day(answer.start), formats.last_day(answer.end)
    tables.line(formats.text("title", meter=formats.meter(answer.meter), start=start, end=end))
    for option in _shown(answer):
        tables.line("")
        tables.line(heading(answer, option, formats))
        tables.line(sentence(answer, option, formats))
    tables.line("")
    for line in remarks(answer, formats):
        tables.line(line)
    for place, line in enumerate(to_shift(answer, formats)):
        if not place:
            tables.line("")
        tables.line(line)


def _shown(answer: NeededPower) -> Iterator[Option]:
    """Return all powers up to the next higher one, and up to the first that was never exceeded."""
    higher = next((one.power for one in answer.options if one.power > answer.power), answer.power)
    calm = next((one.power for one in answer.options if not one.need.above), 0)
    return (one for one in answer.options if one.power <= max(higher, calm))
