"""A home that only had imports, and the meter that came to it, on a real MariaDB."""

import contextlib
import json
from typing import Any

import pytest

from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import METERS, Household, houses
from monitor.money.home import Home
from monitor.money.prices import PriceTable
from storer.requests.carry_out import carry_out_next
from storer.requests.join import join_by_itself
from tests.services.test_requests import House
from tests.support.frames import ADDRESS, standard
from tests.support.rolling import roll_up
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import NOW, make_tables, query, save_section, store

PRM, OTHER = "12345678901234", "12345678905678"
FILE = b"start,register,wh\n" + b"".join(
    f"2025-03-{day:02}T{hour:02}:00:00Z,total,{day * 100 + hour}\n".encode() for day in (1, 2) for hour in range(24)
)
SUM = sum(day * 100 + hour for day in (1, 2) for hour in range(24))


@pytest.fixture
def house(fresh_database: Server, broker: Broker, tmp_path: Any) -> House:
    """A home of which nothing but a file is known."""
    house = House(make_tables(fresh_database), fresh_database, broker, tmp_path)
    house.done("import", FILE, kind="csv", name="past.csv", meter=PRM)
    return house


def owners(database: Database) -> dict[str, int]:
    """Return the energy that each meter has imported, by address."""
    rows = query(
        database,
        "SELECT m.identifier, SUM(i.wh) FROM imported_hours AS i JOIN meters AS m ON m.id = i.meter_id GROUP BY 1",
    )
    return {str(name): int(wh) for name, wh in rows}


def section(database: Database, name: str) -> Any:
    ((value, version),) = query(database, f"SELECT value, version FROM settings WHERE section = '{name}'")
    return json.loads(value), version


def comes(house: House, **more: Any) -> None:
    """Let the meter send its first frames, and roll them up."""
    store(house.database, [standard(EAST=1, EASF01=1, **more)])
    roll_up(house.database, NOW)


def by_itself(house: House) -> list[str]:
    """Let the storer look; carry out what it asks for, and return the states of all joins."""
    with contextlib.closing(house.database.connect()) as connection:
        join_by_itself(connection)
    while carry_out_next(house.settings):
        pass
    return [str(state) for (state,) in query(house.database, "SELECT state FROM requests WHERE kind = 'join'")]


def test_a_file_of_a_home_without_a_meter_stands_under_its_delivery_point(house: House) -> None:
    assert owners(house.database) == {PRM: SUM}
    assert house.problem("import", FILE, kind="csv", name="past.csv", meter=OTHER)
    assert house.problem("import", FILE, kind="csv", name="past.csv", meter="1234567890")


def test_all_that_names_the_delivery_point_moves_to_the_meter(house: House) -> None:
    line = {"offer": "edf-zen-fixe", "power": 9, "off_peak": None}
    save_section(house.database, "contracts", [
        {"meter": PRM, "from": "2025-01-01", **line},
        {"meter": PRM, "from": "2026-01-01", **line},
        {"meter": ADDRESS, "from": "2026-01-01", **line, "power": 6},
        {"meter": OTHER, "from": "2025-01-01", **line},
    ])  # fmt: skip
    save_section(house.database, "notes", [{"at": "2025-03-01", "text": "Chauffe-eau", "meter": PRM}])
    save_section(house.database, "meters", {PRM: {"name": "Maison", "replaces": None}})
    save_section(house.database, "fetch", {"tempo": True, "enedis": {"on": True, "meter": PRM}})
    comes(house)
    assert house.done("join", prm=PRM, meter=ADDRESS) == {"imports": 1}
    assert owners(house.database) == {ADDRESS: SUM}
    assert query(house.database, "SELECT identifier FROM meters") == [(ADDRESS,)]
    contracts, version = section(house.database, "contracts")
    assert [(one["meter"], one["from"], one["power"]) for one in contracts] == [
        (ADDRESS, "2025-01-01", 9), (ADDRESS, "2026-01-01", 6), (OTHER, "2025-01-01", 9),
    ]  # fmt: skip
    assert version == 2
    assert section(house.database, "notes")[0][0]["meter"] == ADDRESS
    assert section(house.database, "meters")[0] == {ADDRESS: {"name": "Maison", "replaces": None}}
    assert section(house.database, "fetch")[0] == {"tempo": True, "enedis": {"on": True, "meter": ADDRESS}}


