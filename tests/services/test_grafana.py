"""Each query of the Grafana dashboard, on a real database with Grafana's account, as its MySQL data source runs it."""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.contract.labels import Mode
from common.contract.source_minutes import SourceMinute
from common.database.mariadb import Database, DatabaseConfig
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Hours
from monitor.readings.imported import ImportedHours
from monitor.readings.meter_contracts import Contracts
from monitor.readings.power import Power
from tests.services.test_energy import House, counted
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.sources import series, write_source
from tests.support.storing import client, make_tables, query, store

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboards" / "teleinfo.json").read_text(encoding="utf-8"))
PANELS: dict[str, dict[str, Any]] = {
    panel["title"]: panel
    for row in DASHBOARD["panels"]
    for panel in (row, *row.get("panels", ()))  # a row that is closed has its own
    if "targets" in panel
}
TARGETS = [
    pytest.param(panel, target["rawSql"], id=f"{title}-{target['refId']}")
    for title, panel in PANELS.items()
    for target in panel["targets"]
]
BEGIN = datetime(2026, 3, 27, 23, tzinfo=UTC)  # Saturday 28 March 2026 in Paris; the clocks change on Sunday
NOW = BEGIN + timedelta(hours=70, minutes=30)
END = BEGIN + timedelta(hours=71)
ROOF = BEGIN + timedelta(hours=12, minutes=30)  # its 100 minutes are of three hours of 28 March
HOUR = timedelta(hours=1)
PASSWORD = "only-for-reading"
PRICES = {f"price_{number}": f"0.{number}0" for number in range(1, 7)}


@pytest.fixture(scope="module")
def house() -> House:
    house = House(5, BEGIN, Mode.STANDARD)
    house.live(NOW, every=150, outages=0.005)
    return house


def flat_house() -> House:
    """A second meter, whose contract has one register."""
    house = House(6, BEGIN, Mode.HISTORIC, meter="031961000002")
    house.calendar = "BASE"
    house.live(NOW, every=600, outages=0)
    return house


@pytest.fixture(scope="module")
def server(database: Server, house: House) -> Server:
    database.create_database()
    tables = make_tables(database)
    measured = {"URMS1": 236, "IRMS1": 5}
    store(tables, [replace(frame, values={**frame.values, **measured}) for frame in house.frames])
    store(tables, flat_house().frames)
    roll_up(tables, END + timedelta(hours=1))
    for name, kind, rows in (
        ("toit", "production", series(ROOF, range(5000, 5500, 5))),
        ("voiture", "device", series(ROOF, range(0, 200, 2)) | {ROOF + 3 * HOUR: SourceMinute(60, 12, -190)}),
        ("jardin", "temperature", {ROOF: SourceMinute(60, temperature=85)}),
    ):
        write_source(tables, name, kind, rows, house.meter)
    text = (ROOT / "mariadb" / "people.sql").read_text(encoding="utf-8")
    database.sql(text.replace("'localhost'", "'%'").replace("change-me", PASSWORD))
    return database


class Grafana:
    """What the data source does: a session in the configured time zone, macros and variables put in as text."""

    def __init__(self, server: Server, end: datetime) -> None:
        config = DatabaseConfig(
            host=(server.host,), port=server.port, user="grafana", password=PASSWORD, name=server.name
        )
        self.connection = Database(config).connect()
        # Not Europe/Paris: the server of the tests has no time zone tables.
        self.connection.execute("SET time_zone = '+02:00'")
        self.end = end
        self.variables = dict(PRICES)
        for one in DASHBOARD["templating"]["list"]:
            if one["type"] == "query":
                ((_, value), *_) = self.connection.query(one["query"])
                self.variables[one["name"]] = str(value)

    def run(self, sql: str, start: datetime) -> list[tuple[Any, ...]]:
        begin, end = int(start.timestamp()), int(self.end.timestamp())
        sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN FROM_UNIXTIME({begin}) AND FROM_UNIXTIME({end})", sql)
        for name, number in (("From", begin), ("To", end)):
            sql = sql.replace(f"$__time{name}()", f"FROM_UNIXTIME({number})")
            sql = sql.replace(f"$__unixEpoch{name}()", str(number))
        sql = re.sub(r"\$\{?(\w+)\}?", lambda found: self.variables[found[1]], sql)
        return [tuple(row) for row in self.connection.query(sql.replace("%", "%%"))]


@pytest.fixture
def grafana(server: Server, house: House) -> Iterator[Grafana]:
    found = Grafana(server, NOW)
    with contextlib.closing(found.connection):
        yield found


@pytest.mark.parametrize(("panel", "sql"), TARGETS)
def test_each_query_of_the_dashboard_returns_rows(grafana: Grafana, panel: dict[str, Any], sql: str) -> None:
    rows = grafana.run(sql, BEGIN)
    assert rows
    assert any(value is not None for row in rows for value in row)


def test_energy_by_register_is_what_the_monitor_reads_hour_by_hour(grafana: Grafana, server: Server) -> None:
    rows = grafana.run(PANELS["Énergie par heure"]["targets"][0]["rawSql"], BEGIN)
    shown = {(time, name): round(Decimal(kwh) * 1000) for time, name, kwh in rows}
    names = {
        "BBRHCJB": "Bleu, heures creuses",
        "BBRHPJB": "Bleu, heures pleines",
        "BBRHCJW": "Blanc, heures creuses",
        "BBRHPJW": "Blanc, heures pleines",
        "BBRHCJR": "Rouge, heures creuses",
        "BBRHPJR": "Rouge, heures pleines",
    }
    with contextlib.closing(client(server).connect()) as connection:
        hours = Hours(connection)
        meter = hours.meters()[0]
        limits = [BEGIN + timedelta(hours=number) for number in range(72)]
        found = EnergyReader(hours, ImportedHours(connection), Contracts(connection), Power(connection)).energy(
            meter, limits, limits[-1]
        )
    wanted = {
        (int(one.start.timestamp()), names[register]): wh for one in found for register, wh in one.wh.items() if wh
    }
    assert shown == wanted


