"""Runs the whole chain on one machine: meter, reader, broker, storer, database, and the page."""

import argparse
import sys

from common.runtime.cli import add_version, one_of, positive
from reader.simulator.meter import KINDS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--port", metavar="PORT", help="read a real meter, for example on /dev/ttyAMA0")
    parser.add_argument(
        "--kind",
        type=one_of(KINDS),
        default="standard-single-phase-tempo",
        metavar="KIND",
        help="the simulated meter (default: %(default)s); an unknown one prints the list",
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        metavar="N",
        help="stop N seconds after the first frame; exit 0 only if every frame was stored",
    )
    parser.add_argument(
        "--page-port", type=_port, metavar="N", help="the port of the page (default: 8080, or another if it is in use)"
    )
    parser.add_argument("--no-history", action="store_true", help="do not give the simulated meter a past of 400 days")
    parser.add_argument("--fresh", action="store_true", help="delete the data of earlier runs first")
    add_version(parser)
    return parser.parse_args()


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"a number from 1 to 65535 is expected, not {text}")


def main() -> int:
    """Run the command; return its exit code."""
    arguments = _arguments()
    from demo import chain  # only now: `--help` answers where its libraries are not installed

    return chain.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
