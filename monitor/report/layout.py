"""Lays out a table of texts in columns. Pure."""

from collections.abc import Container, Sequence

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
