"""A Pi at the meter: from the installation to the first frame, the plug pulled at any moment, and what its card bears.

What was measured goes to the terminal, for docs/reliability.md.
"""

import os
import random
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.machine.conftest import House, copy, start_reader
from tests.machine.pi import HOST, WITHIN, Pi, System
from tests.support.programs import wait_until

pytestmark = pytest.mark.timeout(4 * 3600)

PULLS = int(os.environ.get("TELEINFO_PULLS", "20"))
SEED = int(os.environ.get("TELEINFO_SEED", "27"))
MINUTES = float(os.environ.get("TELEINFO_MINUTES", "60"))  # of each measurement of the card
#: Seconds that a frame may be on its way from the meter to the database; a machine that is emulated is slow.
_ON_ITS_WAY = 8.0
#: Seconds of frames that are in memory only while broker, network or clock are not there: docs/reliability.md.
_IN_MEMORY = 60.0 + _ON_ITS_WAY


def test_a_clone_is_installed_as_the_readme_says(system: System, house: House, stick: Path, tmp_path: Path) -> None:
    with Pi(system, copy(system.card, tmp_path), house.line, stick) as pi:
        pi.plug_in()
        began = time.monotonic()
        pi.run("mount /dev/vdb /mnt && PIP_NO_INDEX=1 PIP_FIND_LINKS=/mnt/wheels /mnt/clone/run install reader")
        print(f"\n./run install reader: {time.monotonic() - began:.0f} s")
        start_reader(pi, house)
        pi.switch_off()


@dataclass(frozen=True)
class Run:
    """What happened between plugging in and pulling the plug; monotonic times."""

    kind: str
    plugged: float
    well: tuple[float, float]  # while broker, clock and network were there
    pulled: float

    def keeps(self, sent: float) -> bool:
        """Tell whether a frame must be stored that was sent at this moment."""
        began, ended = self.well
        return self.plugged < sent < self.pulled and (
            began < sent < min(ended, self.pulled) - _ON_ITS_WAY or sent < self.pulled - _IN_MEMORY
        )


def test_the_plug_is_pulled_and_no_frame_is_lost_and_none_is_there_twice(pi: Pi, house: House) -> None:
    chance = random.Random(SEED)
    pi.plug_in()
    boot = house.wait_for_a_frame() - pi.plugged_at
    pi.pull_the_plug()
    runs = []
    for pull in range(PULLS):
        pi.plug_in()
        kind = ("soon after boot", "all is well", "broker away")[pull % 3]
        well = (0.0, 0.0)
        if kind == "soon after boot":
            time.sleep(chance.uniform(0, 1.5 * boot))
        else:
            well = (house.wait_for_a_frame(), float("inf"))
            if kind == "broker away":
                house.rig.broker.stop()
                well = (well[0], time.monotonic())
            time.sleep(chance.uniform(0, 150))
        pi.pull_the_plug()
        runs.append(Run(kind, pi.plugged_at, well, time.monotonic()))
        print(f"\npull {pull + 1}, {kind}: {time.monotonic() - pi.plugged_at:.0f} s after plugging in", flush=True)
        if kind == "broker away":
            house.rig.broker.start()

    pi.plug_in()
    house.wait_for_a_frame()
    kept = {number for number, sent in house.line.sent if any(run.keeps(sent) for run in runs)}
    assert kept
    wait_until(lambda: kept <= house.rig.rows().keys(), WITHIN, "all frames in the database")
    rows = house.rig.rows()
    assert not [number for number, count in rows.items() if count > 1]
    assert "recovery complete" in pi.run("journalctl --no-pager -o cat -k -g EXT4-fs")
    pi.switch_off()
    subprocess.run(["e2fsck", "-f", "-n", pi.card], check=True)

    print(f"\n{PULLS} pulls, seed {SEED}")
    for kind in dict.fromkeys(run.kind for run in runs):
        of_kind = [run for run in runs if run.kind == kind]
        sent = {number for number, at in house.line.sent if any(run.plugged < at < run.pulled for run in of_kind)}
        gone = sent - rows.keys()
        print(f"{kind}: {len(of_kind)} pulls, {len(sent)} frames read, {len(gone)} of the last moments not stored")


def test_a_reader_whose_frames_are_stored_writes_nothing_to_the_card(pi: Pi, house: House) -> None:
    pi.plug_in()
    print(f"\nfrom plugging in to the first frame: {house.wait_for_a_frame() - pi.plugged_at:.0f} s")
    process = pi.run("systemctl show --value -p MainPID teleinfo-reader").strip()
    time.sleep(180)  # what a boot writes
    written, processor = own_writes(pi, process), seconds_of_processor(pi)
    with_reader = written_to_card(pi)
    assert own_writes(pi, process) == written
    used = (seconds_of_processor(pi) - processor) / (60 * MINUTES)
    memory = pi.run(f"grep -E '^Vm(RSS|HWM)' /proc/{process}/status; grep ^Pss: /proc/{process}/smaps_rollup; uname -r")
    pi.run("systemctl stop teleinfo-reader")
    time.sleep(60)
    print(f"to the card in an hour: {with_reader:,.0f} bytes, without the reader {written_to_card(pi):,.0f}")
    print(f"{used:.1%} of an emulated processor; {' '.join(memory.split())}")


def own_writes(pi: Pi, process: str) -> str:
    """Return the bytes that a process has written to disks, the pages apart that it deleted in time."""
    return pi.run(f"grep ^write_bytes /proc/{process}/io")


def seconds_of_processor(pi: Pi) -> float:
    return int(pi.run("systemctl show --value -p CPUUsageNSec teleinfo-reader")) / 1e9


def written_to_card(pi: Pi) -> float:
    """Return how many bytes are written to the card in an hour."""
    before = pi.bytes_written()
    time.sleep(60 * MINUTES)
    return (pi.bytes_written() - before) * 60 / MINUTES


def test_a_pi_without_a_clock_marks_its_frames_until_the_network_knows_the_time(pi: Pi, house: House) -> None:
    pi.plug_in()
    pi.run("sed -i s/^NTP=.*/NTP=192.0.2.1/ /etc/systemd/timesyncd.conf.d/host.conf")  # nobody has this address
    pi.run(f"echo '{house.settings(clock={'patience': '20s'})}' >/etc/teleinfo/reader.yaml")
    pi.switch_off()

    pi.plug_in(rtc="2000-01-01T00:00:00")
    house.wait_for_a_frame()
    assert house.live_frame()["host_clock"] == "unsynchronised"
    pi.run(f"sed -i s/^NTP=.*/NTP={HOST}/ /etc/systemd/timesyncd.conf.d/host.conf")
    pi.run("systemctl restart systemd-timesyncd")
    wait_until(lambda: "host_clock" not in house.live_frame(), WITHIN, "a clock that is right")
    began = house.line.number
    wait_until(lambda: house.last_row() > began + 60, WITHIN, "a minute of frames")
    sent, offset = dict(house.line.sent), time.time() - time.monotonic()
    rows = house.rig.sql(f"SELECT power, UNIX_TIMESTAMP(timestamp) FROM frames WHERE power > {began}")
    late = [float(stamp) - offset - sent[int(number)] for number, stamp in rows if int(number) in sent]
    print(f"\nstamped {min(late):.2f} to {max(late):.2f} s after they were sent: {len(late)} frames")
    assert max(map(abs, late)) < _ON_ITS_WAY
