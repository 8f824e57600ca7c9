"""Runs the whole chain on one machine: meter, reader, broker, storer, database, and the page."""

import argparse
import sys
from pathlib import Path

from common.runtime.cli import add_version, between, positive


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--port", metavar="PORT", help="read a real meter, for example on /dev/ttyAMA0")
    parser.add_argument(
        "--sun",
        action="store_true",
        help="give the house solar panels, an electric car and a thermometer, which report over MQTT",
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        metavar="N",
        help="stop N seconds after the first frame; exit 0 only if every frame was stored",
    )
    parser.add_argument(
        "--page-port",
        type=between(1, 65535),
        metavar="N",
        help="the port of the page (default: 8080, or another if it is in use)",
    )
    parser.add_argument("--no-history", action="store_true", help="do not give the simulated meter a past of 400 days")
    parser.add_argument(
        "--static",
        type=Path,
        metavar="FOLDER",
        help="record the page with the whole history as static files, for any server of files, and end",
    )
    parser.add_argument("--fresh", action="store_true", help="delete the data of earlier runs first")
    add_version(parser)
    arguments = parser.parse_args()
    if arguments.sun and arguments.port:
        parser.error("--sun needs the simulated meter: what its roof makes is part of what the meter counts")
    if arguments.static and (arguments.port or arguments.no_history or arguments.seconds):
        parser.error("--static records the simulated meter with its history: leave out --port, --no-history, --seconds")
    return arguments


def main() -> int:
    """Run the command; return its exit code."""
    arguments = _arguments()
    from demo import chain  # only now: `--help` answers where its libraries are not installed

    return chain.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
