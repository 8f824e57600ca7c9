from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.base.calendar import midnight
from monitor.base.household import ContractLine
from monitor.base.windows import OffPeak
from monitor.money.contracts import contract_start, contracts, unnamed_changes, written_off_peak
from monitor.readings.periods import ContractSpan

PARIS = ZoneInfo("Europe/Paris")
END = datetime(2026, 11, 25, 12, tzinfo=UTC)


def line(start: str, offer: str, power: int = 9) -> ContractLine:
    return ContractLine("031961123456", date.fromisoformat(start), offer, power)


def span(start: datetime, end: datetime, offer: str | None, power: int | None = 9) -> ContractSpan:
    return ContractSpan(start, end, offer, calendar=(offer or "ZEN").upper(), power=power)


def at(day: str) -> datetime:
    return midnight(date.fromisoformat(day), PARIS)


def test_without_lines_the_meter_says_what_the_contract_is() -> None:
    spans = [span(at("2025-01-01"), at("2025-06-01"), "base", 6), span(at("2025-06-01"), END, "tempo")]
    found = contracts([], spans, PARIS, END)
    assert [(one.offer, one.power) for one in found] == [("base", 6), ("tempo", 9)]
    assert unnamed_changes([], spans, PARIS) == []


def test_a_line_holds_from_its_day_and_the_meter_before_it() -> None:
    spans = [span(at("2025-01-01"), END, "base", 6)]
    found = contracts([line("2025-03-01", "zen"), line("2026-01-01", "tempo", 12)], spans, PARIS, END)
    assert [(one.start, one.end, one.offer) for one in found] == [
        (at("2025-01-01"), at("2025-03-01"), "base"),
        (at("2025-03-01"), at("2026-01-01"), "zen"),
        (at("2026-01-01"), END, "tempo"),
    ]


def test_a_line_begins_with_the_registers_of_the_meter_where_these_change_on_its_day() -> None:
    change = at("2026-01-01").replace(hour=9) + timedelta(days=1)  # 10:00 of that day in Paris
    spans = [span(at("2025-06-01"), change, "base", 6), span(change, END, "tempo", 6)]
    found = contracts([line("2025-03-01", "base", 6), line("2026-01-01", "tempo", 6)], spans, PARIS, END)
    assert [(one.start, one.offer) for one in found] == [(at("2025-03-01"), "base"), (change, "tempo")]
    found = contracts([line("2026-01-01", "tempo", 6)], spans, PARIS, END)
    assert [(one.start, one.offer) for one in found] == [(at("2025-06-01"), "base"), (change, "tempo")]
    # Another power changes no register: its subscription is that of the whole day.
    spans = [span(at("2025-06-01"), change, "base", 6), span(change, END, "base", 9)]
    assert contracts([line("2026-01-01", "base", 9)], spans, PARIS, END)[1].start == at("2026-01-01")


def test_a_line_of_the_future_changes_nothing_yet() -> None:
    spans = [span(at("2025-01-01"), END, "base", 6)]
    assert [one.offer for one in contracts([line("2027-01-01", "tempo")], spans, PARIS, END)] == ["base"]


def test_a_change_of_the_meter_without_a_line_near_it_is_named() -> None:
    spans = [span(at("2025-01-01"), at("2025-06-01"), "base", 6), span(at("2025-06-01"), END, "tempo")]
    assert [change.at for change in unnamed_changes([line("2024-12-01", "base", 6)], spans, PARIS)] == [
        at("2025-06-01")
    ]
    assert unnamed_changes([line("2024-12-01", "base"), line("2025-06-03", "tempo")], spans, PARIS) == []


def test_a_change_before_the_first_line_needs_no_line() -> None:
    spans = [span(at("2025-01-01"), at("2025-06-01"), "base", 6), span(at("2025-06-01"), END, "tempo")]
    assert unnamed_changes([line("2025-09-01", "tempo")], spans, PARIS) == []


