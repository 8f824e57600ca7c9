"""Compares a line that a person reads with the facts that it must tell, not with its words."""

import re


def says(line: str, facts: str) -> bool:
    """Return whether a line has these facts, in this order, and any words in place of each `...`.

    >>> says("port: a number from 1 to 9 is expected, not 'a'", "port: ...1...9... not 'a'")
    True
    """
    return re.fullmatch(".*".join(map(re.escape, facts.split("..."))), line) is not None
