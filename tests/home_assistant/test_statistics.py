"""`teleinfo-monitor home-assistant` with a real Home Assistant: its dashboard's months are those of our report."""

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.home_assistant.house import _BASE as VALUES
from tests.home_assistant.house import APPEARS_WITHIN
from tests.home_assistant.instance import HomeAssistant, HomeAssistantError, find_python, installed
from tests.home_assistant.own_meter import OwnMeter
from tests.home_assistant.past import CONTRACTS, HOUR, PRICES, Past, local, month
from tests.services.test_report import Monitor
from tests.support.programs import Service
from tests.support.rolling import roll_up
from tests.support.servers import HOST, UNSYNCED_DATABASE, Broker, find_program
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.storing import make_tables, store

pytestmark = pytest.mark.timeout(3600)

METER = "032061000777"
BEGUN = local(2026, 11, 10, 6)  # in this hour Home Assistant began to record
OWN_UNTIL = local(2026, 11, 20)
READ_UNTIL = local(2026, 11, 27)
_INDEXES = {
    "NGTF": " H PLEINE/CREUSE", "LTARF": "  HEURE  CREUSE ", "EASF01": "007000000", "EASF02": "000001000",
    "EAST": "007001000", "EAIT": "000001000", "SINSTI": "00000", "STGE": "003A0101",
}  # fmt: skip
#: Goes on with the recorder: at the end of an hour it would add one to those that the test has made.
_NO_HOURS_OF_TODAY = "  exclude:\n    domains: sensor\n"
#: Home Assistant keeps one of them in kWh: its owner has chosen that unit.
IN_KWH = "eait"
REGISTERS: dict[str, int | str] = {"east": "east", "easf01": 1, "easf02": 2, "eait": "eait"}


