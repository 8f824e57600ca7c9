"""`./run bench`: measures the programs and their peers side by side, and writes docs/performance.md."""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from tests.bench import forecast, node, quiet_year
from tests.bench.figures import Disturbed, check_calm, not_measured
from tests.bench.options import FRAMES, METERS, Options
from tests.bench.report import Machine, Section, page, text
from tests.support.programs import ROOT
from tests.support.servers import find_program

PAGE = ROOT / "docs" / "performance.md"
#: The measurements, in the order of the page: modules of this package with a function `measure(options) -> Section`.
MEASUREMENTS = (
    "decode",
    "instructions",
    "line_pace",
    "latency",
    "imports",
    "backlog",
    "live_meters",
    "drain",
    "at_rest",
    "rollups",
    "ten_years",
    "growth",
)
_NOT_TIMED = ("instructions", "at_rest")  # instructions and bytes: what else the machine does changes nothing


def main() -> int:
    """Run it from the command line; exit 1 only if a measurement could not be made."""
    options, names, output = _arguments()
    if options.forecast is not None:
        forecast.print_table(options.forecast)
        return 0
    if options.alerts:
        quiet_year.print_table()
        return 0
    begun = time.monotonic()
    sections: list[Section] = []
    failed: list[str] = []
    for name in names:
        since = time.monotonic()
        print(f"=== {name}", flush=True)
        try:
            if not options.quick and name not in _NOT_TIMED:
                check_calm()
            measure: Callable[[Options], Section] = import_module(f"tests.bench.{name}").measure
            section = measure(options)
        except Disturbed as error:
            section = Section(name, "", [not_measured(name, str(error))])
        except Exception as error:  # noqa: BLE001 - the other measurements say something all the same
            failed.append(name)
            print(f"{name} failed: {error!r}", file=sys.stderr, flush=True)
            continue
        sections.append(section)
        print(f"{text(section)}({time.monotonic() - since:.0f} s)\n", flush=True)
    if output is not None and not failed:
        left_out = [name for name in MEASUREMENTS if name not in names]
        output.write_text(page(sections, _machine(time.monotonic() - begun), left_out), encoding="utf-8")
        print(f"written: {output}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _arguments() -> tuple[Options, list[str], Path | None]:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a short form: shows that all works, its figures say little"
    )
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument(
        "--scale",
        nargs="*",
        type=int,
        metavar="METERS",
        help="only many meters, with one storer and with two that share (default: 1000 10000)",
    )
    parser.add_argument("--seconds", type=int, default=60, help="how long they send (default: %(default)s)")
    parser.add_argument("--output", type=Path, help=f"where to write the page (default: {PAGE.relative_to(ROOT)})")
    parser.add_argument(
        "--frames",
        type=int,
        default=FRAMES,
        metavar="N",
        help="of the database of ten years (default: %(default)s)",
    )
    parser.add_argument(
        "--forecast",
        nargs="*",
        type=Path,
        metavar="CONFIG",
        help="only how right forecasts would have been: of generated homes, or of the database of a monitor.yaml",
    )
    parser.add_argument(
        "--alerts", action="store_true", help="only how many messages come in a year in which nothing is wrong"
    )
    given = parser.parse_args()
    options = Options(
        quick=given.quick,
        frames=given.frames,
        meters=tuple(given.scale or METERS),
        seconds=given.seconds,
        alerts=given.alerts,
        forecast=None if given.forecast is None else tuple(given.forecast),
    )
    if given.scale is not None:
        return options, ["scale"], None
    whole = not given.quick and given.only is None
    return options, given.only or list(MEASUREMENTS), given.output or (PAGE if whole else None)


def _machine(seconds: float) -> Machine:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return Machine(
        processor=found[1] if found else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        system=f"Linux {platform.release()}",
        python=platform.python_version(),
        versions=", ".join(filter(None, (_database(), _broker(), f"paho {version('paho-mqtt')}", _node()))),
        commit=commit or "unknown",
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        seconds=seconds,
    )


def _node() -> str:
    found = node.version()
    return f"Node {found.removeprefix('v')}" if found else ""


def _database() -> str:
    return f"MariaDB {_first_number([find_program('mariadbd'), '--version'])}"


def _broker() -> str:
    return f"mosquitto {_first_number([find_program('mosquitto'), '-h'])}"


def _first_number(command: list[str]) -> str:
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+\.\d+\.\d+", output)
    return found[0] if found else "?"


if __name__ == "__main__":
    sys.exit(main())
