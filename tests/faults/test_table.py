"""The table of faults: what happens, to whom, when, and what must hold beside that no frame is lost or stored twice.

All rows happen to one home, one after the other; after the last one its frames are counted, and those that are missing
are named with the row in which the meter sent them. The same in any order, for as long as you like: test_torture.py.
"""

import contextlib
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from reader.buffer.item import Item, ItemKind, to_micros
from reader.buffer.spool import Spool
from tests.faults.disk import fill, mounted, remount
from tests.faults.gate import gate
from tests.faults.rig import Processes
from tests.faults.torture import A_MOMENT, HARD_BROKER
from tests.support.meters import METER, Meter
from tests.support.programs import ENVIRONMENT, Program, wait_until
from tests.support.proxy import Proxy

WITHIN = 180.0  # seconds, for what should take a few
NOTICED = 90.0  # seconds: keepalive is 15 s, a statement of the database may take 30 s
CLOCK_STEP = 1800.0  # seconds
CUTS = 6
BACKLOG, BACKLOG_FROM = 12_000, 1_000_000  # frames of a replay, and their first number


class Home:
    """The delivery with a proxy on each link, its meter, and when the reader could not read it."""

    def __init__(self, folder: Path) -> None:
        self.reader_link, self.storer_link, self.database_link = self.links = (Proxy(), Proxy(), Proxy())
        self.delivery = Processes(
            folder,
            broker_config=HARD_BROKER,
            broker_ports=(self.reader_link.port, self.storer_link.port),
            database_port=self.database_link.port,
        )
        self.reader_link.target = self.storer_link.target = self.delivery.broker.port
        self.database_link.target = self.delivery.database.port
        self.began: list[tuple[float, str]] = []  # when each row began
        self._down: list[tuple[float, float]] = []
        self._leaves: float | None = None

    @property
    def meter(self) -> Meter:
        return self.delivery.meters[0]

    @property
    def programs(self) -> tuple[Program, Program]:
        reader, storer = self.delivery.reader, self.delivery.storer
        assert reader is not None
        assert storer is not None
        return reader, storer

    def start(self) -> None:
        """Start reader and storer for the first time."""
        self.delivery.start_storer()
        self.delivery.start_reader()
        wait_until(lambda: bool(self.delivery.sql("SHOW TABLES LIKE 'tallies'")), WITHIN, "tables", self.programs)
        # A compressed table is a sparse file: it grows on a full disk, too, and only its pages are not written.
        self.delivery.sql("ALTER TABLE frames PAGE_COMPRESSED=0")

    def go_on(self) -> None:
        """Start what does not run, and wait until frames of now have rows."""
        for part, server in (("broker", self.delivery.broker), ("database", self.delivery.database)):
            if server.process is None:
                self.delivery.start(part)
        for program in self.programs:
            if not program.running:
                program.start()
        sent = len(self.meter.sent)

        def newest() -> int:
            return int(
                self.delivery.sql(f"SELECT COALESCE(MAX(power), -1) FROM frames WHERE power < {BACKLOG_FROM}")[0][0]
            )

        wait_until(lambda: len(self.meter.sent) > sent, WITHIN, "frames are sent", self.programs)
        number = self.meter.sent[sent][0]
        wait_until(lambda: newest() > number + 10, WITHIN, "rows of frames of now", self.programs)
        if self._leaves is not None:
            self._down.append((self._leaves, time.monotonic()))
            self._leaves = None

    def sends(self, frames: int) -> None:
        """Wait until the meter has sent so many frames more."""
        last = len(self.meter.sent) + frames
        wait_until(lambda: len(self.meter.sent) > last, WITHIN, f"{frames} frames more")

    def reader_leaves(self) -> None:
        """Count no frame as lost that is sent from now until rows are made again."""
        self._leaves = self._leaves or time.monotonic() - A_MOMENT

    def must(self) -> dict[int, float]:
        """Return the numbers of the frames that must be stored, and when each was sent."""
        return {
            number: at for number, at in self.meter.sent if not any(start <= at <= end for start, end in self._down)
        }

    def row_of(self, at: float) -> str:
        return next((name for began, name in reversed(self.began) if began <= at), "before the first row")