class Dashboard:
    """A Home Assistant with the entities of one meter, and hours that it recorded itself."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        broker = stack.enter_context(Broker(folder / "broker"))
        self.home = stack.enter_context(HomeAssistant(folder / "home-assistant", config=_NO_HOURS_OF_TODAY))
        self.home.add_mqtt(HOST, broker.port)
        meter = OwnMeter(METER, VALUES | _INDEXES)
        stack.callback(meter.stop)
        settings: dict[str, Any] = {
            "port": [f"socket://{HOST}:{meter.port}"],
            "mqtt": {"host": HOST, "port": broker.port},
            "spool": {"journal": f"{folder}/journal", "path": f"{folder}/spool"},
        }
        stack.enter_context(Service("reader", folder, settings).start())
        self.past = Past(METER, READ_UNTIL)
        self.server = stack.enter_context(Server(folder / "database", options=UNSYNCED_DATABASE))
        self.server.create_database()
        tables = make_tables(self.server)
        store(tables, self.past.frames())
        roll_up(tables, READ_UNTIL + timedelta(days=1))
        self.import_hours(self.past.imported())
        token = folder / "token"
        token.write_text(self.home.call("auth/long_lived_access_token", client_name="monitor", lifespan=1))
        self.monitor = Monitor(self.server, folder)
        self.url = f"http://{HOST}:{self.home.port}"
        self.monitor.configure(f"home_assistant: {{url: '{self.url}', token_file: {token}}}\n")
        save_settings(tables, prices=PRICES, contracts=[{"meter": METER, **line} for line in CONTRACTS])
        self.entities = self._entities()

    def import_hours(self, rows: Iterable[tuple[datetime, int, int]]) -> None:
        self.server.sql(
            "".join(
                f"REPLACE INTO {self.server.name}.imported_hours (meter_id, hour, register, source, wh, hours)"
                f" SELECT id, '{hour:%Y-%m-%d %H:%M:%S}', 0, 'test', {wh}, {count} FROM {self.server.name}.meters;"
                for hour, wh, count in rows
            )
        )

    def _entities(self) -> dict[str, str]:
        """Wait for the registers; return their ids by key. One was renamed."""
        found: dict[str, str] = {}

        def are_there() -> bool:
            entries = {entry["unique_id"]: entry["entity_id"] for entry in self.home.registered()}
            found.update({key: entries.get(f"teleinfo_{METER}_{key}", "") for key in REGISTERS})
            return all(found.values())

        self._wait(are_there)
        self.home.call("config/entity_registry/update", entity_id=found["east"], new_entity_id="sensor.compteur")
        return found | {"east": "sensor.compteur"}

    def record(self) -> None:
        """Let Home Assistant have hours of its own: the first from its middle on, then whole ones."""
        for key, entity in self.entities.items():
            begun = self.past.index(REGISTERS[key], BEGUN + HOUR) - 11
            ends = [BEGUN + number * HOUR for number in range(1, (OWN_UNTIL - BEGUN) // HOUR + 1)]
            indexes = [self.past.index(REGISTERS[key], end) for end in ends]
            unit, per_unit = ("kWh", 1000) if key == IN_KWH else ("Wh", 1)
            rows = [
                {"start": (end - HOUR).isoformat(), "state": index / per_unit, "sum": (index - begun) / per_unit}
                for end, index in zip(ends, indexes, strict=True)
            ]
            metadata = {
                "statistic_id": entity, "source": "recorder", "name": None, "has_sum": True, "mean_type": 0,
                "unit_class": "energy", "unit_of_measurement": unit,
            }  # fmt: skip
            self.home.call("recorder/import_statistics", metadata=metadata, stats=rows)
        count = (OWN_UNTIL - BEGUN) // HOUR
        self._wait(lambda: all(len(self.rows(entity)) == count for entity in self.entities.values()))

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + APPEARS_WITHIN
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def rows(self, statistic: str, start: datetime = BEGUN, end: datetime = OWN_UNTIL) -> list[dict[str, Any]]:
        found: dict[str, list[dict[str, Any]]] = self.home.call(
            "recorder/statistics_during_period",
            start_time=start.isoformat(),
            end_time=end.isoformat(),
            statistic_ids=[statistic],
            period="hour",
            types=["sum", "state"],
            units={"energy": "Wh"},
        )
        return [
            row | {"sum": exact(row["sum"]), "state": row["state"] and exact(row["state"])}
            for row in found.get(statistic, [])
        ]

    def months(self, statistic: str, end: str = "9999") -> dict[str, float]:
        """Return what the dashboard shows of each month before another, without months of nothing."""
        found: dict[str, list[dict[str, Any]]] = self.home.call(
            "recorder/statistics_during_period",
            start_time="2020-01-01T00:00:00+00:00",
            statistic_ids=[statistic],
            period="month",
            types=["change"],
            units={"energy": "Wh"},
        )
        changes = {month(datetime.fromtimestamp(row["start"] / 1000, UTC)): row["change"] for row in found[statistic]}
        return {name: exact(change) for name, change in changes.items() if exact(change) and name < end}

    def bring(self, *arguments: str, code: int = 0) -> str:
        return self.monitor.run("home-assistant", *arguments, code=code, language="C")

    def check(self) -> None:
        """Compare each month: energy up to the end of what was recorded, costs up to the last whole month."""
        for key, entity in self.entities.items():
            assert self.months(entity) == self.past.months(OWN_UNTIL, REGISTERS[key]), key
        until = local(2026, 11, 1)
        for register in (1, 2):
            shown = self.months(f"teleinfo:{METER}_easf0{register}_cost", month(until))
            assert cents(shown) == cents(self.past.costs(until, register))
        shown = self.months(f"teleinfo:{METER}_cost", month(until))
        expected = self.past.costs(until)
        assert cents(shown) == cents(expected)
        report = json.loads(self.monitor.run("report", "--by", "month", "--from", "2025", "--to", "2026-11", "--json"))
        assert [Decimal(row["cost"]["total"]) for row in report] == list(cents(shown).values())
        drawn = [wh for _, wh in sorted(self.past.months(until, "east").items())]
        assert [sum(row["wh"].values()) for row in report if row["wh"]] == drawn


def exact(amount: float) -> float:
    """Return an amount without the noise of its unit, far below 1 Wh and 1 cent."""
    return round(amount, 6)


def cents(months: dict[str, Any]) -> dict[str, Decimal]:
    return {name: round(Decimal(str(amount)) + Decimal("1e-9"), 2) for name, amount in sorted(months.items())}


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    if find_python() is None:
        pytest.skip("Home Assistant needs Python 3.13.2 or newer, and there is none here")
    for program in ("mosquitto", "mariadbd"):
        find_program(program)
    try:
        installed()
    except HomeAssistantError as error:
        pytest.fail(str(error), pytrace=False)
    with contextlib.ExitStack() as stack:
        yield Dashboard(tmp_path_factory.mktemp("statistics"), stack)


def test_an_entity_without_an_hour_of_its_own_waits(dashboard: Dashboard) -> None:
    text = dashboard.bring("--dry-run")
    for entity in dashboard.entities.values():
        assert re.search(rf"^{entity}: .* has not recorded", text, re.MULTILINE)


def test_what_would_be_brought_is_said_and_nothing_is_written(dashboard: Dashboard) -> None:
    dashboard.record()
    text = dashboard.bring("--dry-run")
    assert re.search(
        r"^sensor\.compteur: [\d,]+ h from 1 January 2025 to 10 November 2026, .*to write, .*raised", text, re.MULTILINE
    )
    assert dashboard.home.call("recorder/list_statistic_ids", statistic_type="sum")
    assert not dashboard.rows("sensor.compteur", local(2025, 1, 1), BEGUN)
    assert not dashboard.rows(f"teleinfo:{METER}_cost", local(2025, 1, 1))


def test_nothing_is_written_without_a_word_about_a_backup(dashboard: Dashboard) -> None:
    assert "--yes" in dashboard.bring(code=2)


def test_each_month_is_that_of_the_report(dashboard: Dashboard) -> None:
    before = {entity: dashboard.rows(entity) for entity in dashboard.entities.values()}
    dashboard.bring("--yes")
    dashboard.check()
    for entity, rows in before.items():
        now = dashboard.rows(entity)
        raised = {exact(row["sum"] - old["sum"]) for row, old in zip(now, rows, strict=True)}
        assert len(raised) == 1
        assert [row["state"] for row in now] == [row["state"] for row in rows]


def test_the_energy_dashboard_takes_them(dashboard: Dashboard) -> None:
    total = {"stat_energy_from": "sensor.compteur", "stat_cost": f"teleinfo:{METER}_cost"}
    free = {"entity_energy_price": None, "number_energy_price": None}
    grid = {"type": "grid", "flow_from": [total | free], "flow_to": [], "cost_adjustment_day": 0.0}
    dashboard.home.call("energy/save_prefs", energy_sources=[grid])
    problems = dashboard.home.call("energy/validate")
    issues = [issue["type"] for source in problems["energy_sources"] for issue in source]
    assert set(issues) <= {"recorder_untracked"}


def test_a_second_time_nothing_changes(dashboard: Dashboard) -> None:
    text = dashboard.bring("--yes")
    energy = [line for line in text.splitlines() if line.startswith("sensor")]
    assert len(energy) == len(REGISTERS)
    assert all(line.endswith("nothing to change") for line in energy)
    # Of costs there may be an hour more than a moment ago.
    assert not re.search(r"\d\d hours written|raised", text)
    dashboard.check()


def test_a_late_hour_and_an_earlier_month_are_put_right(dashboard: Dashboard) -> None:
    late, earlier = local(2025, 2, 10, 18), local(2024, 12, 31, 23)
    dashboard.past.wh[late] += 500
    dashboard.past.wh[earlier] = 777
    dashboard.import_hours([(late, dashboard.past.wh[late], 1), (earlier, 777, 1)])
    dashboard.bring("--yes")
    shown = dashboard.months("sensor.compteur")
    assert shown == dashboard.past.months(OWN_UNTIL, "east")
    assert shown["2024-12"] == 777
    dashboard.server.sql(f"DELETE FROM {dashboard.server.name}.imported_hours WHERE hour < '2025-01-01'")
    del dashboard.past.wh[earlier]
    dashboard.bring("--yes")
    dashboard.check()


def test_undoing_leaves_what_home_assistant_recorded(dashboard: Dashboard) -> None:
    assert "to be removed" in dashboard.bring("--undo", "--dry-run")
    dashboard.check()
    dashboard.bring("--undo", "--yes")
    sums = [one["statistic_id"] for one in dashboard.home.call("recorder/list_statistic_ids", statistic_type="sum")]
    assert not [name for name in sums if name.startswith("teleinfo:")]
    for key, entity in dashboard.entities.items():
        register = REGISTERS[key]
        begun = dashboard.past.index(register, BEGUN + HOUR) - 11
        assert list(dashboard.months(entity)) == ["2026-11"]
        for row in dashboard.rows(entity):
            assert row["sum"] == dashboard.past.index(register, datetime.fromtimestamp(row["end"] / 1000, UTC)) - begun
    assert "Nothing to remove" in dashboard.bring("--undo", "--yes")


def test_what_was_undone_can_be_brought_again(dashboard: Dashboard) -> None:
    dashboard.bring("--yes")
    dashboard.check()


def test_home_assistant_has_nothing_to_complain_about(dashboard: Dashboard) -> None:
    assert not [text for text in dashboard.home.complaints() if "statistic" in text.lower()]
