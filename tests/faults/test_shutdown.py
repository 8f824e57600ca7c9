"""How the programs end: on SIGTERM in any state, on a second one, and by themselves."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from reader.buffer.item import Item, ItemKind, to_micros
from reader.buffer.spool import Spool
from tests.faults.rig import Rig
from tests.faults.torture import A_MOMENT
from tests.support.meters import METER
from tests.support.programs import ROOT, Program, wait_until

WITHIN = 120.0  # seconds, for what should take a few
ENDS_WITHIN = 9.0  # seconds after a SIGTERM, whatever the state: 4.5 by itself; Docker kills after 10
BACKLOG = 4_000  # frames


class Chain:
    """The running rig, and when its reader could not read the meter."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.reader, self.storer = rig.start_reader(), rig.start_storer()
        self._down: list[tuple[float, float]] = []
        self.running()

    def running(self) -> None:
        """Start what does not run, and wait until rows are made."""
        for program in self.programs:
            if not program.running:
                program.start()
        wait_until(lambda: bool(self.rig.sql("SHOW TABLES LIKE 'tallies'")), WITHIN, "tables", self.programs)
        rows = self.count()
        wait_until(lambda: self.count() > rows + 10, WITHIN, "rows", self.programs)

    @property
    def programs(self) -> tuple[Program, Program]:
        return self.reader, self.storer

    def count(self) -> int:
        return int(self.rig.sql("SELECT COUNT(*) FROM frames")[0][0])

    def terminate(self, *programs: Program) -> dict[str, tuple[int, float]]:
        """Send SIGTERM to some; return for each its exit code and how many seconds it took."""
        began = time.monotonic()
        for program in programs:
            program.send_signal(signal.SIGTERM)
        ends: dict[str, tuple[int, float]] = {}

        def all_ended() -> bool:
            for program in programs:
                if not program.running:
                    ends.setdefault(program.name, (program.wait(), time.monotonic() - began))
            return len(ends) == len(programs)

        wait_until(all_ended, ENDS_WITHIN, f"they end ({ends})")
        self.reader_was_away(began)
        return ends

    def reader_was_away(self, since: float) -> None:
        self._down.append((since - A_MOMENT, time.monotonic() + A_MOMENT))

    def check_nothing_is_lost(self) -> None:
        assert self.rig.meter is not None
        must = {
            number
            for number, at in list(self.rig.meter.sent)
            if not any(start <= at <= end for start, end in self._down)
        }
        wait_until(lambda: must <= self.rig.rows().keys(), WITHIN, "everything arrives", self.programs)
        assert set(self.rig.rows().values()) == {1}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with Rig(tmp_path_factory.mktemp("ends")) as rig:
        yield Chain(rig)


# -- one SIGTERM, in each state ----------------------------------------------------------------------------------------


def idle(_: Chain) -> None:
    pass


def broker_away(chain: Chain) -> None:
    before = [program.count("cannot be reached") for program in chain.programs]
    chain.rig.broker.kill()
    wait_until(
        lambda: all(each.count("cannot be reached") > was for each, was in zip(chain.programs, before, strict=True)),
        WITHIN,
        "both notice",
        chain.programs,
    )


def broker_hanging(chain: Chain) -> None:
    chain.rig.broker.pause()
    some_frames_later(chain)


def database_away(chain: Chain) -> None:
    before = chain.storer.count("trying again")
    chain.rig.database.kill()
    wait_until(lambda: chain.storer.count("trying again") > before, WITHIN, "it is noticed", chain.programs)


def database_hanging(chain: Chain) -> None:
    """A frame comes, and the storer waits for the answer to a statement."""
    chain.rig.database.pause()
    some_frames_later(chain)


def some_frames_later(chain: Chain) -> None:
    meter = chain.rig.meter
    assert meter is not None
    frames = len(meter.sent)
    wait_until(lambda: len(meter.sent) > frames + 10, WITHIN, "frames come", chain.programs)


def start_broker(chain: Chain) -> None:
    chain.rig.broker.start()


def resume_broker(chain: Chain) -> None:
    chain.rig.broker.resume()


def start_database(chain: Chain) -> None:
    chain.rig.database.start()


def resume_database(chain: Chain) -> None:
    chain.rig.database.resume()


@pytest.mark.parametrize(
    ("fail", "repair", "storer_code"),
    [
        (idle, idle, 0),
        (broker_away, start_broker, 0),
        (broker_hanging, resume_broker, 0),
        (database_away, start_database, 0),
        # It waits for an answer that nothing cuts short; the process ends itself after SHUTDOWN_TIMEOUT.
        (database_hanging, resume_database, 1),
    ],
    ids=["idle", "broker away", "broker hanging", "database away", "database hanging"],
)
def test_sigterm_ends_both_and_loses_nothing(
    chain: Chain, fail: Callable[[Chain], None], repair: Callable[[Chain], None], storer_code: int
) -> None:
    chain.running()
    fail(chain)
    try:
        ends = chain.terminate(*chain.programs)
    finally:
        repair(chain)
    began = time.monotonic()
    chain.running()
    chain.reader_was_away(began)
    print({name: f"{code}, {seconds:.1f} s" for name, (code, seconds) in ends.items()})
    assert {name: code for name, (code, _) in ends.items()} == {"reader": 0, "storer": storer_code}
    chain.check_nothing_is_lost()


