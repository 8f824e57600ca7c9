"""The table of faults: what happens, to whom, when, and what must hold beside that no frame is lost or stored twice.

All rows happen to one home, one after the other; after the last one its frames are counted, and those that are missing
are named with the row in which the meter sent them. The same in any order, for as long as you like: test_long_run.py.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from reader.buffer.item import Item, ItemKind, to_micros
from reader.buffer.spool import Spool
from tests.faults import rows
from tests.faults.counted import WITHIN
from tests.faults.home import Row, backlog, broker_away, database_away, kill, kills, stop
from tests.faults.network import BACKLOG, BACKLOG_FROM, HARD_BROKER, METERS, Network, network
from tests.support.meters import METER
from tests.support.programs import ENVIRONMENT, wait_until

BOTH = ("reader", "storer")
EVERYTHING = ("reader", "storer", "broker", "database", "monitor")
TABLE = [
    # First, while a connection's loss is said at once: after many, only once a connection has lasted.
    Row(rows.stall, ("the network",)),
    Row(rows.leave_alone, ("the disk",)),
    # While the table is small: later it grows by megabytes at once, and what is allocated can still be filled.
    Row(rows.fill_the_disk_of_the_database, ("database",)),
    Row(rows.terminate, BOTH),
    Row(rows.terminate, BOTH, broker_away),
    # The reader waits three seconds for answers: on a busy machine, the rest may take longer than SHUTDOWN_TIMEOUT.
    Row(rows.terminate, BOTH, rows.broker_hanging, {"reader": {0, 1}}),
    Row(rows.terminate, BOTH, database_away),
    # It waits for an answer that nothing cuts short; the process ends itself after SHUTDOWN_TIMEOUT.
    Row(rows.terminate, BOTH, rows.database_hanging, {"storer": {1}}),
    # Not 1: that would be the end after SHUTDOWN_TIMEOUT.
    Row(rows.terminate_twice, BOTH, rows.database_and_broker_hanging, {part: {128 + signal.SIGTERM} for part in BOTH}),
    Row(rows.kill_as_it_alerts, ("monitor",)),
    *kills(*EVERYTHING),
    Row(kill, EVERYTHING, backlog),
    Row(stop, EVERYTHING, database_away),
    *(Row(kill, (part,), backlog) for part in ("reader", "broker", "database")),
    *(Row(kill, (part,), rows.before_commit) for part in EVERYTHING),
    *(Row(kill, (part,), rows.after_commit) for part in EVERYTHING),
    *(Row(rows.kill_as_it_starts, (part,)) for part in (*BOTH, "monitor")),
    *(Row(rows.kill_as_it_stops, (part,)) for part in BOTH),
    Row(rows.delete_its_data, ("broker",)),
    Row(rows.delete_its_data, ("broker",), backlog),
    Row(rows.make_read_only, ("database",)),
    Row(rows.fill_the_disk_of_the_spool, ("reader",), backlog),
    Row(rows.make_the_spool_read_only, ("reader",), backlog),
    Row(rows.damage_the_spool, ("reader",), backlog),
    Row(rows.set_the_clock, ("reader",)),
    Row(rows.acknowledge_nothing, ("the broker",)),
    Row(rows.acknowledge_and_confirm_nothing, ("the broker",), backlog),
    Row(rows.cut, ("the network",)),
    Row(rows.refuse, ("the network",)),
    Row(rows.restore_an_earlier_state, ("database",)),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with network(tmp_path_factory.mktemp("home"), HARD_BROKER) as home:
        yield home


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_the_home_goes_on_after(home: Network, row: Row) -> None:
    home.suffer(row)


def test_sigterm_during_a_replay_loses_nothing(home: Network) -> None:
    """Hours of frames are in the spool; what is unconfirmed at SIGTERM is replayed after the next start."""
    home.go_on()
    home.begins("a replay")
    assert rows.ends(home, BOTH, 1) == {"reader": 0, "storer": 0}
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
        home.start(*BOTH)
        wait_until(lambda: arrived() > 0, WITHIN, "it begins to arrive", home.programs)
        assert rows.ends(home, BOTH, 1) == {"reader": 0, "storer": 0}
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
        ("storer", "common.mqtt.session", "common.mqtt.session.BrokerConnection = None", "Thread mqtt crashed"),
        ("storer", "common.mqtt.connection", "common.mqtt.connection.Message = None", "Thread mqtt work"),
    ],
    ids=["reader's line", "reader's network", "storer's network", "storer's messages"],
)
def test_a_dead_thread_ends_the_program_with_1(
    home: Network, program: str, module: str, sabotage: str, said: str
) -> None:
    home.go_on()
    home.begins(f"a dead thread of the {program}")
    config = getattr(home.delivery, f"{program}_config")
    script = _SABOTAGED.format(program=program, module=module, sabotage=sabotage)
    rows.ends(home, (program,), 1)
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
    assert 1 <= output.count(said) <= METERS, output  # a line has a thread each, and so has a connection
    assert "TypeError" in output
    assert "Traceback" not in output
