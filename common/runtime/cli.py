"""Runs a command and turns its exceptions into one line and an exit code."""

import argparse
import contextlib
import errno
import importlib
import io
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from common.errors import ConfigError, PermanentError, TeleinfoError, Unavailable
from common.machine.deployment import here, started_with
from common.machine.version import full_version
from common.runtime import logs
from common.settings.language import French, language_in, language_of

FAILED, USAGE, PERMANENT_ERROR = 1, 2, 3  # exit codes
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run_cli(name: str, parser: argparse.ArgumentParser, french: str = "common.settings.french") -> int:
    """Run the function that the parser has set as `command`; return the exit code.

    Args:
        name: of the program.
        parser: of its arguments.
        french: the module whose `TEXTS` say in French what can be wrong.
    """
    _end_with_ctrl_c()
    _prepare_output()
    arguments = parser.parse_args()
    if (config := getattr(arguments, "config", None)) is not None:
        started_with(name, config)
    try:
        code = int(arguments.command(arguments))
        sys.stdout.flush()  # here, where an error is handled
        return code
    except BrokenPipeError:
        # The reader of our output has closed it, as `head` does.
        drop_output()
        return 0
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        drop_output()
        print(f"{name}: the output cannot be written: {error.strerror}; make room", file=sys.stderr)  # noqa: T201 - for a person
        return FAILED
    except TeleinfoError as error:
        # The text of what cannot be reached has no fix.
        fix = f"; {here(name).run(name, 'check')} shows what to do" if isinstance(error, Unavailable) else ""
        say = _in_french(french) if chosen_language(arguments) == "fr" else str
        for one in error.all if isinstance(error, ConfigError) else (error,):
            text = f"{name}: {say(f'{one}{fix}')}"
            print(logs.printable(logs.redact_prm(text)), file=sys.stderr)  # noqa: T201 - for a person
        return _exit_code(error)


def _exit_code(error: TeleinfoError) -> int:
    if isinstance(error, ConfigError):
        return USAGE
    return PERMANENT_ERROR if isinstance(error, PermanentError) else FAILED


def chosen_language(arguments: argparse.Namespace) -> str:
    """Return the language of who started the program: as the command or its configuration says, else the terminal's."""
    named = getattr(arguments, "language", None)
    if named is None and (file := getattr(arguments, "config", None)) is not None:
        with contextlib.suppress(OSError, ValueError):  # that it cannot be read is what will be said
            named = language_in(os.path.expandvars(file.read_text(encoding="utf-8")))
    return named or language_of()


def _in_french(module: str) -> Callable[[object], str]:
    say = French(importlib.import_module(module).TEXTS)
    return lambda text: say(str(text))


def _end_with_ctrl_c() -> None:
    """Let Ctrl-C end the process at once; programs with something to finish use `Shutdown`.

    As an exception it could interrupt anything, such as reading an answer of the database, which then goes on.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _prepare_output() -> None:
    """Make sure that any text can be printed."""
    # Where the output is closed (`>&-`), it is None.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for a terminal without é; stderr does so by default


def drop_output() -> None:
    """Keep Python from reporting at exit, once more, that the output cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Command(argparse.ArgumentParser):
    """The parser of one command, which declares its arguments only when that command is used.

    So a command's code is imported only where it runs: `run` has weeks to pay for the memory of all others.
    """

    def __init__(self, *args: Any, declare: Callable[["Command"], None] | None = None, **options: Any) -> None:
        """Take what `ArgumentParser` takes, and the function that adds the arguments."""
        super().__init__(*args, **options)
        self._declare = declare

    def parse_known_args(self, *args: Any, **options: Any) -> Any:
        """Declare the arguments, at the first call, and parse."""
        declare, self._declare = self._declare, None
        if declare is not None:
            declare(self)
        return super().parse_known_args(*args, **options)


def later(where: str) -> Callable[[Any], Any]:
    """Return a function that is imported only when it is called, such as `storer.imports.command:declare_import`."""
    module, _, name = where.partition(":")

    def call(argument: Any) -> Any:
        return getattr(importlib.import_module(module), name)(argument)

    return call


def config_option(default: Path) -> Command:
    """Return a parent of the parsers of commands that read a configuration."""
    parent = Command(add_help=False)
    parent.add_argument("--config", type=Path, default=default, metavar="FILE", help=f"default: {default}")
    return parent


def add_version(parser: argparse.ArgumentParser, text: str = "print the version") -> None:
    """Declare `--version`, which prints the program's name and version."""
    parser.add_argument("--version", action=_Version, nargs=0, help=text)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(f"{parser.prog} {full_version()}")  # noqa: T201 - the command's output
        parser.exit()


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """Make argparse's `type` for one of the names; the error for any other lists them."""

    def read(text: str) -> str:
        if text in names:
            return text
        import difflib  # here: most start without a mistake

        near = difflib.get_close_matches(text, names, n=1)
        hint = f": did you mean {near[0]}?" if near else "."
        raise argparse.ArgumentTypeError(f"there is no {text}{hint} There are: {', '.join(names)}")

    return read


def argument(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make argparse's `type` of a function that reads an option of the configuration."""

    def checked(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


#: For the end of a command's help.
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


def between(low: int, high: int) -> Callable[[str], int]:
    """Make argparse's `type` for whole numbers from `low` to `high`.

    >>> between(-12, 12)("-1")
    -1
    """

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = high + 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"a whole number from {low} to {high} is expected, not {text}")
        return number

    return read
