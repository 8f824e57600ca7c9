"""A home that injects while its meter is not in producer mode, from its frames to `status`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from monitor.money.prices import PriceTable
from monitor.places.status import status
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

DAY = datetime(2026, 11, 23, 0, tzinfo=UTC)
NOW = DAY + timedelta(days=2)
METER = "031961000001"
STANDARD: dict[str, Value] = {"ADSC": METER, "EAST": 5000, "EASF01": 5000, "PREF": 6, "NTARF": 1}
HISTORIC: dict[str, Value] = {"ADCO": METER, "OPTARIF": "BASE", "ISOUSC": 30, "BASE": 5000, "PTEC": "TH.."}


def asked(server: Server, mode: Mode, values: dict[str, Value], step: int = 0) -> Any:
    """What `status` says after half an hour at noon on two days with these values, and an index that goes on or not."""
    tables = make_tables(server, NOW)
    index = "EAST" if mode is Mode.STANDARD else "BASE"
    frames = []
    for second in range(0, 1800, 5):
        for day in range(2):
            at = DAY + timedelta(days=day, hours=11, seconds=second)
            moved = {index: 5000 + 1000 * day + step * second // 60}
            frames.append(Frame(meter=METER, timestamp=at, mode=mode, values={**values, **moved}))
    store(tables, sorted(frames, key=lambda frame: frame.timestamp))
    roll_up(tables, NOW)
    answer = ask(status.ROUTE, tables, NOW, PriceTable([]))
    check(answer, status.ROUTE.schema)
    return answer["unseen_export"]


@pytest.mark.parametrize(
    ("mode", "values", "power"),
    [
        (Mode.STANDARD, {**STANDARD, "SINSTS": 1200, "IRMS1": 5}, 1200),
        (Mode.STANDARD, {**STANDARD, "SINSTS": 0, "IRMS1": 5}, 1150),
        (Mode.HISTORIC, {**HISTORIC, "PAPP": 0, "IINST": 4}, 920),
    ],
)
def test_power_while_no_index_moves_is_told(
    fresh_database: Server, mode: Mode, values: dict[str, Value], power: int
) -> None:
    assert asked(fresh_database, mode, values) == {"days": 2, "minutes": 60, "power": power}


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ({"SINSTS": 1200, "IRMS1": 5}, 20),  # it is drawn
        ({"SINSTS": 150, "IRMS1": 1}, 0),  # too little to move an index in a minute
        ({"SINSTS": 0, "IRMS1": 5, "EAIT": 700, "SINSTI": 1200}, 0),  # a producer's meter counts it
    ],
)
def test_what_is_drawn_or_counted_is_no_sign_of_it(fresh_database: Server, values: dict[str, Value], step: int) -> None:
    assert asked(fresh_database, Mode.STANDARD, {**STANDARD, **values}, step) is None
