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
from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.places.contracts import power
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


def test_lower_powers_are_examined_down_to_the_first_that_may_trip(tables: Database) -> None:
    answer = ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    assert list(found) == [6, 9, 12]  # the next higher is there to compare with
    assert (answer["power"], answer["phases"], answer["refused"]) == (9, 1, None)
    # 12 kVA are twice 6: after 61 s at most, then each 69 s of the 600; 8.5 kVA last a minute, 1.42 times of 6.
    assert (found[6]["above"], found[6]["trips"], found[6]["enough"]) == (660, 8, False)
    # At the present power the householder knows whether it opened.
    assert (found[9]["above"], found[9]["trips"], found[9]["yours"]) == (600, None, True)
    assert (found[12]["above"], found[12]["trips"]) == (0, None)
    assert answer["verdict"] == "6 kVA ne suffisent pas\u00a0: 8 coupures possibles."
    assert answer["winter_weeks_missing"] == 13


def test_a_lower_power_saves_its_subscription_and_pays_the_step_of_the_kwh(tables: Database) -> None:
    answer = ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    # 238.56 - 190.32; 7.198 kWh in two hours are 31,527 in a year, each 0.0016 dearer below 9 kVA
    assert found[6]["saving"] == pytest.approx(482_400 - 31_527 * 0.0016 * 10_000, rel=0.001)
    assert found[12]["saving"] == -465_600
    assert "n’accepte plus de nouveaux contrats" in " ".join(answer["remarks"])


def test_a_meter_that_is_not_a_linky_has_minutes_and_no_trips(fresh_database: Server) -> None:
    tables = stored(fresh_database, evening(OLD, Mode.HISTORIC))
    answer = ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    assert (answer["refused"], answer["power"]) == ("meter", 9)
    assert (found[6]["above"], found[6]["trips"], found[6]["enough"]) == (660, None, None)
    assert answer["verdict"].startswith("Pas mesurable")


def test_a_linky_in_historic_mode_is_one(fresh_database: Server) -> None:
    tables = stored(fresh_database, evening(LINKY, Mode.HISTORIC))
    found = by_power(ask(power.ROUTE, tables, NOW, bundled_prices(), QUESTION))
    assert found[6]["trips"] == 8


def test_three_phases_are_read_apart(fresh_database: Server) -> None:
    frames = []
    for frame in evening(LINKY):
        drawn = int(frame.values["SINSTS"])
        of_phases = {"SINSTS1": 100, "SINSTS2": drawn - 200, "SINSTS3": 100}
        frames.append(replace(frame, values={**frame.values, **of_phases, "PREF": 36}))
    answer = ask(power.ROUTE, stored(fresh_database, frames), NOW, bundled_prices(), QUESTION)
    found = by_power(answer)
    assert answer["phases"] == 3
    assert list(found) == [24, 30, 36]
    assert (found[36]["above"], found[30]["above"]) == (0, 600)  # 11.8 kVA on one phase are above 10
    # 1.18 and 1.475 times of a third: in 600 s after 171 s at most, then each 187 s
    assert (found[30]["trips"], found[24]["trips"]) == (0, 3)
    assert "30 kVA ont suffi pour ce qui est mesuré" in answer["verdict"]  # a winter is missing
    assert "24 kVA ne suffisent pas\u00a0: 3 coupures possibles." in answer["verdict"]


def test_a_power_of_a_phase_that_its_current_excludes_trips_nothing(fresh_database: Server) -> None:
    wrong: dict[str, Value] = {"SINSTS1": 48_370, "SINSTS2": 100, "SINSTS3": 100}
    wrong |= {"IRMS1": 2, "IRMS2": 1, "IRMS3": 1, "URMS1": 230, "URMS2": 230, "URMS3": 230}
    frames = [replace(frame, values={**frame.values, **wrong}) for frame in evening(LINKY)]
    answer = ask(power.ROUTE, stored(fresh_database, frames), NOW, bundled_prices(), QUESTION)
    # 1.1 times of 230 V and 4 A are 1012 VA, above a third of 3 kVA and not 1.3 times of it
    found = by_power(answer)
    assert (found[3]["above"], found[3]["trips"], found[6]["above"]) == (7200, 0, 0)


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
        "6 kVA ne suffisent pas : 8 coupures possibles.",
        "– 9 kVA (la vôtre) · dépassés au plus 10 min",
        "– 12 kVA · jamais dépassés · 46,56 € de plus par an",
        "Aux prix du 1er août 2026, toutes taxes comprises",
        "n’accepte plus de nouveaux contrats depuis février 2025",
    ):
        assert sentence in text
    rows = json.loads(monitor.run("power", "--json", *limits))
    assert [(row["power"], row["trips"]) for row in rows] == [(6, 8), (9, None), (12, None)]
    english = " ".join(monitor.run("power", "--language", "en", *limits).split())
    assert "6 kVA are not enough: 8 possible trips." in english


def test_a_past_is_answered_from_its_minutes(fresh_database: Server) -> None:
    begin, end = datetime(2026, 11, 1, 23, tzinfo=UTC), datetime(2026, 11, 4, 12, tzinfo=UTC)
    tables = make_past(fresh_database, begin, end)
    prices = bundled_prices()
    answer = ask(power.ROUTE, tables, end, prices, config=MonitorConfig())
    check(answer, power.ROUTE.schema)
    assert (answer["from"], answer["last_day"], answer["hours_missing"]) == ("2026-11-02", "2026-11-03", 0)
    with pytest.raises(RequestError, match="no data for this range"):
        ask(power.ROUTE, tables, end, prices, "from=2020&to=2021")
    with pytest.raises(RequestError, match="too long"):
        ask(power.ROUTE, tables, end, prices, "from=2020&to=2026")
