"""Home Assistant's statistics as the recorder's commands have them: what is sent, and what is made of the answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.base.calendar import Calendar
from monitor.base.config import MonitorConfig
from monitor.home_assistant import recorder as recording
from monitor.home_assistant.recorder import Recorder, Statistic
from monitor.home_assistant.rows import Row, mark
from monitor.home_assistant.sync import StatisticsSync
from monitor.home_assistant.texts import EN, FR, StatisticsError

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENTITY = Statistic("sensor.linky", None, "Wh", "recorder")
NOW = START + timedelta(days=2)


class FakeHomeAssistant:
    """Does what Home Assistant does with the statistic of one entity."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.deaf = deaf
        self.rows: dict[datetime, Row] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, kind: str, **arguments: Any) -> Any:
        self.calls.append((kind, arguments))
        match kind:
            case "config/entity_registry/list":
                names = {"platform": "mqtt", "name": None, "original_name": "Énergie", "disabled_by": None}
                return [
                    names | {"unique_id": "teleinfo_031961000001_east", "entity_id": ENTITY.id},
                    names | {"unique_id": "of_another_device", "entity_id": "sensor.other"},
                ]
            case "recorder/get_statistics_metadata":
                known = {"statistic_id": ENTITY.id, "name": None, "source": "recorder"}
                return (
                    [known | {"statistics_unit_of_measurement": "Wh"}]
                    if ENTITY.id in arguments["statistic_ids"]
                    else []
                )
            case "recorder/list_statistic_ids":
                return [{"statistic_id": ENTITY.id, "source": "recorder"}]
            case "recorder/statistics_during_period":
                return {ENTITY.id: list(self._during(arguments))}
            case "recorder/import_statistics" if not self.deaf:
                for stat in arguments["stats"]:
                    start, reset = datetime.fromisoformat(stat["start"]), stat.get("last_reset")
                    marked = reset and datetime.fromisoformat(reset)
                    self.rows[start] = Row(start, stat["sum"], stat.get("state"), marked)
            case "recorder/adjust_sum_statistics":
                for start, row in self.rows.items():
                    if start >= datetime.fromisoformat(arguments["start_time"]):
                        self.rows[start] = Row(start, row.sum + arguments["adjustment"], row.state, row.last_reset)
        return None

    def _during(self, arguments: dict[str, Any]) -> Any:
        end = datetime.fromisoformat(arguments.get("end_time", "2100-01-01T00:00:00+00:00"))
        for start, row in sorted(self.rows.items()):
            if datetime.fromisoformat(arguments["start_time"]) <= start < end:
                reset = None if row.last_reset is None else round(row.last_reset.timestamp() * 1000)
                at = round(start.timestamp() * 1000)
                yield {"start": at, "sum": row.sum, "state": row.state, "last_reset": reset}


@pytest.fixture
def brought() -> FakeHomeAssistant:
    """Two hours of ours and two own ones, of which the first had counted 40 Wh; 100 Wh were put before them."""
    home = FakeHomeAssistant()
    sums = {0: (60.0, mark(40)), 1: (100.0, mark(40)), 2: (150.0, None), 3: (170.0, None)}
    home.rows = {START + n * HOUR: Row(START + n * HOUR, total, 7.0, marked) for n, (total, marked) in sums.items()}
    return home


def undo(home: FakeHomeAssistant) -> list[int | None]:
    return [hours for _, hours in StatisticsSync(Recorder(home), Calendar(MonitorConfig().time_zone), NOW).undo()]


def test_undone_hours_are_emptied_and_own_sums_are_as_before(brought: FakeHomeAssistant) -> None:
    assert undo(brought) == [2]
    assert [row.sum for row in brought.rows.values()] == [0, 0, 40, 60]
    assert undo(brought) == []


def test_a_dry_run_writes_nothing(brought: FakeHomeAssistant) -> None:
    before = dict(brought.rows)
    sync = StatisticsSync(Recorder(brought, dry=True), Calendar(MonitorConfig().time_zone), NOW)
    assert [hours for _, hours in sync.undo()] == [2]
    assert brought.rows == before


def test_what_others_put_into_an_entity_stays(brought: FakeHomeAssistant) -> None:
    brought.rows = {start: Row(start, row.sum, row.state) for start, row in brought.rows.items()}
    before = dict(brought.rows)
    assert undo(brought) == []
    assert brought.rows == before


def test_rows_go_out_in_parts_with_all_that_home_assistant_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_AT_ONCE", 2)
    home = FakeHomeAssistant()
    rows = [Row(START + number * HOUR, float(number), None, mark(0)) for number in range(3)]
    Recorder(home).write(ENTITY, rows)
    sent = [arguments for kind, arguments in home.calls if kind == "recorder/import_statistics"]
    assert [len(one["stats"]) for one in sent] == [2, 1]
    assert sent[0]["metadata"] == {
        "statistic_id": "sensor.linky",
        "source": "recorder",
        "name": None,
        "has_sum": True,
        "mean_type": 0,
        "unit_class": "energy",
        "unit_of_measurement": "Wh",
    }
    assert list(home.rows.values()) == rows


def test_rows_that_do_not_come_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_WRITTEN_WITHIN", 0.05)
    with pytest.raises(StatisticsError) as caught:
        Recorder(FakeHomeAssistant(deaf=True)).write(ENTITY, [Row(START, 1.0)])
    assert caught.value.key == "not_written"


def test_only_our_entities_are_looked_at() -> None:
    assert list(Recorder(FakeHomeAssistant()).entities()) == ["teleinfo_031961000001_east"]


def test_both_languages_say_the_same() -> None:
    assert FR.keys() == EN.keys()
