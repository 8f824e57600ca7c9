"""How the programs end: on SIGTERM in any state, on a second one, and by themselves."""

import contextlib
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
from tests.faults.gate import gate
from tests.faults.rig import Rig
from tests.faults.torture import A_MOMENT
from tests.support.meters import METER
from tests.support.programs import ROOT, Program, wait_until

WITHIN = 120.0  # seconds, for what should take a few
BACKLOG = 12_000  # frames


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

        # By its exit code each tells whether that took it longer than SHUTDOWN_TIMEOUT, stalls of this machine apart.
        wait_until(all_ended, WITHIN, f"they end ({ends})")
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


State = Callable[[Chain], contextlib.AbstractContextManager[None]]

# -- one SIGTERM, in each state ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def idle(_: Chain) -> Iterator[None]:
    yield


@contextlib.contextmanager
def broker_away(chain: Chain) -> Iterator[None]:
    before = [program.count("cannot be reached") for program in chain.programs]
    chain.rig.broker.kill()
    try:
        wait_until(
            lambda: all(
                each.count("cannot be reached") > was for each, was in zip(chain.programs, before, strict=True)
            ),
            WITHIN,
            "both notice",
            chain.programs,
        )
        yield
    finally:
        chain.rig.broker.start()


@contextlib.contextmanager
def broker_hanging(chain: Chain) -> Iterator[None]:
    """Frames come meanwhile."""
    meter = chain.rig.meter
    assert meter is not None
    chain.rig.broker.pause()
    try:
        begun = time.monotonic()
        wait_until(lambda: meter.sent[-1][1] > begun + 2 * A_MOMENT, WITHIN, "frames come that count", chain.programs)
        yield
    finally:
        chain.rig.broker.resume()


@contextlib.contextmanager
def database_away(chain: Chain) -> Iterator[None]:
    before = chain.storer.count("trying again")
    chain.rig.database.kill()
    try:
        wait_until(lambda: chain.storer.count("trying again") > before, WITHIN, "it is noticed", chain.programs)
        yield
    finally:
        chain.rig.database.start()


@contextlib.contextmanager
def database_hanging(chain: Chain) -> Iterator[None]:
    """The storer waits for the answer to a statement."""
    with gate(chain.rig.database, "TRUE") as wait_until_stuck:
        wait_until_stuck()
        chain.rig.database.pause()
        try:
            yield
        finally:
            chain.rig.database.resume()


@pytest.mark.parametrize(
    ("state", "reader_codes", "storer_code"),
    [
        (idle, {0}, 0),
        (broker_away, {0}, 0),
        # The reader waits three seconds for answers: on a busy machine, the rest may take longer than SHUTDOWN_TIMEOUT.
        (broker_hanging, {0, 1}, 0),
        (database_away, {0}, 0),
        # It waits for an answer that nothing cuts short; the process ends itself after SHUTDOWN_TIMEOUT.
        (database_hanging, {0}, 1),
    ],
    ids=["idle", "broker away", "broker hanging", "database away", "database hanging"],
)
def test_sigterm_ends_both_and_loses_nothing(
    chain: Chain, state: State, reader_codes: set[int], storer_code: int
) -> None:
    chain.running()
    with state(chain):
        ends = chain.terminate(*chain.programs)
    began = time.monotonic()
    chain.running()
    chain.reader_was_away(began)
    print({name: f"{code}, {seconds:.1f} s" for name, (code, seconds) in ends.items()})
    assert ends["reader"][0] in reader_codes
    assert ends["storer"][0] == storer_code
    chain.check_nothing_is_lost()


def test_sigterm_during_a_replay_loses_nothing(chain: Chain) -> None:
    """Hours of frames are in the spool; what is unconfirmed at SIGTERM is replayed after the next start."""
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

    # However fast the machine: what is replayed takes 0.5 ms a row, so that the end comes before all has arrived, and
    # however large a batch, the storer can finish it.
    slow = "FOR EACH ROW DO SLEEP(IF(NEW.power >= 1000000, 0.0005, 0))"
    chain.rig.sql(f"CREATE TRIGGER slow_disk BEFORE INSERT ON frames {slow}")
    try:
        began = time.monotonic()
        chain.reader.start()
        chain.storer.start()
        wait_until(lambda: arrived() > 0, WITHIN, "it begins to arrive", chain.programs)
        ends = chain.terminate(*chain.programs)
        chain.reader_was_away(began)
    finally:
        chain.rig.sql("DROP TRIGGER slow_disk")
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
    with database_hanging(chain), broker_hanging(chain):
        began = time.monotonic()
        for program in chain.programs:
            program.send_signal(signal.SIGTERM)
        wait_until(lambda: all(signal_is_taken(each) for each in chain.programs), WITHIN, "the first is taken")
        for program in chain.programs:
            program.send_signal(signal.SIGTERM)
        for program in chain.programs:
            assert program.wait(WITHIN) == 128 + signal.SIGTERM  # 1: it was ended after SHUTDOWN_TIMEOUT
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
    ("program", "module", "sabotage", "said"),
    [
        ("reader", "reader.line.worker", "reader.line.worker.Decoder = None", "Thread line"),
        ("reader", "common.mqtt.connection", "common.mqtt.connection.Connected = None", "Thread main"),
        ("storer", "common.mqtt.connection", "common.mqtt.connection.Message = None", "Thread mqtt work"),
    ],
    ids=["reader's line", "reader's network", "storer's network"],
)
def test_a_dead_thread_ends_the_program_with_1(
    chain: Chain, tmp_path: Path, program: str, module: str, sabotage: str, said: str
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
    output = done.stdout + done.stderr
    assert output.count(said) == 1, output
    assert "TypeError" in output
    assert "Traceback" not in output
    chain.check_nothing_is_lost()
