"""A cost is the same figure in each form: table, JSON, CSV, API."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from monitor.base.formats import Formats, ten_thousandths
from monitor.money.amounts import CostAnswer
from monitor.money.bill import Cost, Missing
from monitor.money.costs import Answer, Period
from monitor.money.price_status import PricedAs
from monitor.places.review.csv import json_rows, write_csv
from monitor.places.review.report import Tables
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy

ENGLISH = Formats("en", ZoneInfo("Europe/Paris"))
START, END = datetime(2025, 9, 30, 22, tzinfo=UTC), datetime(2025, 10, 31, 23, tzinfo=UTC)  # October, 745 hours
NO_CONTRACT = Missing(date(2025, 10, 1), None, "contract")
NO_PRICE = Missing(date(2025, 10, 1), "mine", "BASE")


def october(cost: Cost) -> Answer:
    month = Period(Energy(START, END, {"BASE": 210_000}, None, 0, 0, 745 * 3600, 745 * 3600), cost)
    return Answer(Meter(1, "031961000001", None, None), [month], month, {}, [], [])


def forms(cost: Cost) -> tuple[str | None, str, int | None]:
    """The total as JSON, CSV and the API have it."""
    (row,) = json.loads(json_rows(october(cost)))
    assert ("partial_cost" in row["flags"]) == cost.partial
    sheet = io.StringIO()
    write_csv(october(cost), ENGLISH, sheet, french=False)
    (cells,) = csv.DictReader(io.StringIO(sheet.getvalue()))
    assert cells["partial_cost"] == ("yes" if cost.partial else "")
    found = CostAnswer.of(cost)
    total = None if row["cost"] is None else row["cost"]["total"]
    return total, cells["cost_eur"], None if found is None else ten_thousandths(found.total)


def table(cost: Cost) -> str:
    text = io.StringIO()
    Tables(text, ENGLISH).energy(october(cost), "month", None, None, None, None, datetime(2026, 1, 1, tzinfo=UTC))
    return next(line for line in text.getvalue().splitlines() if line.startswith(" Oct 2025"))


@pytest.mark.parametrize("missing", [NO_CONTRACT, NO_PRICE])
def test_a_cost_of_which_a_part_is_known_is_shown_and_marked_in_each_form(missing: Missing) -> None:
    cost = Cost(energy=Decimal("38.21"), subscription=Decimal("3.51"), missing=[missing])
    assert forms(cost) == ("41.72", "41.72", 417_200)
    assert "€41.72*" in table(cost)


def test_rows_for_programs_say_that_the_prices_are_only_assumed() -> None:
    answer = october(Cost(energy=Decimal("38.21")))
    for assumed in (True, False):
        (row,) = json.loads(json_rows(replace(answer, priced_as=PricedAs("Tarif Bleu", assumed))))
        assert ("assumed_prices" in row["flags"]) is assumed
    (row,) = json.loads(json_rows(replace(october(Cost(missing=[NO_PRICE])), priced_as=PricedAs("mine", assumed=True))))
    assert "assumed_prices" not in row["flags"]


@pytest.mark.parametrize("missing", [NO_CONTRACT, NO_PRICE])
def test_a_cost_of_which_nothing_is_known_is_no_zero_in_any_form(missing: Missing) -> None:
    assert forms(Cost(missing=[missing])) == (None, "", None)
    assert "€" not in table(Cost(missing=[missing]))
