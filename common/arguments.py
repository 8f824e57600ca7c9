"""Reads what stands on the command line; what is wrong with it is said in a sentence."""

import argparse
import difflib
import math
from collections.abc import Callable, Sequence

from common.version import __version__


def add_version(parser: argparse.ArgumentParser) -> None:
    """Declare `--version`, which prints the program's name and version."""
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}", help="print the version")


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """Make argparse's `type` for a name that is one of many; any other lists them, one a line."""

    def read(text: str) -> str:
        if text in names:
            return text
        near = difflib.get_close_matches(text, names, n=1)
        hint = f": did you mean {near[0]}?" if near else "."
        raise argparse.ArgumentTypeError("\n  ".join([f"there is no {text}{hint} There are:", *names]))

    return read


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
