"""Prints texts and tables in columns."""

import textwrap
from collections.abc import Container, Sequence
from typing import TextIO

from monitor.base.formats import Formats

WIDTH = 80  # columns of a page

GAP = 3  # columns between two of the table; at its edges there is one

Rows = Sequence[Sequence[str]]


def width(rows: Rows) -> int:
    """Return how wide a table is."""
    widths = _widths(rows)
    return sum(widths) + GAP * (len(widths) - 1) + 2


def lay_out(rows: Rows, left: Container[int]) -> list[str]:
    """Return a line for each row; the cells of the columns `left` begin at the left edge, all others end at the right.

    >>> lay_out([("Day", "kWh"), ("Mon 1", "0.5")], left=[0])
    [' Day     kWh ', ' Mon 1   0.5 ']
    """
    pads = [(str.ljust if place in left else str.rjust, most) for place, most in enumerate(_widths(rows))]
    gap = " " * GAP
    return [f" {gap.join(pad(cell, most) for cell, (pad, most) in zip(row, pads, strict=True))} " for row in rows]


def _widths(rows: Rows) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


class TextPage:
    """Prints on a stream, 80 columns wide."""

    def __init__(self, output: TextIO, formats: Formats) -> None:
        self._output = output
        self._formats = formats

    @property
    def colon(self) -> str:
        """A colon, as the language has it."""
        return "\u00a0:" if self._formats.language == "fr" else ":"

    def table(self, rows: Rows, left: Container[int], total: Sequence[str] = ()) -> None:
        """Print a table, the first row of which is its head."""
        head, *lines = lay_out([*rows, *([total] if total else [])], left)
        lines[-1:] = ["", lines[-1]] if total else lines[-1:]
        for line in ("", head, f" {'─' * (len(head) - 2)}", *lines, ""):
            self._output.write(f"{line.rstrip()}\n")

    def line(self, text: str) -> None:
        """Print a text; where it must be folded, not at a space that does not break."""
        for part in textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False) or [""]:
            self._output.write(f"{part}\n")
