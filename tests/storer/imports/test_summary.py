from collections import Counter
from datetime import timedelta

from common.contract.registers import INJECTED, TOTAL
from storer.imports.kinds import Content
from storer.imports.model import HOUR, Parsed, Period
from storer.imports.plan import Stored, make_plan
from storer.imports.summary import summary
from tests.support.imports import PARIS, utc

START = utc("2025-10-25 22:00")


def lines(periods: list[Period], *there: Period, left_out: dict[str, int] | None = None) -> list[str]:
    stored = Stored()
    for period in there:
        stored.add(period, 7)
    content = Content("curve.csv", Parsed(periods, Counter(left_out or {})), b"")
    return [line.strip() for line in summary(content, make_plan(periods, stored, set(), -1), PARIS)]


def test_it_says_how_much_there_is_of_when_and_what_is_new() -> None:
    periods = [Period(START + number * HOUR, 1, register, 500) for number in (1, 2) for register in (1, 2)]
    assert lines([*periods, Period(START + timedelta(hours=27), 25, 1, 7000)]) == [
        "curve.csv: 2 hours, 1 day from 2025-10-26 00:00 to 2025-10-27 02:00 (Europe/Paris)",
        "new: 2 hours, 1 day (supplier_1 8.000 kWh, supplier_2 1.000 kWh)",
    ]


def test_it_says_what_stays_as_it_is_and_how_to_replace_it() -> None:
    first, second, third = (Period(START + number * HOUR, 1, TOTAL, 500) for number in (1, 2, 3))
    text = lines([first, second, third], first, Period(second.end, 1, TOTAL, 1), Period(third.end, 1, 4, 2))
    assert text[1:] == [
        "new: none",
        "already imported: 1",
        "kept as they are, with another value in import 7 (to replace them, --forget 7 first): 1",
        "kept as they are, overlap import 7 (to replace them, --forget 7 first): 1",
    ]


def test_it_names_the_longest_hole_of_what_was_drawn() -> None:
    drawn = [Period(START + number * HOUR, 1, TOTAL, 5) for number in (1, 3, 8)]
    injected = [Period(START + number * HOUR, 1, INJECTED, 5) for number in range(1, 9)]
    assert lines(drawn + injected)[-1] == "holes: 2, 5 hours together; the longest from 2025-10-26 02:00, 4 hours"


def test_a_file_without_energy_says_why() -> None:
    assert lines([], left_out={"empty values": 3}) == ["curve.csv: no energy", "empty values: 3"]
