"""Whose past the entities of a house show whose meter was replaced: all of it, and nothing twice."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from common.contract.registers import REGISTERS
from monitor.base.household import House
from monitor.home_assistant.history import cost, is_part, is_register, of_meter, reading, views, wh
from monitor.money.bill import Cost
from monitor.readings.hours import Meter
from monitor.readings.meters import group_meters
from monitor.readings.periods import Energy

FIRST, SECOND, THIRD = "021861000001", "031961000002", "041961000003"
METERS = [Meter(number, address, None, None) for number, address in enumerate((FIRST, SECOND, THIRD), 1)]
(HOUSE,) = group_meters(METERS, [House(THIRD, "Maison", (FIRST, SECOND))])


@pytest.mark.parametrize(
    ("registered", "expected"),
    [
        ([THIRD], {THIRD: [FIRST, SECOND, THIRD]}),
        ([SECOND, THIRD], {SECOND: [FIRST, SECOND], THIRD: [THIRD]}),
        ([FIRST, SECOND, THIRD], {FIRST: [FIRST], SECOND: [SECOND], THIRD: [THIRD]}),
        ([FIRST], {FIRST: [FIRST]}),
        ([], {}),
    ],
)
def test_a_meter_shows_those_it_replaced_that_have_no_entities(
    registered: list[str], expected: dict[str, list[str]]
) -> None:
    found = views(HOUSE, registered)
    assert {address: [part.identifier for part in view.parts] for address, view in found.items()} == expected


def test_a_house_that_is_shown_whole_is_asked_once() -> None:
    assert views(HOUSE, [THIRD])[THIRD] is HOUSE
    alone = replace(METERS[0], name="Atelier")
    assert views(alone, [FIRST])[FIRST] is alone


START = datetime(2026, 3, 1, tzinfo=UTC)


def energy(injected: int | None = None, **registers: int) -> Energy:
    return Energy(START, START, registers, injected, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("east", 111),
        ("import_total_tempo", 111),
        ("easf01", 1),
        ("easf02", 10),
        ("easf03", 0),
        ("hchc", 1),
        ("hchp", 10),
        ("base", 0),
        ("eait", 7),
    ],
)
def test_each_entity_has_its_registers(key: str, expected: int) -> None:
    assert wh(key, energy(7, HCHC=1, HCHP=10, OTHER=100), flat=False) == expected


def test_a_register_keeps_its_number_under_another_contract() -> None:
    assert wh("easf02", energy(BBRHPJB=3, EASF02=4, HCHP=5, BBRHCJW=6), flat=False) == 12


def test_energy_without_a_register_is_of_the_first_one_only_where_there_was_but_one() -> None:
    assert [wh("easf01", energy(BASE=9), flat=flat) for flat in (True, False)] == [9, 0]
    assert wh("base", energy(BASE=9), flat=False) == 9


def test_what_a_register_cost_is_without_the_subscription_and_all_with_it() -> None:
    period = Cost(Decimal("0.5"), Decimal("0.02"), {"HCHC": Decimal("0.2"), "HCHP": Decimal("0.3")})
    assert [cost(key, period, flat=False) for key in ("easf01", "hchp", "easf03")] == [
        Decimal("0.2"),
        Decimal("0.3"),
        0,
    ]
    assert cost(None, period, flat=False) == Decimal("0.52")


def test_readings_are_those_of_the_register() -> None:
    values = tuple(range(100, 100 + len(REGISTERS)))  # total 100, supplier_1 101 …, injected 115
    keys = ("east", "base", "easf01", "hchp", "bbrhpjr", "eait", "import_total_hchp")
    assert [reading(key, values) for key in keys] == [100, 100, 101, 102, 106, 115, 203]
    hidden = (100, 101, *(None,) * (len(REGISTERS) - 2))
    assert [reading(key, hidden) for key in ("easf02", "import_total_hchp", "import_total_unknown")] == [None] * 3


def test_only_registers_of_the_meter_count() -> None:
    names = [f"teleinfo_031961000001_{key}" for key in ("easf01", "easd01", "link", "import_total_hchp")]
    assert list(of_meter([*names, "teleinfo_031961000002_east"], "031961000001")) == ["easf01", "import_total_hchp"]
    assert is_part("bbrhcjb")
    assert not any(is_part(key) for key in ("east", "eait", "import_total_hchp"))
    assert not any(is_register(key) for key in ("erq1", "sinsts", "easd02"))
