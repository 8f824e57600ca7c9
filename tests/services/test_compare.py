"""Offers compared on a range that was hardly measured: in the terminal and by the API."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.labels import Mode
from monitor.api import compare, energy, profile
from monitor.readings.periods import ContractLine
from monitor.settings.config import MonitorConfig
from tests.services.test_energy import House
from tests.services.test_report import Monitor
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

BEGIN = datetime(2026, 3, 9, 23, tzinfo=UTC)  # 10 March 2026, 00:00 in Paris
DAY = timedelta(days=1)
END = BEGIN + 20 * DAY - timedelta(hours=1)  # 30 March; the clock goes forward on the 29th


def test_a_winner_is_named_only_where_the_range_was_measured(fresh_database: Server, tmp_path: Path) -> None:
    house = House(5, BEGIN, Mode.HISTORIC)
    house.calendar = "HC.."
    house.live(BEGIN + DAY, every=600, outages=0)
    house.now += 17 * DAY  # nothing comes; off-peak energy is counted meanwhile
    house.supplier[0] += 150_000
    house.total += 150_000
    house.live(END, every=35, outages=0)
    tables = make_tables(fresh_database)
    store(tables, house.frames)
    roll_up(tables, END + DAY)
    prices = bundled_prices()

    answer = ask(compare.ROUTE, tables, END, prices, "from=2026-03-10&to=2026-03-30")
    check(answer, compare.ROUTE.schema)
    assert (answer["why"], answer["hours"]) == ("hours", 479)
    assert answer["recovered_wh"] >= 150_000
    assert {offer["rank"] for offer in answer["offers"]} == {None}
    assert "heures de mesure sur 479" in answer["refused"]
    assert answer["verdict"] is None
    measured = ask(compare.ROUTE, tables, END, prices, "from=2026-03-28&to=2026-03-30")
    assert measured["why"] is None
    assert {"trv-base", "trv-hphc", "trv-tempo"} <= {offer["id"] for offer in measured["offers"] if offer["rank"]}
    assert measured["verdict"] is not None

    monitor = Monitor(fresh_database, tmp_path)
    monitor.configure("")
    text = " ".join(monitor.run("compare", "--from", "2026-03-10", "--to", "2026-03-30").split())
    assert "heures de mesure sur 479" in text
    assert "moins" not in text
    assert "Rang" not in text


def test_who_has_no_tempo_may_ask_what_it_would_have_cost(fresh_database: Server) -> None:
    begin, end = datetime(2026, 8, 27, 22, tzinfo=UTC), datetime(2026, 9, 3, 12, tzinfo=UTC)
    tables = make_past(fresh_database, begin, end, "standard-single-phase-base")
    prices = bundled_prices()

    def tempo(question: str, colours: dict[date, str] | None = None) -> dict[str, Any]:
        answer = ask(compare.ROUTE, tables, end, prices, question, colours=colours)
        check(answer, compare.ROUTE.schema)
        (found,) = [offer for offer in answer["offers"] if offer["id"] == "trv-tempo"]
        return {**found, "until": answer["colours_until"]}

    known = tempo("from=2026-08-28&to=2026-09-01")
    assert (known["why"], known["until"]) == (None, "2026-08-31")
    assert {register[-1] for register, wh in known["wh"].items() if wh} == {"B"}
    # The user's file goes before what is bundled.
    lies = {date(2026, 8, 27) + timedelta(number): "red" for number in range(5)}
    assert {register[-1] for register in tempo("from=2026-08-28&to=2026-09-01", lies)["wh"]} == {"R"}
    # The days after it are not guessed.
    unknown = tempo("from=2026-08-28&to=2026-09-03")
    assert (unknown["rank"], unknown["why"]) == (None, "colours")
    assert unknown["refused"].startswith("La couleur de 2 jours Tempo est inconnue")  # of 1 and 2 September
    september = {date(2026, 9, 1) + timedelta(number): "blue" for number in range(3)}
    assert tempo("from=2026-08-28&to=2026-09-03", september)["rank"]


@pytest.mark.parametrize("contract", ["trv-hphc", "edf-zen-fixe-hc", "edf-zen-we-hc"])
def test_the_registers_of_imported_hours_tell_which_were_off_peak(fresh_database: Server, contract: str) -> None:
    # From 22:30 to 06:30 the first register counts, else the second one; two hours a day have both.
    tables, prices = make_tables(fresh_database), bundled_prices()
    meter, midnight = "031961000095", datetime(2026, 2, 1, 23, tzinfo=UTC)
    off_peak, peak = [100] * 6 + [30] + [0] * 15 + [30, 100], [0] * 6 + [40] + [700] * 15 + [40, 0]
    rows = [
        (midnight + number * timedelta(hours=1), register, wh)
        for register, day in ((1, off_peak), (2, peak))
        for number, wh in enumerate(day * 2)
    ]
    values = ", ".join(f"(95, '{at:%F %T}', {register}, 'csv', {wh})" for at, register, wh in rows)
    query(
        tables,
        f"INSERT INTO meters (id, identifier) VALUES (95, '{meter}')",
        f"INSERT INTO imported_hours (meter_id, hour, register, source, wh) VALUES {values}",
        "SELECT 1",
    )
    config, now = MonitorConfig(contracts=(ContractLine(meter, date(2026, 1, 1), contract, 6),)), midnight + 9 * DAY
    question = f"meter={meter}&from=2026-02-02&to=2026-02-04"
    answer = ask(compare.ROUTE, tables, now, prices, question, config=config)
    assert (answer["hours"], answer["hours_known"]) == (48, 48)
    # A day: seven hours of 100 Wh and two of 30 Wh; 15 hours of 700 Wh and two of 40 Wh.
    offers = {offer["id"]: offer for offer in answer["offers"]}
    for name, registers in (("trv-hphc", ("HCHC", "HCHP")), ("edf-zen-fixe-hc", ("HC", "HP"))):
        assert offers[name]["why"] is None
        assert offers[name]["wh"] == dict(zip(registers, (2 * 760, 2 * 10_580), strict=True))
    cost = ask(energy.ROUTE, tables, now, prices, question, config=config)["whole"]["cost"]
    assert cost["missing"] == []
    # In a curve an hour is one, with all its registers.
    for by in ("day", "weekday"):
        curve = ask(profile.ROUTE, tables, now, prices, f"{question}&by={by}", config=config)
        assert curve["rows"][0] == [100] * 6 + [70] + [700] * 15 + [70, 100]
