"""Runs a command and turns what it raises into one line and an exit code."""

import argparse
import difflib
import errno
import io
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from common.deployment import here
from common.errors import ConfigError, PermanentError, TeleinfoError, Unavailable
from common.runtime import logs
from common.version import __version__

FAILED, USAGE, REFUSED = 1, 2, 3
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run_cli(name: str, parser: argparse.ArgumentParser) -> int:
    """Run the function that the parser has set as `command`; return the exit code."""
    _end_with_ctrl_c()
    _prepare_output()
    arguments = parser.parse_args()
    try:
        code = int(arguments.command(arguments))
        sys.stdout.flush()  # here, where it may fail
        return code
    except BrokenPipeError:
        # Whoever read our output has enough of it, as `head` has.
        _drop_output()
        return 0
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _drop_output()
        print(f"{name}: the output cannot be written: {error.strerror}; make room", file=sys.stderr)  # noqa: T201 - for a person
        return FAILED
    except TeleinfoError as error:
        # Who is away has not said what to do about it.
        remedy = f"; {here(name).run(name, 'check')} tells what to do" if isinstance(error, Unavailable) else ""
        print(logs.printable(logs.redact_prm(f"{name}: {error}{remedy}")), file=sys.stderr)  # noqa: T201 - for a person
        return USAGE if isinstance(error, ConfigError) else REFUSED if isinstance(error, PermanentError) else FAILED


def _end_with_ctrl_c() -> None:
    """Let Ctrl-C end us at once, as it does other commands; whoever has something to finish sees to it in `Shutdown`.

    As an exception it would come in the middle of anything, such as an answer of the database that is then read on.
    """
    ours = threading.current_thread() is threading.main_thread()
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _prepare_output() -> None:
    """See to it that all can be said."""
    # Where nobody has left us an output (`>&-`), Python leaves None in its place.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as we run
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # where a terminal knows no é; stderr is so by itself


def _drop_output() -> None:
    """Keep Python from complaining once more, at its end, that the output cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
