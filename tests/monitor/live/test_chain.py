"""The links from the meter to the database, in each state of what is between them."""

from datetime import UTC, datetime, timedelta

import pytest

from common.contract.frame import Frame
from monitor.live.chain import links, meter_snapshot
from monitor.live.meter import LiveMeter, MeterView
from monitor.live.state import Program
from tests.support.frames import ADDRESS, standard

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def view(*, speaking: bool) -> MeterView:
    meter = LiveMeter(ADDRESS, 0.0)
    frame: Frame = standard(SINSTS=5)
    meter.on_frame(frame, 0.0)
    meter.on_link(speaking, 0.0)
    return meter.view(1.0)


def reader(name: str, status: str, *meters: str) -> Program:
    return Program(name, status, {"lines": [{"meter": meter} for meter in meters]}, NOW)


def storer(status: str) -> Program:
    return Program("main", status, None, NOW)


def states(
    seen: MeterView | None = None,
    *,
    connected: bool = True,
    stored: bool | None = None,
    readers: tuple[Program, ...] = (),
    storers: tuple[Program, ...] = (),
    database: str = "up",
) -> str:
    found = links(seen, connected=connected, ever_stored=stored, readers=readers, storers=storers, database=database)
    assert list(found) == ["meter", "reader", "mqtt", "storer", "database"]
    return " ".join(found.values())


def test_all_is_well() -> None:
    readers, storers = (reader("pi", "online", ADDRESS),), (storer("online"),)
    assert states(view(speaking=True), readers=readers, storers=storers) == "up up up up up"


def test_before_anything_came() -> None:
    assert states() == "never never up never up"


def test_without_the_broker_nobody_knows_what_is_behind_it() -> None:
    found = states(
        view(speaking=True),
        connected=False,
        readers=(reader("pi", "online", ADDRESS),),
        storers=(storer("online"),),
        database="down",
    )
    assert found == "unknown unknown down unknown down"


def test_a_silent_meter() -> None:
    assert states(view(speaking=False), readers=(reader("pi", "online", ADDRESS),)) == "down up up never up"
    assert states(stored=True).startswith("down")


def test_a_reader_is_that_of_the_meter_and_of_several_the_one_that_is_online() -> None:
    other = reader("attic", "online", "042175810000")
    gone = reader("old-name", "offline", ADDRESS)
    assert states(view(speaking=False), readers=(other, gone)).split()[1] == "down"
    assert states(view(speaking=True), readers=(other, gone, reader("new-name", "online", ADDRESS))).split()[1] == "up"
    assert states(view(speaking=True)).split()[1] == "up"  # frames come, though no reader gives its name


def test_of_several_storers_one_that_stores_is_enough() -> None:
    assert states(storers=(storer("offline"), storer("online"))).split()[3] == "up"
    assert states(storers=(storer("offline"), storer("stalled"))).split()[3] == "stalled"
    assert states(storers=(storer("offline"),)).split()[3] == "down"


@pytest.mark.parametrize(
    ("age", "readers", "expected"),
    [
        (5, [reader("one", "online")], (True, True, True)),
        (6, [reader("one", "online")], (True, False, True)),  # it does not tell the power of now any more
        (16, [reader("one", "online")], (False, False, True)),
        (16, [reader("one", "offline", ADDRESS), reader("two", "online")], (False, False, False)),
        (16, [], (False, False, None)),
    ],
)
def test_what_alerts_look_at(age: int, readers: list[Program], expected: tuple[bool, bool, bool | None]) -> None:
    meter = LiveMeter(ADDRESS, 0.0)
    meter.on_frame(standard(SINSTS=5), 0.0)
    found = meter_snapshot(meter.view(age), readers, NOW)
    assert (found.speaking, found.fresh, found.reader) == expected
    assert found.last_frame == NOW - timedelta(seconds=age)
    assert found.power == 5
