"""The sections that say what the home is: meters, contracts, notes, budget, ports and the page's language."""

from datetime import date
from typing import Any

import pytest

from common.settings.fields import Section, SectionError
from monitor.base.household import (
    BUDGET,
    CONTRACTS,
    METERS,
    NOTES,
    PAGE,
    PORTS,
    Budget,
    ContractLine,
    House,
    Household,
    Note,
    Page,
    Ports,
    houses,
)

METER, OLD = "031961123456", "021861999999"
LINE = {"meter": METER, "from": "2025-02-01", "offer": "tempo", "power": 9}


def refused(section: Section[Any], value: Any) -> dict[str, str]:
    """Return what is wrong, by its place."""
    with pytest.raises(SectionError) as caught:
        section.read(value)
    return {one.at: one.en for one in caught.value.problems}


def test_a_contract_says_from_which_day_a_meter_has_which_offer_and_power() -> None:
    assert CONTRACTS.read([LINE]) == (ContractLine(METER, date(2025, 2, 1), "tempo", 9),)


def test_a_contract_may_have_the_off_peak_hours_of_the_bill() -> None:
    (line,) = CONTRACTS.read([LINE | {"off_peak": ["22:30-06:30"]}])
    assert line.off_peak is not None
    (window,) = line.off_peak.at(date(2026, 1, 1))
    assert f"{window.start:%H:%M}-{window.end:%H:%M}" == "22:30-06:30"


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"meter": 3196}, "meter"),
        ({"meter": "0319/6"}, "meter"),
        ({"from": "soon"}, "from"),
        ({"from": "2025-02-30"}, "from"),
        ({"from": "2025-02-01T00:00:00"}, "from"),
        ({"offer": ""}, "offer"),
        ({"power": 0}, "power"),
        ({"power": 37}, "power"),
        ({"power": "9"}, "power"),
        ({"off_peak": []}, "off_peak"),
        ({"tariff": "tempo"}, "tariff"),
    ],
)
def test_a_wrong_field_of_a_contract_is_refused_at_its_place(change: dict[str, Any], at: str) -> None:
    assert list(refused(CONTRACTS, [LINE, LINE | {"from": "2026-01-01"} | change])) == [f"contracts[1].{at}"]


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert list(refused(CONTRACTS, [LINE | {"power": 90}, {"meter": METER}])) == [
        "contracts[0].power",
        "contracts[1].from",
        "contracts[1].offer",
        "contracts[1].power",
    ]


def test_two_contracts_of_a_meter_do_not_begin_on_one_day() -> None:
    other = LINE | {"meter": OLD}
    assert len(CONTRACTS.read([LINE, other])) == 2
    assert list(refused(CONTRACTS, [LINE, other, LINE | {"offer": "base"}])) == ["contracts[2].from"]


def test_a_meter_has_a_name_and_says_which_address_it_replaced() -> None:
    entries = METERS.read(
        {
            METER: {"name": " Maison "},
            "041961000003": {"name": "Atelier", "replaces": "041961000002"},
            "041961000002": {"replaces": OLD},
        }
    )
    assert houses(entries) == (
        House(METER, "Maison", ()),
        House("041961000003", "Atelier", (OLD, "041961000002")),
    )


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ({"03/19": {"name": "Maison"}}, ["meters.03/19"]),
        ({METER: {"name": ""}}, [f"meters.{METER}.name"]),
        ({METER: {"name": "x" * 41}}, [f"meters.{METER}.name"]),
        ({METER: {"name": "a\x1b[31mb"}}, [f"meters.{METER}.name"]),
        ({METER: {"named": "Maison"}}, [f"meters.{METER}.named"]),
        ({METER: {"replaces": "21/8"}}, [f"meters.{METER}.replaces"]),
        ({METER: "Maison"}, [f"meters.{METER}"]),
        (["Maison"], ["meters"]),
        ({METER: {"replaces": METER}}, [f"meters.{METER}.replaces"]),
        ({"1": {"replaces": "2"}, "2": {"replaces": "1"}}, ["meters.1.replaces", "meters.2.replaces"]),
        ({"1": {"replaces": "3"}, "2": {"replaces": "3"}}, ["meters.2.replaces"]),
        ({"1": {"name": "Maison"}, "2": {"name": "maison"}}, ["meters.2.name"]),
    ],
)
def test_what_cannot_be_a_house_is_refused_at_its_meter(value: Any, places: list[str]) -> None:
    assert list(refused(METERS, value)) == places