def test_the_present_contract_began_where_its_offer_did() -> None:
    lines = [line("2024-03-01", "base"), line("2025-02-01", "zen", 6), line("2025-06-01", "zen", 9)]
    future = line("2027-01-01", "tempo")
    today = date(2026, 11, 28)
    assert contract_start([*lines, future], today) == date(2025, 2, 1)
    assert contract_start(list(reversed(lines)), date(2025, 1, 31)) == date(2024, 3, 1)
    assert contract_start(lines, date(2025, 2, 1)) == date(2025, 2, 1)
    assert contract_start(lines, date(2024, 2, 29)) is None
    assert contract_start([], today) is None


def test_a_line_is_about_a_change_within_seven_days_of_it() -> None:
    spans = [span(at("2025-01-01"), at("2025-06-08"), "base", 6), span(at("2025-06-08"), END, "tempo")]
    for day, named in (("2025-05-31", True), ("2025-06-01", False), ("2025-06-15", False), ("2025-06-16", True)):
        lines = [line("2024-12-01", "base", 6), line(day, "tempo")]
        assert bool(unnamed_changes(lines, spans, PARIS)) == named, day


def test_a_change_is_told_with_what_the_meter_showed_before_and_after_it() -> None:
    spans = [span(at("2025-01-01"), at("2025-06-01"), "base", None), span(at("2025-06-01"), END, "tempo")]
    spans[0] = replace(spans[0], calendar=None)
    (change,) = unnamed_changes([line("2024-12-01", "base", 6), line("2026-01-01", "zen")], spans, PARIS)
    assert (change.before, change.after) == ("?", "TEMPO 9 kVA")


def test_a_line_that_begins_where_the_range_ends_is_none_of_it() -> None:
    end = at("2026-01-01")
    found = contracts([line("2025-03-01", "base"), line("2026-01-01", "zen")], [], PARIS, end)
    assert [(one.start, one.end, one.offer) for one in found] == [(at("2025-03-01"), end, "base")]


def test_of_two_lines_of_the_future_none_counts_yet() -> None:
    spans = [span(at("2025-01-01"), END, "base", 6)]
    lines = [line("2027-01-01", "tempo"), line("2028-01-01", "zen")]
    assert [(one.offer, one.end) for one in contracts(lines, spans, PARIS, END)] == [("base", END)]


WINTER, SUMMER = (Window(time(22, 30), time(6)),), (Window(time(2), time(7)), Window(time(14), time(17)))


@pytest.mark.parametrize(
    ("day", "windows"),
    [
        ("2026-03-31", WINTER),
        ("2026-04-01", SUMMER),
        ("2026-10-31", SUMMER),
        ("2026-11-01", WINTER),
        ("2027-01-01", WINTER),
    ],
)
def test_the_summer_of_off_peak_hours_is_from_the_first_of_april_to_the_last_of_october(
    day: str, windows: tuple[Window, ...]
) -> None:
    assert OffPeak(WINTER, SUMMER).at(date.fromisoformat(day)) == windows


def test_off_peak_hours_begin_and_end_at_minutes_of_the_day() -> None:
    assert OffPeak(WINTER, SUMMER).moments == {22 * 60 + 30, 6 * 60, 2 * 60, 7 * 60, 14 * 60, 17 * 60}


def test_the_off_peak_hours_of_a_line_hold_until_a_line_has_others() -> None:
    old, new = OffPeak(WINTER, WINTER), OffPeak(WINTER, SUMMER)
    lines = [
        line("2025-01-01", "base"),
        replace(line("2026-02-01", "hchp"), off_peak=old),
        line("2026-08-01", "hchp", 6),  # another power
        replace(line("2026-12-05", "hchp", 6), off_peak=new),
    ]
    days = ("2026-01-31", "2026-02-01", "2026-12-04", "2026-12-05")
    assert [written_off_peak(lines, date.fromisoformat(day)) for day in days] == [None, old, old, new]
    assert [one.off_peak for one in contracts(lines, [], PARIS, at("2027-06-01"))] == [None, old, old, new]
