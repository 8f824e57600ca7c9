"""Keeps what others say from being computed by a spreadsheet that opens a file. Pure."""

import re

#: How a text begins that a spreadsheet takes as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


def no_formula(cell: object) -> object:
    """Return a cell that a spreadsheet takes as text, if it would take it as a formula.

    >>> [no_formula(cell) for cell in ("=1+1", "-1,50", -5, "Base")]
    ["'=1+1", '-1,50', -5, 'Base']
    """
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
