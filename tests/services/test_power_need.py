"""Other subscribed powers, over frames that are stored: by the API and in the terminal."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Database
from monitor.api import power
from monitor.refusals import Refusal
from monitor.settings.config import MonitorConfig
from tests.services.test_report import Monitor
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

LINKY, OLD = "031961000001", "031228000001"
BEGIN = datetime(2026, 11, 20, 17, tzinfo=UTC)  # 18 h in Paris
END = BEGIN + timedelta(hours=2)
NOW = BEGIN + timedelta(days=1)
QUESTION = "from=2026-11-20T17:00:00Z&to=2026-11-20T19:00:00Z"


def evening(meter: str, mode: Mode = Mode.STANDARD) -> list[Frame]:
    """Return two hours of a house with 9 kVA: ten minutes of 12 kVA after a quarter of an hour, and one of 8.5."""
    frames = []
    for second in range(0, 7200, 2):
        drawn = 12_000 if 900 <= second < 1500 else 8500 if 3600 <= second < 3660 else 500
        values: dict[str, Value]
        if mode is Mode.STANDARD:
            values = {"ADSC": meter, "NGTF": f"{'BASE':^16}", "EAST": 1000 + second, "EASF01": 1000 + second}
            values |= {"NTARF": 1, "PREF": 9, "SINSTS": drawn}
        else:
            values = {
                "ADCO": meter,
                "OPTARIF": "BASE",
                "ISOUSC": 45,
                "BASE": 1000 + second,
                "PTEC": "TH..",
                "PAPP": drawn,
            }
        at = BEGIN + timedelta(seconds=second, milliseconds=300)
        frames.append(Frame(meter=meter, timestamp=at, mode=mode, values=values))
    return frames


def stored(server: Server, frames: list[Frame]) -> Database:
    tables = make_tables(server)
    store(tables, frames)
    roll_up(tables, NOW)
    return tables


def by_power(answer: dict[str, Any]) -> dict[int, dict[str, Any]]:
    check(answer, power.ROUTE.schema)
    return {one["power"]: one for one in answer["powers"]}


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return stored(fresh_database, evening(LINKY))


def test_seconds_above_and_trips_are_those_of_the_frames(tables: Database) -> None:
    answer = ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    assert list(found) == [3, 6, 9, 12, 15, 18, 24, 30, 36]
    assert (answer["power"], answer["lower"], answer["phases"], answer["refused"]) == (9, 6, 1, None)
    # 12 kVA are twice 6: a trip each 69 s of the 600; 8.5 kVA last a minute, 1.42 times of 6.
    assert (found[6]["above"], found[6]["beyond"], found[6]["trips"], found[6]["at_most"]) == (660, 660, 8, False)
    # 1.333 times of 9: Y reaches 1.3 times after ln(1 - (11.7 / 12)²) / ln(0.992) = 374 s, all but the 500 VA before.
    assert (found[9]["above"], found[9]["beyond"], found[9]["trips"], found[9]["yours"]) == (600, 600, 1, True)
    assert (found[12]["above"], found[12]["trips"], found[12]["unread"]) == (0, 0, 0)
    assert (found[6]["enough"], found[12]["enough"]) == (False, None)  # a winter is missing
    assert answer["winter_weeks_missing"] == 13
    assert answer["near"] == {"minutes": 11, "days": 1, "last": "2026-11-20T18:00:00Z"}
    (moment,) = answer["moments"]
    assert moment == {"start": "2026-11-20T17:15:00Z", "seconds": 600, "power": 12_000, "phase": 1, "trips": 8}


def test_a_lower_power_saves_its_subscription_and_pays_the_step_of_the_kwh(tables: Database) -> None:
    answer = ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    # 238.56 - 190.32; 7.198 kWh in two hours are 31,527 in a year, each 0.0016 dearer below 9 kVA
    assert found[6]["saving_subscription"] == 482_400
    assert found[6]["saving"] == pytest.approx(482_400 - 31_527 * 0.0016 * 10_000, rel=0.001)
    assert (found[12]["saving_subscription"], found[12]["saving"]) == (-465_600, -465_600)
    assert answer["closed"] is True


def test_without_frames_minutes_say_at_most(tables: Database, fresh_database: Server) -> None:
    fresh_database.sql(f"DELETE FROM {fresh_database.name}.frames")
    found = by_power(ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION))
    assert (found[6]["above"], found[6]["at_most"], found[6]["trips"], found[6]["unread"]) == (660, True, 0, 1)
    assert "au plus 11" in found[6]["sentence"]
    assert found[6]["enough"] is None
    assert (found[12]["above"], found[12]["at_most"], found[12]["unread"]) == (0, False, 0)


def test_a_meter_that_is_not_a_linky_has_minutes_and_no_trips(fresh_database: Server) -> None:
    tables = stored(fresh_database, evening(OLD, Mode.HISTORIC))
    answer = ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    assert (answer["refused"], answer["power"]) == ("meter", 9)
    assert (found[6]["above"], found[6]["trips"], found[6]["enough"]) == (660, None, None)
    assert answer["moments"] == []


def test_a_linky_in_historic_mode_is_one(fresh_database: Server) -> None:
    tables = stored(fresh_database, evening(LINKY, Mode.HISTORIC))
    found = by_power(ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION))
    assert found[6]["trips"] == 8


def test_three_phases_are_read_apart(fresh_database: Server) -> None:
    frames = []
    for frame in evening(LINKY):
        drawn = int(frame.values["SINSTS"])
        of_phases = {"SINSTS1": 100, "SINSTS2": drawn - 200, "SINSTS3": 100}
        frames.append(replace(frame, values={**frame.values, **of_phases}))
    answer = ask(power.ROUTE, stored(fresh_database, frames), NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    assert answer["phases"] == 3
    assert found[36]["above"] == 0
    assert found[30]["above"] == 600  # 11.8 kVA on one phase are above 10
    assert (found[30]["trips"], found[24]["trips"]) == (0, 3)  # 1.18 and 1.475 times of a third: 187 s
    assert answer["moments"][0]["phase"] == 2


def test_a_power_of_a_phase_that_its_current_excludes_trips_nothing(fresh_database: Server) -> None:
    wrong: dict[str, Value] = {"SINSTS1": 48_370, "SINSTS2": 100, "SINSTS3": 100}
    wrong |= {"IRMS1": 2, "IRMS2": 1, "IRMS3": 1, "URMS1": 230, "URMS2": 230, "URMS3": 230}
    frames = [replace(frame, values={**frame.values, **wrong}) for frame in evening(LINKY)]
    answer = ask(power.ROUTE, stored(fresh_database, frames), NOW, bundled_prices(), QUESTION)
    # 1.1 times of 230 V and 4 A are 1012 VA, above a third of 3 kVA and not 1.3 times of it
    found = by_power(answer)
    assert (found[3]["above"], found[3]["beyond"], found[3]["trips"], found[6]["above"]) == (7200, 0, 0, 0)


def test_three_phases_whose_powers_are_not_sent_have_no_trips(fresh_database: Server) -> None:
    currents = {"ISOUSC": 15, "IINST1": 20, "IINST2": 20, "IINST3": 20}
    frames = [replace(frame, values={**frame.values, **currents}) for frame in evening(LINKY, Mode.HISTORIC)]
    answer = ask(power.ROUTE, stored(fresh_database, frames), NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    assert (answer["refused"], answer["power"], found[6]["above"], found[6]["trips"]) == ("phases", 9, 660, None)


def test_the_command_reads_well_in_french(tables: Database, fresh_database: Server, tmp_path: Path) -> None:
    monitor = Monitor(fresh_database, tmp_path)
    monitor.configure("")
    limits = ("--from", "2026-11-20T17:00:00Z", "--to", "2026-11-20T19:00:00Z")
    text = " ".join(monitor.run("power", *limits).split())
    for sentence in (
        "3 kVA. Économie : 42,56 €/an.",
        "Sur 1 jour : au-dessus de 6 kVA 11 min, au-delà de 7,8 kVA 11 min ; le Linky aurait coupé 8 fois.",
        "9 kVA, votre puissance souscrite.",
        "12 kVA. Surcoût : 46,56 €/an.",
        "jamais au-dessus de 12 kVA ; le Linky n’aurait pas coupé.",
        "Depuis le 20 novembre 2026, plus de 90 % de vos 9 kVA : 11 min sur 1 jour, la dernière fois le 20 novembre",
        "Aux prix du 1er août 2026, toutes taxes comprises",
        "n’accepte plus de nouveaux contrats depuis février 2025",
        "À décaler pour ne pas dépasser 6 kVA (moments : 1, les pires d’abord) :",
        "– 20 novembre 2026 à 18 h 15, pendant 10 min, jusqu’à 12 000 VA, coupures : 8",
    ):
        assert sentence in text
    assert "suffi" not in text  # a winter is missing
    rows = json.loads(monitor.run("power", "--json", *limits))
    # 4 times of 3 kVA: 14 s, 42 times in 600; 2.83 times: 30 s, twice in a minute
    assert [(row["power"], row["trips"]) for row in rows[:3]] == [(3, 44), (6, 8), (9, 1)]
    english = " ".join(monitor.run("power", "--language", "en", *limits).split())
    assert "the Linky would have tripped 8 times" in english


def test_a_past_without_frames_is_answered_from_its_minutes(fresh_database: Server) -> None:
    begin, end = datetime(2026, 11, 1, 23, tzinfo=UTC), datetime(2026, 11, 4, 12, tzinfo=UTC)
    tables = make_past(fresh_database, begin, end)
    prices = bundled_prices()
    answer = ask(power.ROUTE, tables, end, prices, config=MonitorConfig())
    found = by_power(answer)
    assert (answer["from"], answer["last_day"], answer["hours_missing"]) == ("2026-11-02", "2026-11-03", 0)
    assert found[36]["above"] == 0
    with pytest.raises(Refusal, match="no data for this range"):
        ask(power.ROUTE, tables, end, prices, "from=2020&to=2021")
    with pytest.raises(Refusal, match="too long"):
        ask(power.ROUTE, tables, end, prices, "from=2020&to=2026")