def test_later_files_of_the_delivery_point_go_to_its_meter(house: House) -> None:
    comes(house)
    house.done("join", prm=PRM, meter=ADDRESS)
    house.done("import", b"start,register,wh\n2025-03-05T00:00:00Z,total,7\n", kind="csv", name="b.csv", meter=PRM)
    assert owners(house.database) == {ADDRESS: SUM + 7}


def test_joined_homes_can_be_parted_and_joined_again(house: House) -> None:
    save_section(house.database, "contracts", [{"meter": PRM, "from": "2025-01-01", "offer": "trv-base", "power": 9}])
    comes(house)
    house.done("import", b"start,register,wh\n2025-02-05T00:00:00Z,total,7\n", kind="csv", name="b.csv", meter=ADDRESS)
    house.done("join", prm=PRM, meter=ADDRESS)
    assert house.done("join", prm=PRM, meter=ADDRESS, apart=True) == {"imports": 1}
    assert owners(house.database) == {PRM: SUM, ADDRESS: 7}
    assert sorted(one["meter"] for one in section(house.database, "contracts")[0]) == [ADDRESS, PRM]
    house.done("join", prm=PRM, meter=ADDRESS)
    assert owners(house.database) == {ADDRESS: SUM + 7}
    assert [one["meter"] for one in section(house.database, "contracts")[0]] == [ADDRESS]


@pytest.mark.parametrize(
    ("chosen", "then"), [(ADDRESS, PRM), (PRM, PRM), ("041961555555", "041961555555"), (None, None)]
)
def test_energy_that_is_fetched_goes_to_the_home_again_once_it_is_parted(
    house: House, chosen: str | None, then: str | None
) -> None:
    comes(house)
    house.done("join", prm=PRM, meter=ADDRESS)
    save_section(house.database, "fetch", {"tempo": True, "enedis": {"on": True, "meter": chosen}})
    house.done("join", prm=PRM, meter=ADDRESS, apart=True)
    assert section(house.database, "fetch")[0] == {"tempo": True, "enedis": {"on": True, "meter": then}}


def shown(house: House) -> dict[str, int]:
    """Return the energy of each meter that the page shows, by the meters that its settings say were replaced."""
    energy, entries = owners(house.database), section(house.database, "meters")[0]
    config = MonitorConfig(household=Household(meters=houses(METERS.read(entries))))
    with contextlib.closing(house.database.connect()) as connection:
        meters = Home(connection, config, PriceTable([])).meters()
    return {meter.identifier: sum(energy.get(part.identifier, 0) for part in meter.parts) for meter in meters}


A, B = "041961555555", "051961666666"


@pytest.mark.parametrize(
    ("before", "after", "newest"),
    [
        ({ADDRESS: PRM}, {ADDRESS: None}, ADDRESS),
        ({A: PRM}, {A: ADDRESS}, A),
        ({A: PRM, B: ADDRESS}, {A: None, B: ADDRESS}, B),
        ({PRM: A}, {ADDRESS: A}, ADDRESS),
        ({PRM: A, ADDRESS: PRM}, {ADDRESS: A}, ADDRESS),
        ({PRM: A, ADDRESS: B}, {ADDRESS: B}, ADDRESS),
        ({ADDRESS: A, A: PRM}, {ADDRESS: A, A: None}, ADDRESS),
        ({PRM: A, A: ADDRESS}, {A: ADDRESS, ADDRESS: None}, A),
    ],
)
def test_a_home_that_was_said_to_be_replaced_is_shown_once_when_it_is_joined_parted_and_joined_again(
    house: House, before: dict[str, str], after: dict[str, str | None], newest: str
) -> None:
    save_section(house.database, "meters", {address: {"replaces": old} for address, old in before.items()})
    comes(house)
    for _ in range(2):
        house.done("join", prm=PRM, meter=ADDRESS)
        entries = section(house.database, "meters")[0]
        assert {address: entry["replaces"] for address, entry in entries.items()} == after
        assert shown(house) == {newest: SUM}
        house.done("join", prm=PRM, meter=ADDRESS, apart=True)
        assert shown(house) == {newest: 0, PRM: SUM}


def test_a_join_that_is_repeated_after_a_kill_changes_nothing(house: House) -> None:
    comes(house)
    house.done("join", prm=PRM, meter=ADDRESS)
    query(house.database, "UPDATE requests SET state = 'running' WHERE kind = 'join'", "SELECT 1")
    assert carry_out_next(house.settings)
    assert owners(house.database) == {ADDRESS: SUM}


