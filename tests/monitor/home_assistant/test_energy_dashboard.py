"""Our registers in the Energy dashboard: what is added, in both forms that Home Assistant has had, and taken out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.home_assistant.energy_dashboard import EnergyDashboard, Entry, Source
from monitor.home_assistant.texts import StatisticsError

METER = "031961000001"
NOW = datetime(2026, 12, 2, 18, tzinfo=UTC)
OFF_PEAK, PEAK = (
    Entry("sensor.easf01", "easf01", price="sensor.price"),
    Entry("sensor.easf02", "easf02", price="sensor.price"),
)
INJECTED = Entry("sensor.eait", "eait", exported=True)
SOLAR: Source = {"type": "solar", "stat_energy_from": "sensor.sun", "config_entry_solar_forecast": None}
PLUG = {
    "stat_energy_from": "sensor.linkytic",
    "stat_cost": None,
    "entity_energy_price": None,
    "number_energy_price": 0.2,
}
LEGACY: Source = {"type": "grid", "flow_from": [PLUG], "flow_to": [], "cost_adjustment_day": 0}
UNIFIED: Source = {
    "type": "grid",
    "stat_energy_from": "sensor.linkytic",
    "stat_energy_to": None,
    "cost_adjustment_day": 0,
}


class FakeHomeAssistant:
    """Keeps the preferences, and takes the grid in one of both forms only."""

    def __init__(self, sources: list[Source] | None, *, unified: bool, costs: tuple[str, ...] = ()) -> None:
        self.sources = sources
        self.unified = unified
        self.costs = costs
        self.keys = ["east", "easf01", "easf02", "eait", "price", "sinsts"]

    def call(self, kind: str, **arguments: Any) -> Any:
        match kind:
            case "energy/get_prefs":
                if self.sources is None:
                    raise StatisticsError("not_found", command=kind)
                return {"energy_sources": self.sources, "device_consumption": []}
            case "energy/save_prefs":
                for one in arguments["energy_sources"]:
                    if one["type"] == "grid" and ("flow_from" in one) == self.unified:
                        raise StatisticsError("refused", command=kind, reason="extra keys not allowed")
                self.sources = arguments["energy_sources"]
                return {"energy_sources": self.sources, "device_consumption": []}
            case "config/entity_registry/list":
                names = {"platform": "mqtt", "name": None, "disabled_by": None}
                return [
                    names | {"unique_id": f"teleinfo_{METER}_{key}", "entity_id": f"sensor.{key}", "original_name": key}
                    for key in self.keys
                ]
            case "recorder/list_statistic_ids":
                return [{"statistic_id": one, "source": "teleinfo"} for one in self.costs]
            case "recorder/statistics_during_period":
                return {one: [{"start": 0, "sum": 1.0}] for one in self.costs[:1]}
        raise AssertionError(kind)


def dashboard(home: FakeHomeAssistant, folder: Path) -> EnergyDashboard:
    return EnergyDashboard(home, [METER], folder, NOW)


@pytest.mark.parametrize("unified", [True, False])
def test_where_nobody_has_set_it_up_each_register_comes_with_its_price(tmp_path: Path, unified: bool) -> None:
    home = FakeHomeAssistant(None, unified=unified)
    assert dashboard(home, tmp_path).look().missing == [OFF_PEAK, PEAK, INJECTED]
    dashboard(home, tmp_path).add()
    after = dashboard(home, tmp_path).look()
    assert (after.missing, after.present, after.others) == ([], [OFF_PEAK, PEAK, INJECTED], [])
    assert home.sources is not None
    assert len(home.sources) == (3 if unified else 1)
    dashboard(home, tmp_path).undo()
    assert home.sources == []
    assert not dashboard(home, tmp_path).look().can_undo


def test_in_the_form_of_before_2026_the_flows_are_those_of_home_assistant(tmp_path: Path) -> None:
    home = FakeHomeAssistant([SOLAR, LEGACY], unified=False)
    dashboard(home, tmp_path).add()
    assert home.sources == [
        {
            "type": "grid",
            "flow_from": [
                PLUG,
                {"stat_energy_from": "sensor.easf01", "stat_cost": None, "entity_energy_price": "sensor.price",
                 "number_energy_price": None},
                {"stat_energy_from": "sensor.easf02", "stat_cost": None, "entity_energy_price": "sensor.price",
                 "number_energy_price": None},
            ],
            "flow_to": [
                {"stat_energy_to": "sensor.eait", "stat_compensation": None, "entity_energy_price": None,
                 "number_energy_price": None},
            ],
            "cost_adjustment_day": 0,
        },
        SOLAR,
    ]  # fmt: skip


@pytest.mark.parametrize(("grid", "unified"), [(LEGACY, False), (UNIFIED, True)])
def test_what_the_owner_has_there_is_named_and_as_before_once_ours_is_taken_out(
    tmp_path: Path, grid: Source, unified: bool
) -> None:
    home = FakeHomeAssistant([grid, SOLAR], unified=unified)
    assert dashboard(home, tmp_path).look().others == ["sensor.linkytic"]
    dashboard(home, tmp_path).add()
    dashboard(home, tmp_path).undo()
    assert home.sources == [grid, SOLAR]


@pytest.mark.parametrize("unified", [True, False])
def test_of_what_was_changed_since_only_ours_is_taken_out(tmp_path: Path, unified: bool) -> None:
    home = FakeHomeAssistant(None, unified=unified)
    dashboard(home, tmp_path).add()
    assert home.sources is not None
    home.sources = [*home.sources, SOLAR]
    if unified:  # the owner has put his own export beside one of ours
        home.sources[0] = home.sources[0] | {"stat_energy_to": "sensor.his"}
    dashboard(home, tmp_path).undo()
    kept = [one for one in home.sources if one["type"] == "grid"]
    assert [(one["stat_energy_from"], one["stat_energy_to"]) for one in kept] == [(None, "sensor.his")] * unified
    assert home.sources[-1] == SOLAR


def test_what_changed_between_two_additions_is_not_lost(tmp_path: Path) -> None:
    home = FakeHomeAssistant(None, unified=True)
    home.keys.remove("easf02")
    dashboard(home, tmp_path).add()
    home.sources = [*(home.sources or []), SOLAR]
    home.keys.append("easf02")
    dashboard(home, tmp_path).add()
    dashboard(home, tmp_path).undo()
    assert home.sources == [SOLAR]


def test_a_cost_that_goes_on_is_taken_and_one_that_has_ended_is_not(tmp_path: Path) -> None:
    costs = (f"teleinfo:{METER}_easf01_cost", f"teleinfo:{METER}_easf02_cost")
    entries = dashboard(FakeHomeAssistant([], unified=True, costs=costs), tmp_path).look().missing
    assert [(one.cost, one.price) for one in entries[:2]] == [(costs[0], None), (None, "sensor.price")]


def test_a_meter_that_has_nothing_but_a_total_is_counted_by_it(tmp_path: Path) -> None:
    home = FakeHomeAssistant([], unified=True)
    home.keys = ["east"]
    assert dashboard(home, tmp_path).look().missing == [Entry("sensor.east", "east")]


def test_a_refusal_is_passed_on_and_undo_without_anything_added_changes_nothing(tmp_path: Path) -> None:
    home = FakeHomeAssistant([LEGACY], unified=True)  # of which nothing can be made
    dashboard(home, tmp_path).undo()
    with pytest.raises(StatisticsError):
        dashboard(home, tmp_path).add()
    assert home.sources == [LEGACY]
