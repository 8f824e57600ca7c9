"""What others counted in Home Assistant: the list of it, and the document that the storer imports."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.calendar import Calendar
from monitor.home_assistant.past import Past, guess
from monitor.home_assistant.texts import StatisticsError
from storer.imports.home_assistant import open_bytes, read_home_assistant

CALENDAR = Calendar(ZoneInfo("Europe/Paris"))
NOW = datetime(2026, 12, 2, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


class FakeHomeAssistant:
    """Has two statistics of linkytic, one of ours, one of water."""

    def __init__(self) -> None:
        self.start = datetime(2026, 10, 24, 22, tzinfo=UTC)
        #: Sums in kWh at the ends of hours, over the end of summer time; one hour is missing, the counter begins again.
        self.sums = {0: 1.0, 1: 1.25, 2: 1.75, 4: 3.75, 5: 4.0}
        self.units: list[Any] = []

    def call(self, kind: str, **arguments: Any) -> Any:
        match kind:
            case "config/entity_registry/list":
                linkytic = {"platform": "linkytic", "name": None, "original_name": "Index option Base"}
                ours = {"platform": "mqtt", "unique_id": "teleinfo_1_east", "name": None, "original_name": "Total"}
                return [
                    linkytic | {"entity_id": "sensor.linky_base", "unique_id": "linky_base"},
                    ours | {"entity_id": "sensor.east"},
                ]
            case "recorder/list_statistic_ids":
                energy = {
                    "unit_class": "energy",
                    "source": "recorder",
                    "statistics_unit_of_measurement": "kWh",
                    "name": None,
                }
                return [
                    energy | {"statistic_id": "sensor.east"},
                    energy | {"statistic_id": "sensor.gone"},
                    energy | {"statistic_id": "sensor.linky_base"},
                    energy
                    | {
                        "statistic_id": "linky:123",
                        "source": "linky",
                        "name": "Consommation",
                        "statistics_unit_of_measurement": "MJ",
                    },
                    energy | {"statistic_id": "teleinfo:1_x", "source": "teleinfo"},
                    energy | {"statistic_id": "sensor.water", "unit_class": "volume"},
                ]
            case "recorder/statistics_during_period" if arguments["period"] == "month":
                month = {
                    "start": milliseconds(datetime(2026, 9, 30, 22, tzinfo=UTC)),
                    "end": milliseconds(datetime(2026, 10, 31, 23, tzinfo=UTC)),
                    "change": 3250.4,
                }
                return {one: [month] for one in arguments["statistic_ids"] if one != "sensor.gone"}
            case "recorder/statistics_during_period":
                self.units.append(arguments["units"])
                (one,) = arguments["statistic_ids"]
                low, high = (datetime.fromisoformat(arguments[name]) for name in ("start_time", "end_time"))
                moments = {self.start + number * HOUR: total for number, total in self.sums.items()}
                return {
                    one: [
                        {"start": milliseconds(at), "sum": total} for at, total in moments.items() if low <= at < high
                    ]
                }
        raise AssertionError(kind)


def test_those_of_others_are_listed_with_what_they_count_and_those_of_meters_first() -> None:
    found = Past(FakeHomeAssistant(), CALENDAR, NOW).list()
    assert [(one.id, one.name, one.origin, one.register) for one in found] == [
        ("sensor.linky_base", "Index option Base", "linkytic", "BASE"),
        ("linky:123", "Consommation", "linky", None),
    ]
    assert (found[0].wh, found[0].unit) == (3250, "kWh")
    assert found[0].start == datetime(2026, 9, 30, 22, tzinfo=UTC)


def test_its_hours_are_those_of_the_storer_with_gaps_and_the_hour_that_comes_twice() -> None:
    home = FakeHomeAssistant()
    document = Past(home, CALENDAR, NOW).document(["sensor.linky_base"])
    with open_bytes(document) as source:
        parsed = read_home_assistant(source, {"sensor.linky_base": 0})
    first = home.start + HOUR
    assert [(one.end - first, one.hours, one.wh) for one in sorted(parsed.periods)] == [
        (HOUR, 1, 250),
        (2 * HOUR, 1, 500),
        (4 * HOUR, 2, 2000),
        (5 * HOUR, 1, 250),
    ]
    assert parsed.left_out == Counter()
    assert home.units[0] == {"energy": "kWh"}, "nothing is converted, which would round"


def test_what_the_storer_does_not_know_is_converted_by_home_assistant() -> None:
    home = FakeHomeAssistant()
    with open_bytes(Past(home, CALENDAR, NOW).document(["linky:123"])) as source:
        assert source.query("SELECT unit_of_measurement FROM statistics_meta") == [("Wh",)]
    assert home.units[0] == {"energy": "Wh"}


def test_one_that_has_disappeared_meanwhile_is_named() -> None:
    with pytest.raises(StatisticsError) as caught:
        Past(FakeHomeAssistant(), CALENDAR, NOW).document(["sensor.deleted"])
    assert "sensor.deleted" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "register"),
    [
        ("sensor.linky_hchc Heures creuses", "HCHC"),
        ("sensor.index_heures_creuses_heures_pleines Index option Heures Creuses - Heures Pleines", "HCHP"),
        ("sensor.x Index option Tempo - Heures Pleines Jours Rouges", "BBRHPJR"),
        ("sensor.x Index option EJP - Heures Normales ejphn", "EJPHN"),
        ("sensor.x Énergie active soutirée fournisseur, index 4", "EASF04"),
        ("sensor.linky_easf10 Index 10", "EASF10"),
        ("sensor.linky_peak Peak energy", "HCHP"),
        ("sensor.linky_off_peak Off-peak energy", "HCHC"),
        ("sensor.linky_total Énergie totale", "EAST"),
        ("sensor.x Énergie active injectée totale", "EAIT"),
        ("sensor.machine_energy Machine à laver total", None),
        ("sensor.linky_index_11 Index 11", None),
    ],
)
def test_the_register_is_guessed_from_the_name(text: str, register: str | None) -> None:
    assert guess(text) == register
