"""Offers compared: by the API on a database of some days, and in the terminal."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.labels import Mode
from common.contract.offers import Window
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.request_errors import RequestError
from monitor.base.windows import OffPeak
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.contracts import compare
from monitor.places.day import interval
from monitor.places.review import energy
from monitor.places.review.routes import PROFILE
from tests.services.test_api_energy import METER, PRICES
from tests.services.test_energy import House
from tests.services.test_report import Monitor
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

BEGIN, END = datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 11, 4, 12, tzinfo=UTC)
RANGE = "from=2026-11-02&to=2026-11-04"
NAME = "EDF · Tarif Bleu, option Tempo"


@pytest.fixture(scope="module")
def prices() -> PriceTable:
    return bundled_prices()


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    return make_past(database, BEGIN, END)


def test_one_s_own_offer_costs_what_the_bill_says(tables: Database, prices: PriceTable) -> None:
    answer = ask(compare.ROUTE, tables, END, prices, f"{RANGE}&prices=then")
    check(answer, compare.ROUTE.schema)
    assert (answer["from"], answer["last_day"], answer["hours"], answer["hours_known"]) == (
        "2026-11-02", "2026-11-03", 48, 48,
    )  # fmt: skip
    (own,) = [offer for offer in answer["offers"] if offer["yours"]]
    bill = ask(energy.ROUTE, tables, END, prices, RANGE)["whole"]["cost"]
    assert (own["id"], own["total"]) == ("trv-tempo", bill["total"])
    totals = [offer["total"] for offer in answer["offers"] if offer["rank"]]
    assert totals == sorted(totals)
    assert len(totals) >= 3
    assert answer["prices"]["checked"] is not None
    assert own["rule"]["BBRHCJR"].startswith("Les jours rouges")
    assert all(offer["refused"] for offer in answer["offers"] if offer["rank"] is None)


def test_an_offer_that_lacks_something_is_not_ranked_and_says_why(tables: Database) -> None:
    answer = ask(compare.ROUTE, tables, END, PRICES, "from=2026-10-20&to=2026-11-04")
    check(answer, compare.ROUTE.schema)
    assert answer["from"] == "2026-10-24"  # nothing is known before
    assert [offer["id"] for offer in answer["offers"]] == ["tempo"]


def test_colours_that_the_meter_showed_go_before_those_of_a_file(tables: Database, prices: PriceTable) -> None:
    lies = dict.fromkeys((date(2026, 11, day) for day in (1, 2, 3)), "red")

    def tempo(colours: Mapping[date, str]) -> Mapping[str, int]:
        offers = ask(compare.ROUTE, tables, END, prices, RANGE, colours=colours)["offers"]
        (found,) = [offer["wh"] for offer in offers if offer["id"] == "trv-tempo"]
        return {register: wh for register, wh in found.items() if wh}

    assert tempo(lies) == tempo({})
    assert not any(register.endswith("R") for register in tempo(lies))


def test_the_first_morning_of_a_range_has_the_colour_of_the_day_before(tables: Database, prices: PriceTable) -> None:
    # 3 November is a Tuesday: only the meter tells the colour of Monday, which holds until 06:00.
    offers = ask(compare.ROUTE, tables, END, prices, "from=2026-11-03&to=2026-11-04")["offers"]
    (found,) = [offer for offer in offers if offer["id"] == "octopus-tempo"]
    assert found["why"] is None


def test_the_default_is_a_year_up_to_today(tables: Database, prices: PriceTable) -> None:
    answer = ask(compare.ROUTE, tables, END, prices)
    assert (answer["from"], answer["last_day"]) == ("2026-10-24", "2026-11-03")


@pytest.mark.parametrize(
    ("question", "status", "key"),
    [
        ("from=2020&to=2026", 400, "too_long"),
        ("from=2026-11-03&to=2026-11-03", 400, "swapped"),
        ("from=2025-01&to=2025-02", 404, "no_energy"),
        ("from=2026-10-01&to=2026-10-20", 404, "no_energy"),  # the contract is not blamed
    ],
)
def test_what_cannot_be_compared_is_refused(
    tables: Database, prices: PriceTable, question: str, status: int, key: str
) -> None:
    with pytest.raises(RequestError) as refused:
        ask(compare.ROUTE, tables, END, prices, question)
    assert (refused.value.status, refused.value.key) == (status, key)


@pytest.mark.parametrize("windows", ["22:00-06:00", "01:30-06:30, 12:30-15:30", "01:07-06:07, 12:31-15:31"])
def test_off_peak_hours_of_the_user_count_to_the_minute(tables: Database, prices: PriceTable, windows: str) -> None:
    clocks = [window.split("-") for window in windows.split(", ")]
    written = tuple(Window(time.fromisoformat(start), time.fromisoformat(end)) for start, end in clocks)
    line = ContractLine(METER, date(2026, 10, 1), "tempo", 9, OffPeak(winter=(), summer=written))
    config = MonitorConfig(household=Household(contracts=(line,)))
    answer = ask(compare.ROUTE, tables, END, prices, "from=2026-10-28&to=2026-10-30", config=config)
    (found,) = [offer["wh"] for offer in answer["offers"] if offer["id"] == "trv-hphc"]
    assert found == _by_minute(tables, windows.split(", "))


def _by_minute(tables: Database, windows: list[str]) -> Mapping[str, int]:
    """Sum the minutes of 28 and 29 October by the clock; each hour adds up to what its registers counted."""
    with contextlib.closing(tables.connect()) as connection:
        rows = connection.query(
            "SELECT minute, total_last - LAG(total_last) OVER (ORDER BY minute) FROM minutes"
            " WHERE minute >= '2026-10-27 22:59' AND minute < '2026-10-29 23:00' ORDER BY minute"
        )
    found = {"HCHC": 0, "HCHP": 0}
    for minute, wh in rows[1:]:
        clock = f"{minute + timedelta(hours=1):%H:%M}"  # winter time
        cheap = any(
            start <= clock < end if start < end else clock >= start or clock < end
            for start, end in (window.split("-") for window in windows)
        )
        found["HCHC" if cheap else "HCHP"] += int(wh)
    return found


def test_ones_own_offer_whose_periods_the_meter_does_not_count_has_a_bill(tables: Database, prices: PriceTable) -> None:
    rule = {
        "days": {"we": {"weekdays": ["sat", "sun"]}, "week": "always"},
        "hours": {"we": {"CHEAP": "rest"}, "week": {"CHEAP": ["22:30-06:30"], "DEAR": "rest"}},
    }
    row = {"from": date(2026, 1, 1), "kwh": {"CHEAP": 0.1, "DEAR": 0.3}, "subscription_year": {9: 365}}
    mine = read_document({"offers": [{"id": "mine", "rule": rule, "rows": [row]}]}, "test")
    own = PriceTable([mine, *prices.files])
    config = MonitorConfig(household=Household(contracts=(ContractLine(METER, date(2026, 10, 1), "mine", 9),)))
    # Wednesday and Thursday, 28 and 29 October, in winter time; then with the weekend.
    weekdays = _by_minute(tables, ["22:30-06:30"])
    costs = []
    for by in ("hour", "day"):
        answer = ask(energy.ROUTE, tables, END, own, f"by={by}&from=2026-10-28&to=2026-10-30", config=config)
        cost = answer["whole"]["cost"]
        assert cost["missing"] == []
        costs.append((cost["energy"], cost["subscription"], cost["by_register"]))
        assert cost["energy"] == pytest.approx(weekdays["HCHC"] + weekdays["HCHP"] * 3, abs=20)  # 1e-4 EUR
        assert cost["subscription"] == 20_000
    assert costs[0] == costs[1]  # hours add up to days
    whole = "from=2026-10-28&to=2026-11-04"
    bill = ask(energy.ROUTE, tables, END, own, whole, config=config)["whole"]["cost"]
    compared = ask(compare.ROUTE, tables, END, own, f"{whole}&prices=then", config=config)["offers"]
    assert [offer["total"] for offer in compared if offer["yours"]] == [bill["total"]]
    # A selection on the page, to the minute: from 10:10 to 21:40 all is dear.
    part = "from=2026-10-28T09:10:00Z&to=2026-10-28T20:40:00Z"
    answer = ask(interval.ROUTE, tables, END, own, part, config=config)
    assert answer["partial_cost"] is False
    assert answer["cost"] == answer["wh"] * 3


def test_prices_that_are_out_of_date_are_told_by_each_answer_that_has_a_cost(
    tables: Database, prices: PriceTable
) -> None:
    registers = ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR")
    old = [{"from": date(2026, 2, 1), "kwh": dict.fromkeys(registers, 0.2), "subscription_year": {9: 200}}]
    own = PriceTable([read_document({"offers": [{"id": "tempo", "rows": old}]}, "mine"), *prices.files])
    expected = [{"offer": "trv-tempo", "name": NAME, "since": "2026-02-01", "regulated": True}]
    questions = (
        (compare.ROUTE, RANGE),
        (energy.ROUTE, RANGE),
        (interval.ROUTE, "from=2026-11-02T10:00:00Z&to=2026-11-02T12:00:00Z"),
    )
    for route, question in questions:
        answer = ask(route, tables, END, own, question)
        check(answer, route.schema)
        assert answer["prices"]["old"] == expected
        assert ask(route, tables, END, prices, question)["prices"]["old"] == []
    # A year later, what was computed with the prices of its time is still right.
    later = END.replace(year=2027)
    assert ask(energy.ROUTE, tables, later, prices, RANGE)["prices"]["old"] == []


# -- other homes -------------------------------------------------------------------------------------------------------


def test_a_winner_is_named_only_where_the_range_was_measured(
    fresh_database: Server, prices: PriceTable, tmp_path: Path
) -> None:
    begin, day = datetime(2026, 3, 9, 23, tzinfo=UTC), timedelta(days=1)  # 10 March 2026, 00:00 in Paris
    end = begin + 20 * day - timedelta(hours=1)  # 30 March; the clock goes forward on the 29th
    house = House(5, begin, Mode.HISTORIC)
    house.calendar = "HC.."
    house.live(begin + day, every=600, outages=0)
    house.now += 17 * day  # nothing comes; off-peak energy is counted meanwhile
    house.supplier[0] += 150_000
    house.total += 150_000
    house.live(end, every=35, outages=0)
    tables = make_tables(fresh_database)
    store(tables, house.frames)
    roll_up(tables, end + day)

    answer = ask(compare.ROUTE, tables, end, prices, "from=2026-03-10&to=2026-03-30")
    check(answer, compare.ROUTE.schema)
    assert (answer["why"], answer["hours"]) == ("hours", 479)
    assert answer["recovered_wh"] >= 150_000
    assert {offer["rank"] for offer in answer["offers"]} == {None}
    assert "heures de mesure sur 479" in answer["refused"]
    assert answer["verdict"] is None
    measured = ask(compare.ROUTE, tables, end, prices, "from=2026-03-28&to=2026-03-30")
    assert measured["why"] is None
    assert {"trv-base", "trv-hphc", "trv-tempo"} <= {offer["id"] for offer in measured["offers"] if offer["rank"]}
    assert measured["verdict"] is not None

    monitor = Monitor(fresh_database, tmp_path)
    monitor.configure("")
    text = " ".join(monitor.run("compare", "--from", "2026-03-10", "--to", "2026-03-30").split())
    assert "heures de mesure sur 479" in text
    assert "moins" not in text
    assert "Rang" not in text


def test_who_has_no_tempo_may_ask_what_it_would_have_cost(fresh_database: Server, prices: PriceTable) -> None:
    begin, end = datetime(2026, 8, 27, 22, tzinfo=UTC), datetime(2026, 9, 3, 12, tzinfo=UTC)
    tables = make_past(fresh_database, begin, end, "standard-single-phase-base")

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
def test_the_registers_of_imported_hours_tell_which_were_off_peak(
    fresh_database: Server, prices: PriceTable, contract: str
) -> None:
    # From 22:30 to 06:30 the first register counts, else the second one; two hours a day have both.
    tables = make_tables(fresh_database)
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
    config, now = (
        MonitorConfig(household=Household(contracts=(ContractLine(meter, date(2026, 1, 1), contract, 6),))),
        midnight + timedelta(days=9),
    )
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
        curve = ask(PROFILE, tables, now, prices, f"{question}&by={by}", config=config)
        assert curve["rows"][0] == [100] * 6 + [70] + [700] * 15 + [70, 100]