# -- when --------------------------------------------------------------------------------------------------------------

When = Callable[[Home], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def all_well(_: Home) -> Iterator[None]:
    yield


@contextlib.contextmanager
def broker_away(home: Home) -> Iterator[None]:
    before = [program.count("trying again") for program in home.programs]
    home.delivery.kill("broker")
    wait_until(
        lambda: all(each.count("trying again") > was for each, was in zip(home.programs, before, strict=True)),
        WITHIN,
        "both notice",
        home.programs,
    )
    home.sends(30)
    yield


@contextlib.contextmanager
def broker_hanging(home: Home) -> Iterator[None]:
    home.delivery.broker.pause()
    try:
        begun = time.monotonic()
        wait_until(lambda: home.meter.sent[-1][1] > begun + 2 * A_MOMENT, WITHIN, "frames that count", home.programs)
        yield
    finally:
        home.delivery.broker.resume()


@contextlib.contextmanager
def database_away(home: Home) -> Iterator[None]:
    _, storer = home.programs
    before = storer.count("trying again")
    home.delivery.kill("database")
    wait_until(lambda: storer.count("trying again") > before, WITHIN, "it is noticed", home.programs)
    yield


@contextlib.contextmanager
def before_commit(home: Home) -> Iterator[None]:
    """The storer waits for the answer to a statement."""
    with gate(home.delivery.database, "TRUE") as wait_until_stuck:
        wait_until_stuck()
        yield
        if home.delivery.database.process is None:
            home.delivery.start("database")  # to take the gate away


@contextlib.contextmanager
def database_hanging(home: Home) -> Iterator[None]:
    with before_commit(home):
        home.delivery.database.pause()
        try:
            yield
        finally:
            home.delivery.database.resume()


@contextlib.contextmanager
def database_and_broker_hanging(home: Home) -> Iterator[None]:
    with database_hanging(home), broker_hanging(home):
        yield


@contextlib.contextmanager
def after_commit(home: Home) -> Iterator[None]:
    """Rows are there, and what the storer says of them does not arrive."""
    rows = len(home.delivery.rows())
    home.storer_link.stall("up")
    try:
        wait_until(lambda: len(home.delivery.rows()) > rows + 5, WITHIN, "rows", home.programs)
        yield
    finally:
        home.storer_link.release()


@contextlib.contextmanager
def backlog(home: Home) -> Iterator[None]:
    """Only the reader has these frames, and the broker the few that it keeps."""
    _, storer = home.programs
    assert storer.stop() == 0
    home.sends(100)
    yield


# -- what --------------------------------------------------------------------------------------------------------------


def ends(home: Home, parts: tuple[str, ...], times: int) -> dict[str, int]:
    """Send SIGTERM to programs, so often; return their exit codes."""
    programs = [program for program in home.programs if program.name in parts]
    home.reader_leaves()
    for _ in range(times):
        for program in programs:
            program.send_signal(signal.SIGTERM)
        wait_until(lambda: all(map(signal_is_taken, programs)), WITHIN, "the signal is taken")
    # By its exit code each tells whether that took it longer than SHUTDOWN_TIMEOUT, stalls of this machine apart.
    return {program.name: program.wait(WITHIN) for program in programs}


def signal_is_taken(program: Program) -> bool:
    """Whether the SIGTERM is not pending any more: a second one would be one with it."""
    with contextlib.suppress(FileNotFoundError, KeyError):
        pending = [int(value, 16) for name, value in program.status().items() if name.endswith("Pnd")]
        return not any(bits >> (signal.SIGTERM - 1) & 1 for bits in pending)
    return True  # it has ended


def terminate(home: Home, row: "Row") -> None:
    assert_codes(ends(home, row.whom, 1), row)


def terminate_twice(home: Home, row: "Row") -> None:
    assert_codes(ends(home, row.whom, 2), row)


def assert_codes(codes: Mapping[str, int], row: "Row") -> None:
    for part, code in codes.items():
        assert code in row.codes.get(part, {0}), codes


def kill(home: Home, row: "Row") -> None:
    for part in row.whom:
        if part == "reader":
            home.reader_leaves()
        home.delivery.kill(part)


def kill_as_it_starts(home: Home, row: "Row") -> None:
    """Four times, ever later in its start."""
    home.reader_leaves()
    for part in row.whom:
        home.delivery.kill(part)
        for number in range(4):
            home.delivery.start(part)
            time.sleep(0.3 * number)  # the moment of the kill
            home.delivery.kill(part)


def kill_as_it_stops(home: Home, row: "Row") -> None:
    home.reader_leaves()
    (program,) = (program for program in home.programs if program.name in row.whom)
    program.send_signal(signal.SIGTERM)
    wait_until(lambda: signal_is_taken(program), WITHIN, "the signal is taken")
    program.kill()


def delete_its_data(home: Home, _: "Row") -> None:
    home.delivery.kill("broker")
    (home.delivery.broker.folder / "mosquitto.db").unlink(missing_ok=True)


def make_read_only(home: Home, _: "Row") -> None:
    """As a node of a cluster that has lost the others: it accepts connections, and rejects writes."""
    storer = home.programs[1]
    before = storer.count("trying again")
    home.delivery.database.sql("SET GLOBAL read_only = 1")
    wait_until(lambda: storer.count("trying again") > before, WITHIN, "it is noticed", home.programs)
    home.sends(30)
    home.delivery.database.sql("SET GLOBAL read_only = 0")


def fill_the_disk_of_the_database(home: Home, _: "Row") -> None:
    reader, storer = home.programs
    disk = home.delivery.database.folder
    stalled, online = reader.count("Storer rig is stalled"), reader.count("Storer rig is online")
    fill(disk)
    try:
        wait_until(lambda: reader.count("Storer rig is stalled") > stalled, WITHIN, "it stalls", home.programs)
        home.sends(100)
    finally:
        (disk / "hog").unlink()
    wait_until(lambda: reader.count("Storer rig is online") > online, WITHIN, "it is back", home.programs)
    assert home.delivery.sql("SELECT COUNT(*) FROM rejected_messages") == [["0"]]
    [line] = storer.lines("WARNING database ", "is full (1114)")
    assert "free space" in line


def fill_the_disk_of_the_spool(home: Home, _: "Row") -> None:
    fill(home.delivery.spool)
    stop_with_a_spool_of_no_use(home)
    (home.delivery.spool / "hog").unlink()


def make_the_spool_read_only(home: Home, _: "Row") -> None:
    remount(home.delivery.spool, "ro")
    stop_with_a_spool_of_no_use(home)
    remount(home.delivery.spool, "rw")


def stop_with_a_spool_of_no_use(home: Home) -> None:
    """What nobody has confirmed cannot leave the journal at the stop, and arrives out of it."""
    reader, _ = home.programs
    before = reader.count("they stay in the journal")
    home.sends(30)
    home.reader_leaves()
    assert reader.stop() == 0
    assert reader.count("they stay in the journal") > before
    assert not list(home.delivery.spool.glob("spool.sqlite"))
    sent = set(home.must())
    home.go_on()
    must = sent & home.must().keys()
    wait_until(lambda: must <= home.delivery.rows().keys(), WITHIN, "they arrive, out of the journal", home.programs)


def set_the_clock(home: Home, _: "Row") -> None:
    """The reader's clock is ahead for a while, and is set back."""
    for ahead in (CLOCK_STEP, 0.0):
        reader, _storer = home.programs
        home.reader_leaves()
        assert reader.stop() == 0
        home.delivery.set_clock(ahead)
        home.delivery.start("reader")
        home.go_on()


def cut(home: Home, _: "Row") -> None:
    """Slow, and cut in the middle of a packet, again and again, both ways."""
    for link in home.links:
        link.delay = 0.02
    cuts = [link.cuts for link in home.links]
    for number in range(CUTS):
        opened = [link.opened for link in home.links]
        for link in home.links:
            link.cut("up" if number % 2 else "down")
        wait_until(lambda: not any(link.about_to_cut for link in home.links), WITHIN, "all are cut", home.programs)
        wait_until(
            lambda before=opened: all(link.opened > now for link, now in zip(home.links, before, strict=True)),  # type: ignore[misc]
            WITHIN,
            "all are back",
            home.programs,
        )
    assert [link.cuts - was for link, was in zip(home.links, cuts, strict=True)] == [CUTS] * 3
    for link in home.links:
        link.delay = 0.0


def refuse(home: Home, _: "Row") -> None:
    refused = [program.count("cannot be reached") for program in home.programs]
    for link in home.links:
        link.refuse()
    wait_until(
        lambda: all(each.count("cannot be reached") > was for each, was in zip(home.programs, refused, strict=True)),
        WITHIN,
        "both notice that they are refused",
        home.programs,
    )
    connected = [program.count("Connected to the broker") for program in home.programs]
    for link in home.links:
        link.admit()
    # After so many cuts a connection is reported, and its loss, only once it has lasted.
    wait_until(
        lambda: all(
            each.count("Connected to the broker") > was for each, was in zip(home.programs, connected, strict=True)
        ),
        WITHIN,
        "the connections have lasted",
        home.programs,
    )


def stall(home: Home, _: "Row") -> None:
    """All three stall, longer than their time-outs: the reader's both ways, the others only on the way down."""
    reader, storer = home.programs
    lost = "The connection to the broker"
    before = reader.count(lost), storer.count(lost), storer.count("(2013)")
    home.database_link.stall("down")
    home.sends(60)
    home.reader_link.stall()
    home.storer_link.stall("down")

    def noticed() -> bool:
        now = reader.count(lost), storer.count(lost), storer.count("(2013)")
        return all(count > was for count, was in zip(now, before, strict=True))

    wait_until(noticed, NOTICED, "the stall is noticed by all", home.programs)
    for link in home.links:
        link.release()


# -- the table ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One fault; in each row no frame is lost or doubled, and rows are made again afterwards."""

    what: Callable[[Home, "Row"], None]
    whom: tuple[str, ...]
    when: When = all_well
    codes: Mapping[str, set[int]] = field(default_factory=dict)  # exit codes, where they may be others than 0

    @property
    def name(self) -> str:
        return f"{self.what.__name__} {' and '.join(self.whom)}, {self.when.__name__}".replace("_", " ")


BOTH = ("reader", "storer")
EVERYTHING = ("reader", "storer", "broker", "database")
TABLE = [
    # First, while a connection's loss is said at once: after many, only once a connection has lasted.
    Row(stall, ("the network",)),
    Row(terminate, BOTH),
    Row(terminate, BOTH, broker_away),
    # The reader waits three seconds for answers: on a busy machine, the rest may take longer than SHUTDOWN_TIMEOUT.
    Row(terminate, BOTH, broker_hanging, {"reader": {0, 1}}),
    Row(terminate, BOTH, database_away),
    # It waits for an answer that nothing cuts short; the process ends itself after SHUTDOWN_TIMEOUT.
    Row(terminate, BOTH, database_hanging, {"storer": {1}}),
    # Not 1: that would be the end after SHUTDOWN_TIMEOUT.
    Row(terminate_twice, BOTH, database_and_broker_hanging, {part: {128 + signal.SIGTERM} for part in BOTH}),
    *(Row(kill, (part,)) for part in EVERYTHING),
    *(Row(kill, (part,), backlog) for part in ("reader", "broker", "database")),
    *(Row(kill, (part,), before_commit) for part in EVERYTHING),
    *(Row(kill, (part,), after_commit) for part in EVERYTHING),
    *(Row(kill_as_it_starts, (part,)) for part in BOTH),
    *(Row(kill_as_it_stops, (part,)) for part in BOTH),
    Row(kill, EVERYTHING),
    Row(kill, EVERYTHING, backlog),
    Row(delete_its_data, ("broker",)),
    Row(delete_its_data, ("broker",), backlog),
    Row(make_read_only, ("database",)),
    Row(fill_the_disk_of_the_database, ("database",)),
    Row(fill_the_disk_of_the_spool, ("reader",), backlog),
    Row(make_the_spool_read_only, ("reader",), backlog),
    Row(set_the_clock, ("reader",)),
    Row(cut, ("the network",)),
    Row(refuse, ("the network",)),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home that runs; at the end everything that it was sent has its row, once."""
    folder = tmp_path_factory.mktemp("home")
    with contextlib.ExitStack() as stack:
        stack.enter_context(mounted(folder / "database", "size=256m"))
        stack.enter_context(mounted(folder / "spool", "size=16m"))
        home = Home(folder)
        for each in (*home.links, home.delivery):
            stack.enter_context(each)
        home.start()
        yield home
        judge(home)


def judge(home: Home) -> None:
    home.meter.stop()
    must = home.must()
    lost: set[int] = set()
    with contextlib.suppress(AssertionError):
        wait_until(lambda: must.keys() <= home.delivery.rows().keys(), WITHIN, "everything arrives", home.programs)
    rows = home.delivery.numbered()
    lost = {number for number in must if not rows[METER, number]}
    assert Counter(home.row_of(must[number]) for number in lost) == {}
    assert [number for number, count in rows.items() if count > 1] == []
    assert [program.stop() for program in home.programs] == [0, 0]
    delivery = home.delivery.health("reader")["delivery"]
    assert isinstance(delivery, dict)
    assert (delivery["discarded"], delivery["rejected"]) == (0, 0)
    parts = ("confirmed", "accepted_by_broker", "pending")
    assert delivery["decoded"] == sum(delivery[part] for part in parts)


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_the_home_goes_on_after(home: Home, row: Row) -> None:
    home.go_on()
    home.began.append((time.monotonic(), row.name))
    with row.when(home):
        row.what(home, row)
    home.go_on()


def test_sigterm_during_a_replay_loses_nothing(home: Home) -> None:
    """Hours of frames are in the spool; what is unconfirmed at SIGTERM is replayed after the next start."""
    home.go_on()
    home.began.append((time.monotonic(), "a replay"))
    assert ends(home, BOTH, 1) == {"reader": 0, "storer": 0}
    instant = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
    items = []
    for number in range(BACKLOG):
        values: dict[str, Value] = {"ADSC": METER, "SINSTS": BACKLOG_FROM + number, "STGE": "003A0001"}
        frame = Frame(meter=METER, timestamp=instant + timedelta(seconds=number), mode=Mode.STANDARD, values=values)
        items.append(Item(ItemKind.FRAME, METER, to_micros(frame.timestamp), frame.to_json()))
    spool = Spool(home.delivery.spool, max_size=64_000_000)
    spool.open()
    for start in range(0, BACKLOG, 60):
        spool.append(items[start : start + 60])
    spool.close()

    def arrived() -> int:
        return int(home.delivery.sql(f"SELECT COUNT(*) FROM frames WHERE power >= {BACKLOG_FROM}")[0][0])

    # However fast the machine: what is replayed takes 0.5 ms a row, so that the end comes before all has arrived, and
    # however large a batch, the storer can finish it.
    slow = f"FOR EACH ROW DO SLEEP(IF(NEW.power >= {BACKLOG_FROM}, 0.0005, 0))"
    home.delivery.sql(f"CREATE TRIGGER slow_disk BEFORE INSERT ON frames {slow}")
    try:
        for program in home.programs:
            program.start()
        wait_until(lambda: arrived() > 0, WITHIN, "it begins to arrive", home.programs)
        assert ends(home, BOTH, 1) == {"reader": 0, "storer": 0}
    finally:
        home.delivery.sql("DROP TRIGGER slow_disk")
    assert arrived() < BACKLOG, "it was not in the middle"
    home.go_on()
    wait_until(lambda: arrived() == BACKLOG, WITHIN, "the backlog arrives", home.programs)


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
def test_a_dead_thread_ends_the_program_with_1(home: Home, program: str, module: str, sabotage: str, said: str) -> None:
    home.go_on()
    home.began.append((time.monotonic(), f"a dead thread of the {program}"))
    config = getattr(home.delivery, f"{program}_config")
    script = _SABOTAGED.format(program=program, module=module, sabotage=sabotage)
    ends(home, (program,), 1)
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, "run", "--config", str(config)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN,
    )
    home.go_on()
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert output.count(said) == 1, output
    assert "TypeError" in output
    assert "Traceback" not in output
