"""`indexes` of the API: the registers as the meter showed them, each with its time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import House, Household
from monitor.base.request_errors import RequestError
from monitor.places.review.indexes import ROUTE
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.storing import query, store

METER, BEFORE = "031961123456", "021861999999"
NOW = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
CONFIG = MonitorConfig(household=Household(meters=(House(METER, "Maison", (BEFORE,)),)))


def historic(at: str, low: int, high: int, meter: str = METER) -> Frame:
    values: dict[str, Value] = {"ADCO": meter, "OPTARIF": "HC..", "ISOUSC": 30, "HCHC": low, "HCHP": high}
    values |= {"PTEC": "HP..", "IINST": 4, "PAPP": 1000}
    return Frame(meter=meter, timestamp=datetime.fromisoformat(f"{at}+00:00"), mode=Mode.HISTORIC, values=values)


def standard(at: str, calendar: str, total: int, suppliers: Iterable[int], **more: Value) -> Frame:
    values: dict[str, Value] = {"ADSC": METER, "NGTF": f"{calendar:^16}", "EAST": total, "PREF": 9, "SINSTS": 500}
    values |= {f"EASF{number:02}": index for number, index in enumerate(suppliers, 1)}
    values |= {"NTARF": 1, "STGE": "00000000", **more}
    return Frame(meter=METER, timestamp=datetime.fromisoformat(f"{at}+00:00"), mode=Mode.STANDARD, values=values)


def filled(tables: Database, *frames: Frame) -> Database:
    store(tables, frames)
    roll_up(tables, NOW + timedelta(days=1))
    return tables


def asked(tables: Database, question: str = "", config: MonitorConfig | None = None) -> Any:
    found = ask(ROUTE, tables, NOW, bundled_prices(), question, config=config)
    check(found, ROUTE.schema)
    return found


def rows(meter: Any) -> list[tuple[Any, ...]]:
    return [tuple(one.values()) for one in meter["registers"]]


def test_registers_are_those_last_read_before_local_midnight_and_now(tables: Database) -> None:
    # In Paris, 10 March begins at 23:00 UTC of the 9th.
    filled(
        tables,
        historic("2026-03-09T22:59:58", 1_000_000, 2_000_000),
        historic("2026-03-09T23:00:01", 1_000_001, 2_000_000),
        historic("2026-03-11T18:20:00", 1_004_000, 2_006_500),  # the last one of that day
        historic("2026-03-11T23:30:00", 1_004_100, 2_006_600),
        historic("2026-03-12T09:25:00", 1_004_200, 2_007_000),
    )
    found = asked(tables, "from=2026-03-10&to=2026-03-12")
    (meter,) = found["meters"]
    assert (found["from"], found["to"], found["wh"]) == ("2026-03-10", "2026-03-12", 10_500)
    assert (meter["id"], meter["mode"]) == (METER, "historic")
    assert [meter[key] for key in ("from", "to", "now")] == [
        "2026-03-09T22:59:58Z",
        "2026-03-11T18:20:00Z",
        "2026-03-12T09:25:00Z",
    ]
    assert rows(meter) == [
        ("HCHC", "Heures creuses", "supplier", 1_004_200, 1_000_000, 1_004_000, 4_000),
        ("HCHP", "Heures pleines", "supplier", 2_007_000, 2_000_000, 2_006_500, 6_500),
    ]
    assert meter["wh"] == 10_500


def test_coverage_is_of_the_time_between_both_dates(tables: Database) -> None:
    first = historic("2026-03-09T23:00:00", 5, 5)
    later = (timedelta(seconds=second) for second in range(0, 12 * 3600, 5))
    frames = [replace(first, timestamp=first.timestamp + passed) for passed in later]
    filled(tables, *frames)
    assert asked(tables, "from=2026-03-10&to=2026-03-11")["coverage"] == 0.5


def test_standard_mode_has_its_own_names_and_registers_that_never_counted_are_left_out(tables: Database) -> None:
    filled(
        tables,
        standard("2026-03-09T22:00:00", "TEMPO", 900, (100, 200, 300, 300, 0, 0, 0, 0), EAIT=0, EASD01=900, EASD02=0),
        standard("2026-03-11T22:00:00", "TEMPO", 961, (110, 250, 300, 300, 0, 0, 0, 0), EAIT=7, EASD01=961, EASD02=0),
    )
    (meter,) = asked(tables, "from=2026-03-10&to=2026-03-12&lang=en")["meters"]
    assert [(row[0], row[2], row[4], row[5], row[6]) for row in rows(meter)] == [
        ("EAST", "total", 900, 961, 61),
        ("EASF01", "supplier", 100, 110, 10),
        ("EASF02", "supplier", 200, 250, 50),
        ("EASF03", "supplier", 300, 300, 0),
        ("EASF04", "supplier", 300, 300, 0),
        ("EASF05", "supplier", 0, 0, 0),
        ("EASF06", "supplier", 0, 0, 0),
        ("EASD01", "distributor", 900, 961, 61),
        ("EAIT", "injected", 0, 7, 7),
    ]
    assert meter["wh"] == 61


def test_a_register_of_an_unknown_calendar_has_the_name_that_the_meter_gave_it(tables: Database) -> None:
    filled(
        tables,
        standard(
            "2026-03-11T22:00:00", "ZEN WEEK-END", 50, (0, 50), NTARF=2, LTARF="  HEURES PLEINES", STGE="00000400"
        ),
    )
    (meter,) = asked(tables)["meters"]
    assert [(row[0], row[1]) for row in rows(meter)] == [("EAST", "Total"), ("EASF02", "Heures pleines")]


def test_without_dates_only_the_present_registers_are_told(tables: Database) -> None:
    filled(tables, historic("2026-03-12T09:25:00", 10, 20))
    found = asked(tables)
    assert (found["from"], found["to"], found["coverage"], found["wh"]) == (None, None, None, None)
    assert [row[3:] for row in rows(found["meters"][0])] == [(10, None, None, None), (20, None, None, None)]


def test_one_date_or_two_that_are_to_come_are_refused(tables: Database) -> None:
    filled(tables, historic("2026-03-12T09:25:00", 10, 20))
    for question in ("from=2026-03-10", "to=2026-03-10", "from=2026-03-13&to=2026-03-14"):
        with pytest.raises(RequestError):
            asked(tables, question)


def test_imported_energy_has_no_registers(tables: Database) -> None:
    filled(tables, historic("2026-03-10T12:00:00", 10, 20), historic("2026-03-11T12:00:00", 15, 30))
    query(
        tables,
        "INSERT INTO imported_hours (meter_id, hour, register, source, wh) VALUES (1, '2026-03-05', 0, 'enedis', 400)",
        "SELECT 1",
    )
    found = asked(tables, "from=2026-03-05&to=2026-03-12")
    (meter,) = found["meters"]
    assert (meter["from"], meter["to"], meter["wh"], found["wh"]) == (None, "2026-03-11T12:00:00Z", None, None)
    assert [row[4:] for row in rows(meter)] == [(None, 15, None), (None, 30, None)]


def test_a_meter_that_only_has_imports_has_no_registers(tables: Database) -> None:
    query(
        tables,
        f"INSERT INTO meters (id, identifier) VALUES (1, '{METER}')",
        "INSERT INTO imported_hours (meter_id, hour, register, source, wh) VALUES (1, '2026-03-05', 0, 'enedis', 400)",
        "SELECT 1",
    )
    found = asked(tables, "from=2026-03-05&to=2026-03-06")
    assert found["meters"] == [
        {"id": METER, "mode": None, "now": None, "from": None, "to": None, "registers": [], "wh": None}
    ]


def replaced(tables: Database) -> Database:
    return filled(
        tables,
        historic("2026-03-09T22:00:00", 70_000, 90_000, BEFORE),
        historic("2026-03-10T10:00:00", 70_100, 90_200, BEFORE),  # removed
        historic("2026-03-10T11:00:00", 3, 4),  # fitted
        historic("2026-03-11T20:00:00", 53, 64),
    )


def test_of_a_replaced_meter_both_are_told_with_their_own_readings(tables: Database) -> None:
    found = asked(replaced(tables), "from=2026-03-10&to=2026-03-12", CONFIG)
    old, new = found["meters"]
    assert (old["id"], old["from"], old["to"]) == (BEFORE, "2026-03-09T22:00:00Z", "2026-03-10T10:00:00Z")
    assert (new["id"], new["from"], new["to"]) == (METER, "2026-03-10T11:00:00Z", "2026-03-11T20:00:00Z")
    assert [row[4:] for row in rows(old)] == [(70_000, 70_100, 100), (90_000, 90_200, 200)]
    assert [row[4:] for row in rows(new)] == [(3, 53, 50), (4, 64, 60)]
    assert (old["wh"], new["wh"], found["wh"]) == (300, 110, 410)


def test_before_a_meter_was_fitted_the_one_that_it_replaced_counts_alone(tables: Database) -> None:
    replaced(tables)
    store(tables, [historic("2026-03-08T22:00:00", 69_000, 89_000, BEFORE)])
    roll_up(tables, NOW + timedelta(days=1))
    found = asked(tables, "from=2026-03-09&to=2026-03-10", CONFIG)
    old, new = found["meters"]
    assert (old["wh"], new["wh"], found["wh"]) == (2_000, None, 2_000)
    assert (new["from"], new["to"]) == (None, None)


def test_after_a_meter_was_replaced_only_the_new_one_is_told(tables: Database) -> None:
    found = asked(replaced(tables), "from=2026-03-11&to=2026-03-12", CONFIG)
    assert [one["id"] for one in found["meters"]] == [METER]
    assert found["wh"] == 110
