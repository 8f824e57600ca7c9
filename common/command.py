"""Runs a command and turns what it raises into one line and an exit code."""

import argparse
import os
import sys

from common import log
from common.errors import ConfigError, Refused, TeleinfoError

FAILED, USAGE, REFUSED = 1, 2, 3


def report_errors(name: str, parser: argparse.ArgumentParser) -> int:
    """Run the function that the parser has set as `command`; return the exit code."""
    arguments = parser.parse_args()
    try:
        return int(arguments.command(arguments))
    except BrokenPipeError:
        # Whoever read our output has enough of it, as `head` has. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except TeleinfoError as error:
        print(log.without_delivery_points(f"{name}: {error}"), file=sys.stderr)  # noqa: T201 - for a person
        return USAGE if isinstance(error, ConfigError) else REFUSED if isinstance(error, Refused) else FAILED