def test_a_note_is_of_a_local_day_and_of_one_meter_or_of_all() -> None:
    value = [{"at": "2026-10-03", "text": " Pompe à chaleur "}, {"at": "2025-02-01", "text": "Freezer", "meter": METER}]
    assert NOTES.read(value) == (
        Note(date(2026, 10, 3), "Pompe à chaleur"),
        Note(date(2025, 2, 1), "Freezer", METER),
    )


@pytest.mark.parametrize(
    ("note", "at"),
    [
        ({"at": "2026-10-03"}, "text"),
        ({"at": "3 October", "text": "Heat pump"}, "at"),
        ({"at": "2026-10-03 14:00:00", "text": "Heat pump"}, "at"),
        ({"at": "2026-10-03", "text": " "}, "text"),
        ({"at": "2026-10-03", "text": "x" * 81}, "text"),
        ({"at": "2026-10-03", "text": "two\nlines"}, "text"),
        ({"at": "2026-10-03", "text": "Heat pump", "meter": "a/b"}, "meter"),
        ({"at": "2026-10-03", "text": "Heat pump", "when": "now"}, "when"),
    ],
)
def test_a_wrong_note_is_refused_at_its_field(note: dict[str, Any], at: str) -> None:
    assert list(refused(NOTES, [note])) == [f"notes[0].{at}"]


def test_a_budget_is_whole_euros_or_none() -> None:
    assert [BUDGET.read({"euros": euros}) for euros in (120, None)] == [Budget(120), Budget()]
    for wrong in (0, -3, 1.5, True, "120"):
        assert list(refused(BUDGET, {"euros": wrong})) == ["budget.euros"]


def test_the_page_speaks_a_language_or_that_of_the_browser() -> None:
    assert [PAGE.read({"language": language}) for language in ("fr", None)] == [Page("fr"), Page()]
    assert list(refused(PAGE, {"language": "de"})) == ["page.language"]


def test_the_first_visit_is_over_once_and_steps_may_not_be_needed() -> None:
    value = {"language": None, "first_visit": True, "not_needed": ["past", "phone"]}
    assert PAGE.read(value) == Page(None, True, ("past", "phone"))
    assert list(refused(PAGE, value | {"not_needed": ["password"]})) == ["page.not_needed[0]"]


def test_a_reader_is_told_which_ports_it_listens_to() -> None:
    value = {"reader": "home", "ports": ["/dev/ttyUSB0"], "labels": {"/dev/ttyUSB0": "Garage"}}
    assert PORTS.read(value) == Ports("home", ("/dev/ttyUSB0",), {"/dev/ttyUSB0": "Garage"})


@pytest.mark.parametrize(
    ("ports", "at"),
    [
        (["/dev/watchdog"], "ports.ports[0]"),
        ([{"topic": "mqtt:zigbee2mqtt/Linky"}], "ports.ports[0]"),
        (["mqtt:/zigbee2mqtt/Linky"], "ports.ports[0]"),
        (["mqtt:zigbee2mqtt/Linky", "mqtt:zigbee2mqtt/#"], "ports.ports[1]"),
        (["/dev/ttyUSB0", "/dev/ttyUSB0"], "ports.ports[1]"),
        ([f"/dev/ttyUSB{number}" for number in range(9)], "ports.ports"),
    ],
)
def test_a_reader_is_told_nothing_that_it_would_refuse(ports: list[str], at: str) -> None:
    assert list(refused(PORTS, {"reader": "home", "ports": ports})) == [at]


def test_a_topic_is_a_port_and_what_is_wrong_with_one_is_said_in_french() -> None:
    ports = ["mqtt:zigbee2mqtt/Linky", "mqtt:node/sensor/+/state?unit=Wh&a=EAST"]
    assert PORTS.read({"reader": "home", "ports": ports}).ports == tuple(ports)
    with pytest.raises(SectionError) as caught:
        PORTS.read({"reader": "home", "ports": ["mqtt:node/sensor/+/state?a=EAST"]})
    assert [one.fr for one in caught.value.problems] == ["il faut l’unité de EAST, Wh ou kWh"]


@pytest.mark.parametrize("section", [METERS, CONTRACTS, NOTES, BUDGET, PORTS, PAGE])
def test_what_nobody_wrote_is_right(section: Section[Any]) -> None:
    section.read(section.default)


def test_messages_are_in_their_own_language_else_in_that_of_the_page_else_in_french() -> None:
    of_page = Household(language="en")
    assert (Household().message_language, of_page.message_language) == ("fr", "en")


def test_a_household_is_shown_without_its_addresses() -> None:
    assert "secret" not in repr(Household(addresses=("ntfys://me:secret@example.org/house",)))
