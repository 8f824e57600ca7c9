"""Runs ten simulated meters for a while, with the database down half of the time, and watches the memory.

Run it as `python -P -m tests.faults.soak --minutes 10` with the project on the path. Exit 0 only if the audit is clean,
every frame that was decoded is stored, and the memory of reader and storer stayed below its bound.
"""

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from reader.simulator.meter import KINDS
from tests.faults.rig import Rig
from tests.support.programs import Program, wait_until
from tests.support.servers import HOST, InstanceError, free_port

METERS = 10
SPEED = 50  # times as fast as a meter: about 500 frames a second in all
MOST_MEMORY = {"reader": 200, "storer": 150}  # MB, VmHWM
REPORT_EVERY = 30.0  # seconds
OUTAGE = 60.0  # seconds that the database is down and up in turn; shorter in a short run
DRAINED_WITHIN = 1800.0  # seconds
_LOOK = 0.5  # seconds between two looks


def ports() -> list[str]:
    kinds = sorted(KINDS)
    return [f"simulate://{kinds[number * 5 % len(kinds)]}?speed={SPEED}&seed={number}" for number in range(METERS)]


class Soak:
    """One run."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder, port="simulate://standard-single-phase-base")
        self._set_port(str(ports()))
        self._began = time.monotonic()
        self._next_report = 0.0

    def _set_port(self, port: str) -> None:
        text = self.rig.reader_config.read_text()
        lines = [f"port: {port}" if line.startswith("port: ") else line for line in text.splitlines()]
        self.rig.reader_config.write_text("\n".join(lines) + "\n")

    def run(self, seconds: float) -> bool:
        with self.rig as rig:
            reader, storer = rig.start_reader(), rig.start_storer()
            wait_until(lambda: self._rows() > 0, 60, "a row", [reader, storer])
            outage = min(OUTAGE, seconds / 4)
            self._began = time.monotonic()
            end = self._began + seconds
            up = True
            switch = self._began + outage
            while time.monotonic() < end:
                time.sleep(_LOOK)
                self._report(reader, storer, up=up)
                if time.monotonic() >= switch:
                    switch += outage
                    up = not up
                    (rig.database.start if up else rig.database.kill)()
            if not up:
                rig.database.start()
            began = time.monotonic()
            rows = self._drained(reader, storer)
            print(f"drained in {time.monotonic() - began:.1f} s: {rows} rows", flush=True)
            self._report(reader, storer, up=True, now=True)
            peaks = {each.name: each.memory("VmHWM") / 2**20 for each in (reader, storer)}
            code = reader.stop()
            delivery: Any = rig.health("reader")["delivery"]
            rest = self._deliver_rest(storer)
            return self._judge(delivery, rest, peaks, (code, storer.stop()))

    def _deliver_rest(self, storer: Program) -> dict[str, Any]:
        """Deliver what the reader had on disk when it was stopped; return its counters.

        Frames that the broker dropped while the database was down are overdue only after half a minute.
        """
        rig = self.rig
        self._set_port(f"socket://{HOST}:{free_port()}")
        reader = rig.start_reader()
        wait_until(lambda: not list(rig.spool.glob("*.spool")), DRAINED_WITHIN, "the rest is stored", [reader, storer])
        reader.stop()
        delivery: dict[str, Any] = rig.health("reader")["delivery"]  # type: ignore[assignment]
        return delivery

    def _judge(
        self, delivery: dict[str, Any], rest: dict[str, Any], peaks: dict[str, float], codes: tuple[int, int]
    ) -> bool:
        rig = self.rig
        ended = delivery["confirmed"] + delivery["rejected"] + delivery["discarded"] + delivery["accepted_by_broker"]
        audit = rig.command("storer", "audit", config=rig.storer_config)
        print(audit.stdout.strip().rpartition("\n")[2], f"(exit {audit.returncode})")
        rows = self._rows()
        checks = {
            "both ended with 0": codes == (0, 0),
            "the audit is clean": audit.returncode == 0,
            f"the {rows} rows are the {delivery['decoded']} frames": rows == delivery["decoded"],
            f"{delivery['confirmed']} were confirmed, and {rest['confirmed']} after a restart": rows
            == delivery["confirmed"] + rest["confirmed"],
            "the counters add up": delivery["decoded"] == ended + delivery["pending"],
            **{
                f"{name}: {peak:.0f} of {MOST_MEMORY[name]} MB": peak < MOST_MEMORY[name]
                for name, peak in peaks.items()
            },
        }
        for what, holds in checks.items():
            print(f"{'yes' if holds else 'NO':4} {what}")
        return all(checks.values())

    def _rows(self) -> int:
        try:
            return int(self.rig.sql("SELECT COUNT(*) FROM frames")[0][0])
        except InstanceError:
            return 0

    def _drained(self, reader: Program, storer: Program) -> int:
        """Wait until the spool is empty, and the last row of each meter is no older than two seconds.

        Some frames may still be in memory, to be sent again.
        """

        def done() -> bool:
            self._report(reader, storer, up=True)
            late = self.rig.sql("SELECT COALESCE(MAX(TIMESTAMPDIFF(SECOND, last, UTC_TIMESTAMP())), 99) FROM"
                                " (SELECT MAX(timestamp) AS last FROM frames GROUP BY meter_id) AS meters")  # fmt: skip
            return int(late[0][0]) <= 2 and not list(self.rig.spool.glob("*.spool"))

        self.rig.database.sql("SET GLOBAL time_zone = '+00:00'")
        wait_until(done, DRAINED_WITHIN, "it is drained", [reader, storer])
        return self._rows()

    def _report(self, reader: Program, storer: Program, *, up: bool, now: bool = False) -> None:
        reader.check()
        storer.check()
        moment = time.monotonic()
        if moment < self._next_report and not now:
            return
        self._next_report = moment + REPORT_EVERY
        parts = [f"{moment - self._began:6.0f} s", f"database {'up' if up else 'down'}"]
        for program in (reader, storer):
            resident, most = program.memory() / 2**20, program.memory("VmHWM") / 2**20
            parts.append(f"{program.name} {resident:.0f} MB (most {most:.0f})")
        backlog = sum(path.stat().st_size for path in self._files())
        parts.append(f"rows {self._rows() if up else '?'}, backlog {backlog / 1e6:.2f} MB")
        with contextlib.suppress(subprocess.CalledProcessError):  # health comes once a minute, from the first one on
            delivery: Any = self.rig.health("reader")["delivery"]
            parts.append(f"decoded {delivery['decoded']}, pending {delivery['pending']}")
        print(", ".join(parts), flush=True)

    def _files(self) -> list[Path]:
        return [*self.rig.spool.glob("*.spool"), *(self.rig.memory / "journal").glob("*.journal")]


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -P -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="teleinfo-soak-"))
    if Soak(folder).run(arguments.minutes * 60):
        shutil.rmtree(folder)
        return 0
    print(f"logs: {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