def test_the_same_file_of_both_stays_once(house: House) -> None:
    comes(house)
    house.done("import", FILE, kind="csv", name="past.csv", meter=ADDRESS)
    house.done("join", prm=PRM, meter=ADDRESS)
    assert owners(house.database) == {ADDRESS: SUM}
    assert query(house.database, "SELECT COUNT(*) FROM imports") == [(1,)]


@pytest.mark.parametrize(
    "arguments",
    [
        {"prm": OTHER, "meter": ADDRESS},
        {"prm": PRM, "meter": "031961999999"},
        {"prm": "1", "meter": ADDRESS},
        {"prm": PRM, "meter": PRM},
        {"prm": OTHER, "meter": ADDRESS, "apart": True},
    ],
)
def test_what_is_unknown_is_not_joined(house: House, arguments: dict[str, Any]) -> None:
    comes(house)
    assert house.problem("join", **arguments)
    assert owners(house.database) == {PRM: SUM}
    assert query(house.database, "SELECT identifier FROM meters ORDER BY id") == [(PRM,), (ADDRESS,)]


def test_a_meter_that_says_the_delivery_point_is_joined_without_being_asked(house: House) -> None:
    comes(house, PRM=PRM)
    assert by_itself(house) == ["done"]
    assert owners(house.database) == {ADDRESS: SUM}
    assert by_itself(house) == ["done"]


def test_it_is_joined_minutes_before_its_first_hour_is_rolled_up(house: House) -> None:
    store(house.database, [standard(EAST=1, EASF01=1, ADSC=ADDRESS, PRM=PRM)])
    assert query(house.database, "SELECT COUNT(*) FROM hours") == [(0,)]
    assert by_itself(house) == ["done"]
    assert owners(house.database) == {ADDRESS: SUM}


def test_a_meter_that_says_another_or_none_is_not(house: House) -> None:
    comes(house, PRM=OTHER)
    assert by_itself(house) == []


def test_what_the_owner_parted_is_not_joined_again_by_itself(house: House) -> None:
    comes(house, PRM=PRM)
    by_itself(house)
    house.done("join", prm=PRM, meter=ADDRESS, apart=True)
    assert section(house.database, "page")[0]["not_needed"] == ["join"]
    by_itself(house)
    assert owners(house.database) == {PRM: SUM}


def conso(prm: str, wh: int, day: str = "2025-03-05") -> bytes:
    """Return a day of a delivery point, as the monitor fetches it."""
    answer = {"type": "daily_consumption", "interval_reading": [{"value": str(wh), "date": day}]}
    return json.dumps({"conso": 1, "prm": prm, "answers": [answer]}).encode()


ENEDIS = "Identifiant PRM;Type de donnees\n%s;x\nHorodate;Valeur\n2025-03-05T01:00:00+01:00;5\n"


def test_a_file_of_another_delivery_point_is_not_taken_by_the_only_home_unless_it_is_chosen(house: House) -> None:
    asked = {"kind": "conso", "name": "day.json"}
    for data in (conso(OTHER, 5), (ENEDIS % OTHER).encode()):
        for dry_run in (True, False):
            said = house.problem("import", data, name="day", dry_run=dry_run)
            assert "…5678" in said
            assert "…1234" in said
            assert OTHER not in said
    assert owners(house.database) == {PRM: SUM}
    house.done("import", conso(PRM, 7), **asked)
    assert owners(house.database) == {PRM: SUM + 7}
    house.done("import", conso(OTHER, 5, "2025-03-06"), **asked, meter=PRM)
    assert owners(house.database) == {PRM: SUM + 12}


def test_a_file_of_another_delivery_point_is_not_taken_by_the_meter_of_a_joined_home(house: House) -> None:
    asked = {"kind": "conso", "name": "day.json"}
    comes(house)
    house.done("join", prm=PRM, meter=ADDRESS)
    assert "…1234" in house.problem("import", conso(OTHER, 5), **asked)
    assert owners(house.database) == {ADDRESS: SUM}
    house.done("import", conso(PRM, 7), **asked)
    assert owners(house.database) == {ADDRESS: SUM + 7}
    house.done("import", conso(OTHER, 5, "2025-03-06"), **asked, meter=ADDRESS)
    assert owners(house.database) == {ADDRESS: SUM + 12}
