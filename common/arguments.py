"""Reads numbers of the command line; what is wrong with one is said in a sentence."""

import argparse
import math

#: What a command says of its times, at the end of its help.
UTC_TIMES = "Times are in UTC; a day begins at midnight UTC."
LOCAL_TIMES = "Times are local: in the zone that the variable TZ names, else in that of this machine."


def positive(text: str) -> float:
    """Read a number above 0, for argparse's `type`.

    >>> positive("1.5")
    1.5
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"a number above 0 is expected, not {text}")
    return number


def whole(text: str) -> int:
    """Read a whole number above 0, for argparse's `type`.

    >>> whole("12")
    12
    """
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number above 0 is expected, not {text}")
    return int(text)
