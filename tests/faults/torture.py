"""Kills, stops, cuts and fills everything at random, and counts what is lost.

Run it as `./run torture --minutes N --seed S`. The oracle knows nothing of the product: it is what the meter of the rig
wrote down, each frame with a number that comes back as a column of its row. A frame may be missing
only when the reader was not there to read it: killed within a moment of it, or not connected.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from demo.instances import InstanceError
from tests.faults.rig import Chance, Program, Rig, wait_until

HARD_BROKER = "max_queued_messages 10"  # and persistence off, which is what the rig's broker has by default
DEFAULT_BROKER = "persistence true\nmax_queued_messages 1000\nmax_inflight_messages 20\n"
A_MOMENT = 0.5  # seconds; a frame that came so shortly before a kill may still have been in the kernel's buffer
LONGER_THAN_KEEPALIVE = 40.0  # seconds; twice the keepalive of 15 s, and some
SETTLED_WITHIN = 900.0  # seconds until everything is in the table, after the last fault

_FAULTS = {
    "kill reader": 4.0,
    "kill storer": 4.0,
    "kill broker": 4.0,
    "kill database": 3.0,
    "cut line": 1.0,
    "restart reader": 1.0,
    "restart storer": 1.0,
    "delete broker data": 1.0,
    "database read-only": 1.0,
    "disk full": 1.0,
    "stop broker": 0.3,
    "stop database": 0.3,
    "stop storer": 0.3,
}


@dataclass
class Result:
    """What a torture found."""

    faults: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    excused: int = 0
    rows: int = 0
    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    audit: str = ""
    audit_code: int | None = None
    sum_holds: bool = False
    health: dict[str, object] = field(default_factory=dict)

    @property
    def kills(self) -> int:
        return sum(count for fault, count in self.faults.items() if fault.startswith("kill"))

    def text(self) -> str:
        faults = ", ".join(f"{fault} {count}" for fault, count in sorted(self.faults.items()))
        return (
            f"kills {self.kills} ({faults}), frames {self.sent}, rows {self.rows}, excused {self.excused},"
            f" lost {len(self.lost)}, doubled {len(self.doubled)}; audit: {self.audit} (exit {self.audit_code});"
            f" counters add up: {'yes' if self.sum_holds else 'no'}"
        )


class Torture:
    """One run: a rig, a seed, an end."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self._rig = rig
        self._chance = Chance(seed)
        self._result = Result()
        self._down: list[tuple[float, float]] = []  # when the reader could not read

    def run(self, seconds: float) -> Result:
        rig = self._rig
        reader, storer = rig.start_reader(), rig.start_storer()
        wait_until(lambda: self._count() > 0, 60, "the first row", [reader, storer])
        end = time.monotonic() + seconds
        faults, weights = list(_FAULTS), list(_FAULTS.values())
        while time.monotonic() < end:
            time.sleep(self._chance.between(0.5, 3.0))  # the life between two faults
            fault = self._chance.pick(faults, weights)
            if fault.startswith("stop") and end - time.monotonic() < LONGER_THAN_KEEPALIVE:
                continue
            self._result.faults[fault] += 1
            getattr(self, "_" + fault.replace(" ", "_").replace("-", "_"))()
            reader.check()
            storer.check()
        return self._judge(reader, storer)

    # -- faults --------------------------------------------------------------------------------------------------------

    def _pause(self) -> None:
        time.sleep(self._chance.between(0.0, 2.0))  # how long a part stays away

    def _reader(self) -> Program:
        assert self._rig.reader is not None
        return self._rig.reader

    def _storer(self) -> Program:
        assert self._rig.storer is not None
        return self._rig.storer

    def _kill_reader(self) -> None:
        before = time.monotonic() - A_MOMENT
        self._reader().kill()
        self._down.append((before, time.monotonic()))
        self._pause()
        self._reader().start()

    def _restart_reader(self) -> None:
        before = time.monotonic() - A_MOMENT
        self._reader().stop()
        self._down.append((before, time.monotonic()))
        self._reader().start()

    def _kill_storer(self) -> None:
        self._storer().kill()
        self._pause()
        self._storer().start()

    def _restart_storer(self) -> None:
        self._storer().stop()
        self._storer().start()

    def _kill_broker(self) -> None:
        self._rig.broker.kill()
        self._pause()
        self._rig.broker.start()

    def _delete_broker_data(self) -> None:
        self._rig.broker.kill()
        (self._rig.broker.folder / "mosquitto.db").unlink(missing_ok=True)
        self._rig.broker.start()

    def _kill_database(self) -> None:
        self._rig.database.kill()
        self._pause()
        self._rig.database.start()

    def _database_read_only(self) -> None:
        self._rig.database.sql("SET GLOBAL read_only = 1")
        self._pause()
        self._rig.database.sql("SET GLOBAL read_only = 0")

    def _cut_line(self) -> None:
        assert self._rig.meter is not None
        self._rig.meter.cut(self._chance.between(0.1, 3.0))

    def _disk_full(self) -> None:
        hog = self._rig.spool / "hog"
        try:
            with hog.open("wb") as file:
                while True:
                    file.write(b"\0" * 65536)
        except OSError:
            pass  # that is the point
        self._pause()
        hog.unlink(missing_ok=True)

    def _hang(self, stop: object, resume: object) -> None:
        assert callable(stop)
        assert callable(resume)
        stop()
        time.sleep(LONGER_THAN_KEEPALIVE)  # what a hung part does
        resume()

    def _stop_broker(self) -> None:
        self._hang(self._rig.broker.pause, self._rig.broker.resume)

    def _stop_database(self) -> None:
        self._hang(self._rig.database.pause, self._rig.database.resume)

    def _stop_storer(self) -> None:
        storer = self._storer()
        self._hang(lambda: storer.signal(signal.SIGSTOP), lambda: storer.signal(signal.SIGCONT))

    # -- the oracle ----------------------------------------------------------------------------------------------------

    def _count(self) -> int:
        try:
            return int(self._rig.sql("SELECT COUNT(*) FROM frames")[0][0])
        except InstanceError:
            return 0

    def _must(self) -> set[int]:
        """The numbers that must be in the table."""
        assert self._rig.meter is not None
        return {number for number, at in self._rig.meter.sent if not any(a <= at <= b for a, b in self._down)}

    def _judge(self, reader: Program, storer: Program) -> Result:
        result, meter = self._result, self._rig.meter
        assert meter is not None
        time.sleep(A_MOMENT)  # the last frames reach the reader
        meter.stop()
        must = self._must()
        deadline = time.monotonic() + SETTLED_WITHIN
        while True:
            rows = self._rig.rows()
            if must <= rows.keys() or time.monotonic() > deadline:
                break
            reader.check()
            storer.check()
            time.sleep(0.5)  # between two looks
        reader.stop()
        result.health = self._rig.health("reader")
        delivery = result.health["delivery"]
        assert isinstance(delivery, dict)
        parts = ("confirmed", "rejected", "thinned", "handed_over", "waiting")
        result.sum_holds = delivery["decoded"] == sum(delivery[part] for part in parts)
        storer.stop()
        rows = self._rig.rows()
        result.sent = len(meter.sent)
        result.excused = result.sent - len(must)
        result.rows = sum(rows.values())
        result.lost = sorted(must - rows.keys())
        result.doubled = sorted(number for number, count in rows.items() if count > 1)
        audit = self._rig.command("storer", "audit", config=self._rig.storer_config)
        result.audit, result.audit_code = audit.stdout.strip().rpartition("\n")[2], audit.returncode
        return result


def torture(folder: Path, seconds: float, seed: int, broker_config: str) -> Result:
    """Torture the whole chain for a while; as root with a spool on a file system that can be filled."""
    spool = folder / "spool"
    spool.mkdir(parents=True)
    mounted = os.geteuid() == 0 and (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(spool)], check=False, capture_output=True
        ).returncode
        == 0
    )
    if not mounted:
        _FAULTS.pop("disk full", None)  # nobody's real disk is filled
    try:
        with Rig(folder, broker_config=broker_config, spool=spool) as rig:
            return Torture(rig, seed).run(seconds)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(spool)], check=False)


def main() -> int:
    """Run it from the command line; exit 0 only if nothing is lost and nothing doubled."""
    parser = argparse.ArgumentParser(prog="./run torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", choices=["hard", "default"], default="hard", help="how little the broker keeps")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="teleinfo-torture-"))
    broker_config = HARD_BROKER if arguments.broker == "hard" else DEFAULT_BROKER
    result = torture(folder, arguments.minutes * 60, arguments.seed, broker_config)
    print(result.text())
    good = not result.lost and not result.doubled and result.audit_code == 0 and result.sum_holds
    if good and not arguments.keep:
        shutil.rmtree(folder)
    else:
        print(f"logs: {folder}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