def test_sigterm_during_a_replay_loses_nothing(chain: Chain) -> None:
    """An hour of frames is in the spool; what is unconfirmed at SIGTERM is replayed after the next start."""
    chain.running()
    chain.terminate(*chain.programs)
    instant = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
    frame = Frame(meter=METER, timestamp=instant, mode=Mode.STANDARD, values={"ADSC": METER})
    items = []
    for number in range(BACKLOG):
        values: dict[str, Value] = {"ADSC": METER, "SINSTS": 1_000_000 + number, "STGE": "003A0001"}
        frame = dataclasses.replace(frame, timestamp=instant + timedelta(seconds=number), values=values)
        items.append(Item(ItemKind.FRAME, METER, to_micros(frame.timestamp), frame.to_json()))
    spool = Spool(chain.rig.spool, max_size=64_000_000)
    spool.open()
    for start in range(0, BACKLOG, 60):
        spool.append(items[start : start + 60])
    spool.close()

    def arrived() -> int:
        return int(chain.rig.sql("SELECT COUNT(*) FROM frames WHERE power >= 1000000")[0][0])

    began = time.monotonic()
    chain.reader.start()
    chain.storer.start()
    wait_until(lambda: arrived() > 500, WITHIN, "it begins to arrive", chain.programs)
    ends = chain.terminate(*chain.programs)
    chain.reader_was_away(began)
    between = arrived()
    print(
        f"{between} of {BACKLOG} had arrived; ", {name: f"{code}, {took:.1f} s" for name, (code, took) in ends.items()}
    )
    assert between < BACKLOG, "it was not in the middle"
    assert {name: code for name, (code, _) in ends.items()} == {"reader": 0, "storer": 0}
    began = time.monotonic()
    chain.running()
    chain.reader_was_away(began)
    wait_until(lambda: arrived() == BACKLOG, WITHIN, "the backlog arrives", chain.programs)
    chain.check_nothing_is_lost()


# -- a second one ------------------------------------------------------------------------------------------------------


def signal_is_taken(program: Program) -> bool:
    """Whether the SIGTERM is not pending any more: a second one would be one with it."""
    pending = [int(value, 16) for name, value in program.status().items() if name.endswith("Pnd")]
    return not any(bits >> (signal.SIGTERM - 1) & 1 for bits in pending)


def test_a_second_sigterm_ends_at_once_and_loses_nothing(chain: Chain) -> None:
    chain.running()
    chain.rig.database.pause()
    some_frames_later(chain)
    chain.rig.broker.pause()
    some_frames_later(chain)
    began = time.monotonic()
    try:
        for program in chain.programs:
            program.send_signal(signal.SIGTERM)
        wait_until(lambda: all(signal_is_taken(each) for each in chain.programs), ENDS_WITHIN, "the first is taken")
        for program in chain.programs:
            program.send_signal(signal.SIGTERM)
        for program in chain.programs:
            assert program.wait(ENDS_WITHIN) == 128 + signal.SIGTERM  # 1: it was ended after SHUTDOWN_TIMEOUT
    finally:
        chain.rig.broker.resume()
        chain.rig.database.resume()
        chain.running()
        chain.reader_was_away(began)
    chain.check_nothing_is_lost()


# -- by itself ---------------------------------------------------------------------------------------------------------

_SABOTAGED = """
import sys
import {module}
{sabotage}
from {program}.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("program", "module", "sabotage", "thread"),
    [
        ("reader", "reader.line.worker", "reader.line.worker.Decoder = None", "line"),
        ("reader", "common.mqtt.connection", "common.mqtt.connection.Connected = None", "paho"),
        ("storer", "common.mqtt.connection", "common.mqtt.connection.Message = None", "paho"),
    ],
    ids=["reader's line", "reader's network", "storer's network"],
)
def test_a_dead_thread_ends_the_program_with_1(
    chain: Chain, tmp_path: Path, program: str, module: str, sabotage: str, thread: str
) -> None:
    chain.running()
    victim = chain.reader if program == "reader" else chain.storer
    config = chain.rig.reader_config if program == "reader" else chain.rig.storer_config
    script = _SABOTAGED.format(program=program, module=module, sabotage=sabotage)
    began = time.monotonic()
    chain.terminate(victim)
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, "run", "--config", str(config)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN,
    )
    chain.running()
    chain.reader_was_away(began)
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if " CRITICAL " in line]
    assert f"Thread {thread}" in line
    assert "TypeError" in line
    chain.check_nothing_is_lost()
