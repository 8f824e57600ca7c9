"""`energy` and `energy.csv` of the API, on a database of a month."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.request_errors import RequestError
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.day import interval
from monitor.places.review import csv as energy_csv
from monitor.places.review import energy, forecast, notes
from monitor.web.route import Body, Route
from reader.simulator.meter import SimulatedMeter
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.servers import Database as Server
from tests.support.storing import query

BEGIN = datetime(
    2026, 10, 20, 22, tzinfo=UTC
)  # Wednesday 21 October 2026, 00:00 in Paris; the clock changes on the 25th
END = datetime(2026, 11, 4, 12, tzinfo=UTC)
METER = SimulatedMeter("standard-single-phase-tempo").address
PRICES = PriceTable(
    [
        read_document(
            {
                "checked": date(2026, 11, 2),
                "offers": [{
                    "id": "tempo", "rows": [
                        {
                            "from": date(2026, 2, 1),
                            "subscription_year": {9: 236.52, 12: 365, 6: 182.5},
                            "kwh": {
                                "BBRHCJB": 0.1, "BBRHPJB": 0.2, "BBRHCJW": 0.3,
                                "BBRHPJW": 0.4, "BBRHCJR": 0.5, "BBRHPJR": 0.6,
                            },
                        }
                    ]
                }],
                "taxes": {
                    "accise": [{"from": date(2026, 1, 1), "value": 30}],
                    "vat": [{"from": date(2026, 1, 1), "kwh": 0.2, "subscription": 0.2}],
                },
            },
            "test",
        )
    ]
)  # fmt: skip
NONE = PriceTable([])


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    return make_past(database, BEGIN, END)


def test_days_are_the_differences_of_readings_priced_by_register(tables: Database) -> None:
    answer = ask(energy.ROUTE, tables, END, PRICES, "by=day&from=2026-10-21&to=2026-11-04")
    check(answer, energy.ROUTE.schema)
    assert answer["start"][0] == "2026-10-21"
    assert answer["hours"] == [24] * 4 + [25] + [24] * 9
    assert answer["coverage"] == [1] * 14
    old = [{"offer": "tempo", "name": "tempo", "since": "2026-02-01", "regulated": False}]
    assert answer["prices"] == {
        "version": "2026-02-01",
        "checked": "2026-11-02",
        "error": None,
        "of": {"name": "tempo", "assumed": True},
        "old": old,
    }
    assert answer["offer"] == "tempo"
    assert set(answer["wh"]) == {f"BBRH{hours}J{colour}" for hours in ("C", "P") for colour in "BWR"}
    ((total,),) = query(
        tables, f"SELECT SUM(drawn_wh) FROM hours WHERE hour >= '{BEGIN:%F %T}' AND hour < '2026-11-03 23:00:00'"
    )
    assert sum(map(sum, answer["wh"].values())) == answer["whole"]["total_wh"] == total
    price = {"BBRHCJB": 1000, "BBRHPJB": 2000, "BBRHCJW": 3000, "BBRHPJW": 4000, "BBRHCJR": 5000, "BBRHPJR": 6000}
    for name, column in answer["wh"].items():
        for wh, cost in zip(column, answer["cost"][name], strict=True):
            assert cost == int(Decimal(wh) * price[name] / 1000 + Decimal("0.5"))
    power = {6: 5000, 9: 6480, 12: 10000}  # 1e-4 EUR a day
    assert answer["subscription"][0] in power.values()
    assert answer["subscription"] == [answer["subscription"][0]] * 14


def test_the_whole_of_a_range_is_a_bill_whose_parts_add_up(tables: Database) -> None:
    whole = ask(energy.ROUTE, tables, END, PRICES, "by=month&from=2026-10&to=2026-12")["whole"]
    cost = whole["cost"]
    assert (
        cost["total"]
        == cost["energy"] + cost["subscription"]
        == sum(cost["by_register"].values()) + cost["subscription"]
    )
    assert abs(sum(part or 0 for part in cost["parts"].values()) - cost["total"]) <= 2
    assert abs(cost["parts"]["accise"] - whole["total_wh"] * 0.3) <= 1  # 30 EUR a MWh
    assert abs(cost["parts"]["vat"] - cost["total"] / 6) <= 1
    assert cost["missing"] == []


def test_hours_have_instants_and_the_present_one_only_what_is_over(tables: Database) -> None:
    now = END - timedelta(minutes=45)
    answer = ask(energy.ROUTE, tables, now, PRICES, "by=hour&from=2026-11-04&to=2026-11-05")
    check(answer, energy.ROUTE.schema)
    assert answer["start"][0] == "2026-11-03T23:00:00Z"
    assert answer["start"][-1] == "2026-11-04T11:00:00Z"
    assert answer["hours"] == [1] * 12 + [0.25]


def test_a_silent_meter_keeps_its_contract_in_any_range(tables: Database) -> None:
    now = END + timedelta(days=4)
    several = ask(energy.ROUTE, tables, now, PRICES, "by=day&from=2026-11-03&to=2026-11-07")
    one = ask(energy.ROUTE, tables, now, PRICES, "by=day&from=2026-11-06&to=2026-11-07")
    check(one, energy.ROUTE.schema)
    assert (one["offer"], one["subscription"]) == ("tempo", several["subscription"][-1:])
    assert one["subscription"][0] == several["subscription"][0]


def test_time_before_the_first_reading_and_to_come_is_left_out(tables: Database) -> None:
    answer = ask(energy.ROUTE, tables, END, PRICES, "by=month&from=2025&to=2028")
    assert answer["start"] == ["2026-10-01", "2026-11-01"]
    assert answer["hours"] == [11 * 24 + 1, 85]  # the first reading is of 21 October, 0:00
    for times in ("from=2025&to=2026", "from=2027&to=2028"):
        answer = ask(energy.ROUTE, tables, END, PRICES, f"by=day&{times}")
        check(answer, energy.ROUTE.schema)
        assert answer["start"] == []
        assert answer["whole"] is None


def test_without_a_price_the_cost_is_unknown_and_not_zero(tables: Database) -> None:
    answer = ask(energy.ROUTE, tables, END, NONE, "from=2026-10-21&to=2026-10-23")
    check(answer, energy.ROUTE.schema)
    assert answer["cost"] is answer["subscription"] is answer["whole"]["cost"] is None
    assert answer["partial_cost"] == [True, True]
    assert answer["prices"] == {"version": None, "checked": None, "error": None, "of": None, "old": []}


def test_a_price_for_a_part_of_a_range_makes_it_partial(tables: Database) -> None:
    row = {"from": date(2026, 11, 1), "kwh": {"BASE": 0.25}, "subscription_year": {9: 1, 12: 1, 6: 1}}
    prices = PriceTable([read_document({"offers": [{"id": "tempo", "rows": [row]}]}, "test")])
    answer = ask(energy.ROUTE, tables, END, prices, "from=2026-10-31&to=2026-11-02")
    check(answer, energy.ROUTE.schema)
    assert answer["partial_cost"] == [True, False]
    assert all(cost is None for name, (cost, _) in answer["cost"].items() if answer["wh"][name][0])
    assert {one["day"] for one in answer["whole"]["cost"]["missing"]} == {"2026-10-31"}
    assert answer["whole"]["cost"]["parts"] is None


def test_a_stretch_says_whether_something_of_it_has_no_price(tables: Database) -> None:
    row = {"from": date(2026, 11, 1), "kwh": {"BASE": 0.25, "BBRHCJB": 0.1}, "subscription_year": {9: 1, 12: 1, 6: 1}}
    prices = PriceTable([read_document({"offers": [{"id": "tempo", "rows": [row]}]}, "test")])
    answer = ask(interval.ROUTE, tables, END, prices, "from=2026-10-31T00:00:00Z&to=2026-11-02T00:00:00Z")
    check(answer, interval.ROUTE.schema)
    assert answer["partial_cost"] is True
    answer = ask(interval.ROUTE, tables, END, PRICES, "from=2026-10-31T00:00:00Z&to=2026-11-02T00:00:00Z")
    assert answer["partial_cost"] is False


@pytest.mark.parametrize(
    ("route", "times"),
    [(energy.ROUTE, "from=2026-10-31"), (interval.ROUTE, "from=2026-10-31T00:00:00Z&to=2026-11-02T00:00:00Z")],
)
def test_prices_are_assumed_until_a_line_or_prices_of_ones_own_say_whose_they_are(
    tables: Database, route: Route, times: str
) -> None:
    named = MonitorConfig(
        household=Household(contracts=(ContractLine(meter=METER, start=date(2024, 10, 28), offer="tempo", power=9),))
    )
    own = PriceTable([replace(PRICES.files[0], own=True)])
    for prices, config, assumed in (
        (PRICES, MonitorConfig(), True),
        (PRICES, named, False),
        (own, MonitorConfig(), False),
    ):
        answer = ask(route, tables, END, prices, times, config=config)
        check(answer, route.schema)
        assert answer["prices"]["of"] == {"name": "tempo", "assumed": assumed}


@pytest.mark.parametrize("route", [forecast.ROUTE, notes.ROUTE])
def test_answers_of_now_say_that_their_prices_are_assumed(tables: Database, route: Route) -> None:
    line = ContractLine(meter=METER, start=date(2024, 10, 28), offer="tempo", power=9)
    named = MonitorConfig(household=Household(contracts=(line,)))
    for config, assumed in ((MonitorConfig(), True), (named, False)):
        answer = ask(route, tables, END, PRICES, f"meter={METER}", config=config)
        check(answer, route.schema)
        assert answer["assumed"] is assumed


def test_a_contract_year_begins_where_the_contract_did(tables: Database) -> None:
    line = ContractLine(meter=METER, start=date(2024, 10, 28), offer="tempo", power=9)
    config = MonitorConfig(household=Household(contracts=(line,)))
    answer = ask(energy.ROUTE, tables, END, PRICES, "by=contract-year&from=2025-10-28&to=2027", config=config)
    assert answer["start"] == ["2025-10-28", "2026-10-28"]
    assert answer["by"] == "contract-year"
    with pytest.raises(RequestError):
        ask(energy.ROUTE, tables, END, PRICES, "by=contract-year")


def test_a_new_power_does_not_begin_another_contract_year_and_years_before_the_contract_are_none(
    tables: Database,
) -> None:
    lines = [(date(2026, 10, 26), "tempo", 6), (date(2026, 10, 31), "tempo", 9), (date(2027, 3, 1), "base", 9)]
    config = MonitorConfig(household=Household(contracts=tuple(ContractLine(METER, *line) for line in lines)))
    for since in ("2024", "2026-10-21"):
        answer = ask(energy.ROUTE, tables, END, PRICES, f"by=contract-year&from={since}&to=2027", config=config)
        assert answer["start"] == ["2026-10-26"]


@pytest.mark.parametrize("question", ["from=2026-11-02T10:30:00Z", "meter=x"])
def test_a_wrong_question_is_refused(tables: Database, question: str) -> None:
    with pytest.raises(RequestError):
        ask(energy.ROUTE, tables, END, PRICES, question)


def test_an_unasked_range_is_the_last_days(tables: Database) -> None:
    assert ask(energy.ROUTE, tables, END, PRICES)["start"][-1] == "2026-11-04"


def test_the_file_is_the_table_of_the_report(tables: Database) -> None:
    times = "from=2026-10-21&to=2026-10-24"
    answer = ask(energy.ROUTE, tables, END, PRICES, times)
    file = ask(energy_csv.ROUTE, tables, END, PRICES, f"locale=c&{times}")
    assert isinstance(file, Body)
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert [int(row["BBRHPJB_wh"]) for row in rows] == answer["wh"]["BBRHPJB"]
    french = ask(energy_csv.ROUTE, tables, END, PRICES, times).content.decode()
    assert french.startswith("\ufeffDébut;Fin;")
    assert "21/10/2026 00:00" in french
    empty = ask(energy_csv.ROUTE, tables, END, PRICES, "from=2020&to=2021").content.decode()
    assert len(empty.splitlines()) == 1


def test_an_imported_month_in_which_the_vat_changes_has_both_rates_by_days(tables: Database) -> None:
    other = "031961000097"
    query(
        tables,
        f"INSERT INTO meters (id, identifier) VALUES (97, '{other}')",
        "REPLACE INTO imported_hours (meter_id, hour, register, source, wh, hours)"
        " VALUES (97, '2025-12-31 22:00', 0, 'edf', 310000, 744)",
        "SELECT 1",
    )
    prices = {
        "offers": [
            {
                "id": "base",
                "rows": [{"from": date(2025, 1, 1), "kwh": {"BASE": 0.24}, "subscription_year": {6: 87.60}}],
            }
        ],
        "taxes": {
            "accise": [{"from": date(2025, 1, 1), "value": 30}],
            "vat": [
                {"from": date(2025, 1, 1), "kwh": 0.2, "subscription": 0.2},
                {"from": date(2025, 12, 11), "kwh": 0.25, "subscription": 0.25},
            ],
        },
    }
    config = MonitorConfig(household=Household(contracts=(ContractLine(other, date(2025, 11, 15), "base", 6),)))
    table = PriceTable([read_document(prices, "test")])
    question = f"meter={other}&by=month&from=2025-12&to=2026-01"
    cost = ask(energy.ROUTE, tables, END, table, question, config=config)["whole"]["cost"]
    # Ten days of 10 kWh, 2.40 EUR, and 0.24 EUR with 20 % in them; 21 days with 25 %. 310 kWh at 0.03 EUR.
    assert cost["total"] == 744_000 + 74_400
    assert cost["parts"] == {
        "energy": 200_000 + 403_200 - 93_000,
        "accise": 93_000,
        "subscription": 20_000 + 40_320,
        "cta": None,
        "vat": 40_000 + 100_800 + 4_000 + 10_080,
    }


@pytest.mark.parametrize("name", ["hchp", "trv-hphc"])
def test_imported_registers_have_the_prices_of_a_regulated_offer_by_either_of_its_names(
    tables: Database, name: str
) -> None:
    other = "031961000096"
    query(
        tables,
        f"INSERT IGNORE INTO meters (id, identifier) VALUES (96, '{other}')",
        "REPLACE INTO imported_hours (meter_id, hour, register, source, wh)"
        " VALUES (96, '2025-12-10 01:00', 1, 'edf', 1000), (96, '2025-12-10 12:00', 2, 'edf', 2000)",
        "SELECT 1",
    )
    rows = [{"from": date(2025, 1, 1), "kwh": {"HCHC": 0.1, "HCHP": 0.2}, "subscription_year": {6: 365}}]
    table = PriceTable([read_document({"offers": [{"id": "trv-hphc", "meter": "hchp", "rows": rows}]}, "test")])
    config = MonitorConfig(household=Household(contracts=(ContractLine(other, date(2025, 11, 15), name, 6),)))
    answer = ask(energy.ROUTE, tables, END, table, f"meter={other}&from=2025-12-10&to=2025-12-11", config=config)
    cost = answer["whole"]["cost"]
    assert (cost["by_register"], cost["missing"]) == ({"HCHC": 1000, "HCHP": 4000}, [])