def test_energy_of_a_part_of_the_time_counts_from_the_reading_before_it(grafana: Grafana, house: House) -> None:
    start = BEGIN + timedelta(hours=30)
    for title in ("Énergie par heure", "Énergie par jour", "Énergie par mois"):
        kwh: Counter[str] = Counter()
        for _, name, part in grafana.run(PANELS[title]["targets"][0]["rawSql"], start):
            kwh[name] += round(Decimal(part) * 1000)
        assert sum(kwh.values()) == counted(house.frames, "EAST", start, END), title
        assert kwh["Blanc, heures creuses"] == counted(house.frames, "EASF03", start, END), title


def test_the_cost_is_each_register_at_its_price(grafana: Grafana, house: House) -> None:
    ((cost,),) = grafana.run(PANELS["Coût de la plage"]["targets"][0]["rawSql"], BEGIN)
    wanted = sum(
        Decimal(counted(house.frames, f"EASF0{number}", BEGIN, END)) / 1000 * Decimal(PRICES[f"price_{number}"])
        for number in range(1, 7)
    )
    assert round(Decimal(cost), 6) == round(wanted, 6)
    by_day = grafana.run(PANELS["Coût par jour"]["targets"][0]["rawSql"], BEGIN)
    assert round(sum(Decimal(value) for _, _, value in by_day), 6) == round(wanted, 6)


def test_a_break_of_a_register_is_no_energy(grafana: Grafana, server: Server) -> None:
    def total() -> Decimal:
        rows = grafana.run(PANELS["Énergie par mois"]["targets"][0]["rawSql"], BEGIN)
        return sum((Decimal(kwh) for _, _, kwh in rows), Decimal(0))

    before = total()
    ((hour,),) = query(client(server), "SELECT MAX(hour) FROM hours WHERE meter_id = 1 AND last_at IS NOT NULL")
    server.sql(f"INSERT INTO {server.name}.breaks VALUES (1, '{hour}', 1, -5000)")
    try:
        assert total() == before + 5
    finally:
        server.sql(f"DELETE FROM {server.name}.breaks WHERE step = -5000")


def test_a_meter_that_has_only_a_total_is_counted_by_it(grafana: Grafana, server: Server) -> None:
    flat = flat_house()
    ((grafana.variables["meter"],),) = query(
        client(server), f"SELECT CAST(id AS CHAR) FROM meters WHERE identifier = '{flat.meter}'"
    )
    rows = grafana.run(PANELS["Énergie par mois"]["targets"][0]["rawSql"], BEGIN)
    assert {name for _, name, _ in rows} == {"Base"}
    assert sum(round(Decimal(kwh) * 1000) for *_, kwh in rows) == counted(flat.frames, "BASE", BEGIN, END)


def test_a_counter_that_began_again_is_no_energy(grafana: Grafana) -> None:
    """99 times 2 Wh; then 12 instead of 198, of which 190 is the step: 4 more."""
    rows = grafana.run(PANELS["Appareils par jour"]["targets"][0]["rawSql"], BEGIN)
    assert [(name, round(Decimal(kwh) * 1000)) for _, name, kwh in rows] == [("voiture", 202)]


def test_production_less_injection_was_used_at_home(grafana: Grafana, server: Server, house: House) -> None:
    """The roof made 99 times 5 Wh."""
    sql = PANELS["Production par jour"]["targets"][0]["rawSql"]
    rows = grafana.run(sql, BEGIN)
    assert sum(round(Decimal(injected) * 1000) for _, _, injected, _ in rows) == counted(
        house.frames, "EAIT", BEGIN, END
    )
    ((used, injected),) = [(used, injected) for _, used, injected, _ in rows if used is not None]
    assert round(Decimal(used + injected) * 1000) == 495
    assert all(made is None for *_, made in rows)
    flat = flat_house().meter  # which does not count what it injects
    server.sql(f"UPDATE {server.name}.sources SET meter = '{flat}' WHERE name = 'toit'")
    try:
        ((grafana.variables["meter"],),) = query(
            client(server), f"SELECT CAST(id AS CHAR) FROM meters WHERE identifier = '{flat}'"
        )
        shown = [values for _, *values in grafana.run(sql, BEGIN) if any(value is not None for value in values)]
        assert shown == [[None, None, Decimal("0.495")]]
    finally:
        server.sql(f"UPDATE {server.name}.sources SET meter = '{house.meter}' WHERE name = 'toit'")


def test_hours_without_a_frame_are_counted(grafana: Grafana, house: House) -> None:
    ((shown,),) = grafana.run(PANELS["Heures sans aucune trame"]["targets"][0]["rawSql"], BEGIN)
    seen = {frame.timestamp.replace(minute=0, second=0, microsecond=0) for frame in house.frames}
    last = grafana.end.replace(minute=0, second=0, microsecond=0)
    hours = {BEGIN + timedelta(hours=number) for number in range((last - BEGIN) // timedelta(hours=1))}
    assert int(shown) == len(hours - seen) > 0


def test_every_panel_asks_the_provisioned_data_source() -> None:
    (source,) = yaml.safe_load((FOLDER / "datasources" / "teleinfo.yaml").read_text(encoding="utf-8"))["datasources"]
    for panel in PANELS.values():
        assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}
        assert not any("datasource" in target for target in panel["targets"])  # so they have that of the panel
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["grafana"]
    text = (FOLDER / "datasources" / "teleinfo.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= set(compose["environment"])
    assert source["user"] == "grafana"
