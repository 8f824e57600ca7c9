"""`./run bench`: measures the programs, and writes docs/performance.md."""

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
from pathlib import Path

from tests.bench.figures import Disturbed, check_calm, not_measured
from tests.bench.report import Section, page, text
from tests.support.programs import ROOT
from tests.support.servers import find_program

PAGE = ROOT / "docs" / "performance.md"
#: The measurements, in the order of the page: modules of this package with a function `measure(quick) -> Section`.
MEASUREMENTS = ("line_pace", "latency", "drain", "at_rest", "ten_years", "imports")
_NOT_TIMED = ("at_rest",)  # bytes: what else the machine does changes nothing


def main() -> int:
    """Run it from the command line; exit 1 only if a measurement could not be made."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a short form: shows that all works, its figures say little"
    )
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, metavar="NAME", help=", ".join(MEASUREMENTS))
    given = parser.parse_args()
    begun = time.monotonic()
    sections: list[Section] = []
    failed: list[str] = []
    for name in given.only or MEASUREMENTS:
        since = time.monotonic()
        print(f"=== {name}", flush=True)
        try:
            if not given.quick and name not in _NOT_TIMED:
                check_calm()
            measure: Callable[[bool], Section] = import_module(f"tests.bench.{name}").measure
            section = measure(given.quick)
        except Disturbed as error:
            section = Section(name, "", [not_measured(name, str(error))])
        except Exception as error:  # noqa: BLE001 - the other measurements say something all the same
            failed.append(name)
            print(f"{name} failed: {error!r}", file=sys.stderr, flush=True)
            continue
        sections.append(section)
        print(f"{text(section)}({time.monotonic() - since:.0f} s)\n", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    elif not given.quick and given.only is None:
        PAGE.write_text(page(sections, _about(time.monotonic() - begun)), encoding="utf-8")
        print(f"written: {PAGE}")
    return 1 if failed else 0


def _about(seconds: float) -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    commit = _output(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]).strip() or "unknown"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at commit {commit}, in {seconds / 60:.0f} minutes:"
        f" {found[1] if found else platform.machine()}, {len(os.sched_getaffinity(0))} cores,"
        f" Linux {platform.release()}, Python {platform.python_version()},"
        f" MariaDB {_first_number([find_program('mariadbd'), '--version'])},"
        f" mosquitto {_first_number([find_program('mosquitto'), '-h'])}.\n"
    )


def _first_number(command: list[str]) -> str:
    found = re.search(r"\d+\.\d+\.\d+", _output(command))
    return found[0] if found else "?"


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    sys.exit(main())
