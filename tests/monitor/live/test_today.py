"""The day so far, where the readings are not as they should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from monitor.live.today import Today, today
from monitor.money.bill import Cost, Missing
from monitor.money.home import Facts, Home
from monitor.money.interval import SECONDS, Interval
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy
from monitor.readings.power import Switch

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 25, 13, 32, tzinfo=UTC)
METER = Meter(1, "031961123456", NOW - timedelta(days=400), NOW)


@dataclass
class _Answers:
    """What the database would say of any interval."""

    wh: int
    covered: int = 60
    cost: Cost | None = None
    asked: list[tuple[datetime, datetime]] | None = None
    silent: timedelta = timedelta(minutes=1)
    known: Facts | None = None

    @property
    def intervals(self) -> "_Answers":
        return self

    def meters(self) -> Sequence[Meter]:
        return [METER]

    def roofs(self, meter: Meter) -> Sequence[object]:
        return []

    def facts(self, meters: Sequence[Meter], now: datetime) -> dict[int, Facts]:
        assert [meter.identifier for meter in meters] == [METER.identifier]
        assert now == NOW
        return {} if self.known is None else {METER.number: self.known}

    def last_frame(self, meter: Meter, now: datetime) -> datetime:
        assert meter.identifier == METER.identifier
        return now - self.silent

    def switches(self, meter: Meter, start: datetime, end: datetime) -> Sequence[Switch]:
        assert meter.identifier == METER.identifier
        return [Switch(start, 1), Switch(end, 2)]

    def interval(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> Interval | None:
        assert (meter.identifier, now) == (METER.identifier, NOW)
        if self.asked is not None:
            self.asked.append((start, end))
        energy = Energy(start, end, {"HCHP": self.wh}, None, 0, 0, self.covered, 60)
        return Interval(start, end, SECONDS, [energy], self.cost or Cost(energy=Decimal("1.5")), None)


@pytest.fixture(autouse=True)
def no_roof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.live.today.SunAnswers", lambda answers: answers)


def looked(answers: _Answers, now: datetime = NOW, meter: Meter = METER) -> Today:
    return today(cast("Home", answers), meter, now, PARIS)


def test_energy_and_cost_are_integers_in_their_units() -> None:
    found = looked(_Answers(1234))
    assert (found.wh, found.cost, found.injected_wh) == (1234, 15_000, None)
    assert [change.register for change in found.switches] == ["EASF01", "EASF02"]


def test_switches_have_the_registers_that_the_meter_names_whatever_the_offer_of_a_line_is_called() -> None:
    known = Facts(NOW, True, 1, False, offer="mine", power=9, structure="hchp")
    found = looked(_Answers(1234, known=known))
    assert (found.offer, found.structure) == ("mine", "hchp")
    assert [change.register for change in found.switches] == ["HCHC", "HCHP"]


def test_the_cost_of_the_same_hours_a_week_ago_is_known_with_their_energy() -> None:
    cost = Cost(energy=Decimal("1.5"), subscription=Decimal("0.25"))
    assert looked(_Answers(1234, cost=cost)).last_week_cost == 17_500
    assert looked(_Answers(0, covered=0, cost=cost)).last_week_cost is None


def test_a_day_whose_index_fell_is_unknown_not_negative() -> None:
    found = looked(_Answers(-404_115))
    assert (found.wh, found.cost, found.last_week_wh) == (None, None, None)


def test_a_day_without_a_frame_is_unknown_not_zero() -> None:
    found = looked(_Answers(0, covered=0, silent=timedelta(days=1)))
    assert (found.wh, found.cost, found.last_week_wh) == (None, None, None)


def test_a_cost_without_all_its_prices_is_none() -> None:
    missing = Cost(energy=Decimal(1), missing=[Missing(NOW.date(), None, "contract")])
    found = looked(_Answers(1234, cost=missing))
    assert (found.wh, found.cost) == (1234, None)
    assert (found.last_week_wh, found.last_week_cost) == (1234, None)


@pytest.mark.parametrize(
    ("now", "midnight", "then"),
    [
        ("2026-11-25T13:32+00:00", "2026-11-17T23:00+00:00", "2026-11-18T13:32+00:00"),
        ("2026-10-28T13:32+00:00", "2026-10-20T22:00+00:00", "2026-10-21T12:32+00:00"),  # the clocks changed between
        ("2026-04-01T12:32+00:00", "2026-03-24T23:00+00:00", "2026-03-25T13:32+00:00"),
    ],
)
def test_a_week_ago_is_by_the_wall_clock(now: str, midnight: str, then: str, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime.fromisoformat(now)
    monkeypatch.setattr(f"{__name__}.NOW", moment)
    asked: list[tuple[datetime, datetime]] = []
    assert looked(_Answers(5, asked=asked), moment).last_week_wh == 5
    assert asked[1] == (datetime.fromisoformat(midnight), datetime.fromisoformat(then))


@pytest.mark.parametrize(
    ("silent", "then"), [(2, "2026-11-18T13:32Z"), (90, "2026-11-18T12:02Z"), (3 * 24 * 60, "2026-11-18T13:32Z")]
)
def test_the_day_of_a_silent_meter_is_compared_up_to_its_last_frame(silent: int, then: str) -> None:
    asked: list[tuple[datetime, datetime]] = []
    looked(_Answers(5, asked=asked, silent=timedelta(minutes=silent)))
    assert asked[1][1] == datetime.fromisoformat(then)


def test_a_meter_that_did_not_exist_a_week_ago_is_not_compared() -> None:
    young = Meter(1, METER.identifier, NOW - timedelta(days=7), NOW)
    assert looked(_Answers(5), meter=young).last_week_wh is None
