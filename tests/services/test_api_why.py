"""`why` of the API, on a simulated past of six weeks, and with a step that is written into its minutes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from common.database.mariadb import Database
from monitor.base.request_errors import RequestError
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.review import energy, why
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.servers import Database as Server
from tests.support.storing import query

END = datetime(2026, 11, 4, 12, tzinfo=UTC)
NAMES = ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR")
PRICES = PriceTable(
    [
        read_document(
            {
                "offers": [
                    {
                        "id": "tempo",
                        "rows": [
                            {
                                "from": date(2026, 2, 1),
                                "subscription_year": {9: 365},
                                "kwh": dict(zip(NAMES, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), strict=True)),
                            }
                        ],
                    }
                ]
            },
            "test",
        )
    ]
)


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    return make_past(database, END - timedelta(days=44), END)


def asked(tables: Database, question: str, prices: PriceTable = PRICES) -> Any:
    answer = ask(why.ROUTE, tables, END, prices, question)
    check(answer, why.ROUTE.schema)
    return answer


def total(tables: Database, start: str, end: str) -> tuple[int, int]:
    """Return Wh and the cost of the energy, as `energy` has it."""
    whole = ask(energy.ROUTE, tables, END, PRICES, f"by=hour&from={start}&to={end}")["whole"]
    return whole["total_wh"], whole["cost"]["energy"]


def test_a_day_is_set_against_the_same_weekday_of_four_weeks_and_its_parts_add_up(tables: Database) -> None:
    answer = asked(tables, "from=2026-11-03&to=2026-11-04")
    days = ["2026-10-27", "2026-10-20", "2026-10-13", "2026-10-06"]
    starts = ["2026-10-26T23:00:00Z", "2026-10-19T22:00:00Z", "2026-10-12T22:00:00Z", "2026-10-05T22:00:00Z"]
    assert [one["from"] for one in answer["compared"]] == starts
    before = [total(tables, day, f"{day[:8]}{int(day[8:]) + 1:02}") for day in days]
    now = total(tables, "2026-11-03", "2026-11-04")
    assert answer["now"] == {"wh": now[0], "cost": now[1]}
    assert answer["before"]["wh"] == pytest.approx(sum(wh for wh, _ in before) / 4, abs=6)  # six registers, rounded
    assert answer["before"]["cost"] == pytest.approx(sum(cost for _, cost in before) / 4, abs=1)
    for what in ("wh", "cost"):
        parts = sum(part[what] for part in [*answer["parts"], answer["rest"]])
        assert parts == answer["now"][what] - answer["before"][what]
    assert 1 <= len(answer["parts"]) <= 3


def test_a_day_that_goes_on_is_set_against_the_same_hours(tables: Database) -> None:
    answer = asked(tables, "from=2026-11-04&to=2026-11-05")
    assert answer["to"] == "2026-11-04T11:00:00Z"  # hours are some minutes behind
    assert answer["compared"][1] == {"from": "2026-10-20T22:00:00Z", "to": "2026-10-21T10:00:00Z"}  # noon, in summer


def test_an_hour_is_not_set_against_one_that_a_clock_change_doubled(tables: Database) -> None:
    """02:00 to 03:00: on 25 October that was two hours."""
    answer = asked(tables, "from=2026-11-01T01:00:00Z&to=2026-11-01T02:00:00Z")
    assert [one["from"][5:13] for one in answer["compared"]] == ["10-18T00", "10-11T00", "10-04T00"]


def test_a_longer_time_is_set_against_the_weekdays_just_before_where_no_year_is_known(tables: Database) -> None:
    answer = asked(tables, "from=2026-10-15&to=2026-11-01")  # 17 days: 21 before
    assert answer["compared"] == [{"from": "2026-09-23T22:00:00Z", "to": "2026-10-10T22:00:00Z"}]


@pytest.mark.parametrize(
    ("question", "why_not"),
    [
        ("from=2026-09-22&to=2026-09-23", "before"),
        ("from=2026-09-25&to=2026-10-25", "before"),
        ("from=2026-11-02T02:00:00Z&to=2026-11-02T02:30:00Z", "same"),
    ],
)
def test_what_cannot_be_explained_says_why(tables: Database, question: str, why_not: str) -> None:
    answer = asked(tables, question)
    assert (answer["why_not"], answer["parts"], answer["rest"]) == (why_not, [], None)


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ("", "no_range"),
        ("from=2026-12-01&to=2026-12-02", "no_data"),
        ("from=2020-12-01&to=2020-12-02", "no_data"),
        ("from=2024-12-01&to=2026-12-02", "too_long"),
    ],
)
def test_an_impossible_question_is_refused(tables: Database, question: str, refusal: str) -> None:
    with pytest.raises(RequestError) as refused:
        asked(tables, question)
    assert refused.value.key == refusal


@pytest.fixture
def step(tables: Database) -> Iterator[None]:
    """From 15:02 to 17:02 in Paris, 31 Wh a minute more: 1860 W, 3720 Wh."""
    more = "LEAST(GREATEST(TIMESTAMPDIFF(MINUTE, '2026-11-03 14:02', minute) + {}, 0), 120) * 31"
    change = "UPDATE minutes SET total_first = total_first {0} {1}, total_last = total_last {0} {2}"
    for sign in "+-":
        query(tables, change.format(sign, more.format(0), more.format(1)))
        if sign == "+":
            yield


def test_a_step_is_found_in_the_minutes(tables: Database, step: None) -> None:
    answer = asked(tables, "from=2026-11-03T13:30:00Z&to=2026-11-03T17:45:00Z")
    (found,) = [part for part in answer["parts"] if part["kind"] == "step"]
    assert (found["from"], found["to"]) == ("2026-11-03T14:02:00Z", "2026-11-03T16:02:00Z")
    assert found["watts"] == pytest.approx(1860, abs=250)  # something else ran as well
    assert found["wh"] == pytest.approx(3720, rel=0.15)
    parts = sum(part["wh"] for part in [*answer["parts"], answer["rest"]])
    assert parts == answer["now"]["wh"] - answer["before"]["wh"]


def test_a_step_before_the_stretch_that_goes_on_in_it_is_told_with_its_begin(tables: Database, step: None) -> None:
    answer = asked(tables, "from=2026-11-03T14:30:00Z&to=2026-11-03T15:30:00Z")
    (found,) = [part for part in answer["parts"] if part["kind"] == "step"]
    assert (found["from"], found["to"]) == ("2026-11-03T14:02:00Z", "2026-11-03T15:30:00Z")


def test_an_hour_is_not_set_against_one_that_a_clock_change_took(database: Server) -> None:
    """02:00 to 03:00: on 29 March there was none."""
    tables = make_past(database, datetime(2026, 3, 21, tzinfo=UTC), datetime(2026, 4, 6, tzinfo=UTC))
    answer = asked(tables, "from=2026-04-05T00:00:00Z&to=2026-04-05T01:00:00Z")
    assert (answer["compared"], answer["why_not"]) == ([], "before")


def test_a_day_with_what_was_recovered_of_the_days_before_it_is_not_explained(database: Server) -> None:
    """Nothing came for two days, until 01:00: what is counted on the day of the return was mostly not drawn then."""
    tables = make_past(database, END - timedelta(days=20), END)
    database.sql("DELETE FROM teleinfodb.hours WHERE hour >= '2026-10-31 23:00' AND hour < '2026-11-03 00:00'")
    answer = asked(tables, "from=2026-11-03&to=2026-11-04")
    assert (answer["why_not"], answer["parts"]) == ("coverage", [])
