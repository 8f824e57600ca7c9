"""What a kWh costs in the next 24 hours: prices by hand, in Paris."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.cost.contracts import Contract
from monitor.live.next_prices import next_prices, stretch
from monitor.live.schedule import Change, expected
from monitor.prices.calendars import Calendars
from monitor.prices.model import PriceRow, PriceTable
from monitor.readings.periods import OffPeak
from tests.support.prices import price_file

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)

TEMPO_KWH = {"BBRHCJB": "0.13", "BBRHPJB": "0.16", "BBRHCJW": "0.14", "BBRHPJW": "0.18"}
TEMPO_KWH |= {"BBRHCJR": "0.15", "BBRHPJR": "0.70"}
ROWS: Sequence[tuple[str, str, Mapping[str, str]]] = [
    ("base", "2026-02-01", {"BASE": "0.19"}),
    ("base", "2026-08-01", {"BASE": "0.21"}),
    ("hchp", "2026-02-01", {"HCHC": "0.15", "HCHP": "0.20"}),
    ("tempo", "2026-02-01", TEMPO_KWH),
    ("ejp", "2026-02-01", {"EJPHN": "0.12", "EJPHPM": "1.50"}),
    ("other", "2026-02-01", {"HCHC": "0.11", "HCHP": "0.22"}),  # of another supplier, with the same registers
    ("week-end", "2026-02-01", {"EASF01": "0.21", "EASF02": "0.17"}),
]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def table() -> PriceTable:
    rows = [
        PriceRow(offer, date.fromisoformat(start), {0: {name: Decimal(price) for name, price in kwh.items()}}, {})
        for offer, start, kwh in ROWS
    ]
    return PriceTable([price_file("by hand", rows)])


def days(now: datetime, count: int, *clocks: tuple[str, str]) -> list[Change]:
    """Return switches at these times of each of the days before now, and of today up to now."""
    today = now.astimezone(PARIS).date()
    found = [
        Change(datetime.combine(today - number * DAY, time.fromisoformat(clock), PARIS).astimezone(UTC), register)
        for number in range(count + 1)
        for clock, register in clocks
    ]
    return sorted((change for change in found if change.at < now), key=lambda change: change.at)


NIGHT = (("06:00", "HCHP"), ("22:00", "HCHC"))
NOON = (("06:26", "HCHP"), ("12:26", "HCHC"), ("14:26", "HCHP"), ("23:56", "HCHC"))


def prices(
    now: str,
    offer: str | None = "hchp",
    running: str | None = "HCHP",
    *,
    clocks: Sequence[tuple[str, str]] = NIGHT,
    switches: Sequence[Change] | None = None,
    stored: int = 9,
    colours: Mapping[str, str] | None = None,
    lines: Sequence[tuple[str, str]] = (),
    off_peak: Sequence[Window] = (),
) -> list[tuple[str, str, float]]:
    """Return start and end as `dd HH:MM+offset`, and the value.

    Args:
        now: local.
        offer: that the meter names.
        running: its register.
        clocks: when it switched on each of the days that are stored.
        switches: the same, otherwise.
        stored: for how many days it is stored.
        colours: of Tempo days.
        lines: local day and offer of further contracts; the first is that of `offer` until then.
        off_peak: windows that the user wrote down.
    """
    at = local(now)
    start, end = stretch(at, PARIS)
    if switches is None:
        switches = days(at, stored, *clocks)
    changes = expected(offer, switches, at - stored * DAY, start, end, PARIS)
    starts = [(start, offer), *((local(day), name) for day, name in lines)]
    ends = [*(moment for moment, _ in starts[1:]), end]
    written = OffPeak(tuple(off_peak), tuple(off_peak)) if off_peak else None
    contracts = [Contract(low, high, name, 6, written) for (low, name), high in zip(starts, ends, strict=True)]
    known = {date.fromisoformat(day): colour for day, colour in (colours or {}).items()}
    found = next_prices(table(), Calendars(written=known), contracts, changes, running, at, PARIS)
    return [(_told(span.start), _told(span.end), span.value) for span in found]


def _told(moment: datetime) -> str:
    return f"{moment:%d %H:%M}{moment:%z}"[:-2]


def test_off_peak_hours_of_the_night() -> None:
    assert prices("2026-11-25T14:32") == [
        ("25 06:00+01", "25 22:00+01", 0.20),
        ("25 22:00+01", "26 06:00+01", 0.15),
        ("26 06:00+01", "26 15:00+01", 0.20),
    ]


@pytest.mark.parametrize("now", ["2026-11-25T23:59", "2026-11-26T00:00", "2026-11-26T00:30"])
def test_the_price_of_now_began_before_midnight(now: str) -> None:
    found = prices(now, running="HCHC")
    assert found[:2] == [("25 22:00+01", "26 06:00+01", 0.15), ("26 06:00+01", "26 22:00+01", 0.20)]
    assert found[-1][1] == {"T23:59": "27 00:00+01", "T00:00": "27 00:00+01", "T00:30": "27 01:00+01"}[now[10:]]


def test_off_peak_hours_at_noon_and_across_midnight() -> None:
    assert prices("2026-11-25T12:00", clocks=NOON) == [
        ("25 06:26+01", "25 12:26+01", 0.20),
        ("25 12:26+01", "25 14:26+01", 0.15),
        ("25 14:26+01", "25 23:56+01", 0.20),
        ("25 23:56+01", "26 06:26+01", 0.15),
        ("26 06:26+01", "26 12:00+01", 0.20),
    ]


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        # 23 hours: the night has seven of them.
        (
            "2026-03-28T12:00",
            [
                ("28 06:00+01", "28 22:00+01", 0.20),
                ("28 22:00+01", "29 06:00+02", 0.15),
                ("29 06:00+02", "29 13:00+02", 0.20),
            ],
        ),
        # 25 hours: the night has nine of them.
        (
            "2026-10-24T12:00",
            [
                ("24 06:00+02", "24 22:00+02", 0.20),
                ("24 22:00+02", "25 06:00+01", 0.15),
                ("25 06:00+01", "25 11:00+01", 0.20),
            ],
        ),
    ],
)
def test_the_days_on_which_the_clock_changes(now: str, wanted: list[tuple[str, str, float]]) -> None:
    assert prices(now) == wanted


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (
            "2026-03-28T12:00",
            [
                ("28 07:30+01", "29 03:00+02", 0.20),
                ("29 03:00+02", "29 07:30+02", 0.15),
                ("29 07:30+02", "29 13:00+02", 0.20),
            ],
        ),
        (
            "2026-10-24T12:00",
            [
                ("24 07:30+02", "25 02:30+02", 0.20),
                ("25 02:30+02", "25 02:00+01", 0.15),
                ("25 02:00+01", "25 02:30+01", 0.20),
                ("25 02:30+01", "25 07:30+01", 0.15),
                ("25 07:30+01", "25 11:00+01", 0.20),
            ],
        ),
    ],
)
def test_a_window_that_begins_in_the_hour_that_is_skipped_or_comes_twice(
    now: str, wanted: list[tuple[str, str, float]]
) -> None:
    assert prices(now, stored=0, off_peak=(Window(time(2, 30), time(7, 30)),)) == wanted


def test_a_price_that_changes_on_the_first_of_august() -> None:
    assert prices("2026-07-31T12:00", "base", "BASE") == [
        ("30 00:00+02", "01 00:00+02", 0.19),
        ("01 00:00+02", "01 12:00+02", 0.21),
    ]


def test_tempo_ends_where_the_colour_is_not_known_yet() -> None:
    today = {"2026-11-25": "white"}
    until_six = [("25 06:00+01", "25 22:00+01", 0.18), ("25 22:00+01", "26 06:00+01", 0.14)]
    assert prices("2026-11-25T14:32", "tempo", "BBRHPJW", colours=today) == until_six
    known = today | {"2026-11-26": "red"}
    assert prices("2026-11-25T14:32", "tempo", "BBRHPJW", colours=known) == [
        *until_six,
        ("26 06:00+01", "26 15:00+01", 0.70),
    ]
    # At night the colour of yesterday still holds.
    assert prices("2026-11-26T03:00", "tempo", "BBRHCJW", colours=today) == [("25 22:00+01", "26 06:00+01", 0.14)]


@pytest.mark.parametrize(
    ("offer", "running", "lines", "off_peak", "wanted"),
    [
        ("hchp", "HCHP", "base", (), [("25 22:00+01", "26 00:00+01", 0.15), ("26 00:00+01", "26 15:00+01", 0.21)]),
        # The same registers: the off-peak hours stay those of the meter.
        (
            "hchp",
            "HCHP",
            "other",
            (),
            [
                ("25 22:00+01", "26 00:00+01", 0.15),
                ("26 00:00+01", "26 06:00+01", 0.11),
                ("26 06:00+01", "26 15:00+01", 0.22),
            ],
        ),
        # Which off-peak hours the meter will get is not known, unless the user wrote them down.
        ("base", "BASE", "hchp", (), [("24 00:00+01", "26 00:00+01", 0.21)]),
        (
            "base",
            "BASE",
            "hchp",
            (Window(time(22), time(6)),),
            [
                ("24 00:00+01", "26 00:00+01", 0.21),
                ("26 00:00+01", "26 06:00+01", 0.15),
                ("26 06:00+01", "26 15:00+01", 0.20),
            ],
        ),
    ],
)
def test_a_contract_that_begins_tomorrow(
    offer: str, running: str, lines: str, off_peak: Sequence[Window], wanted: list[tuple[str, str, float]]
) -> None:
    found = prices("2026-11-25T14:32", offer, running, lines=[("2026-11-26T00:00", lines)], off_peak=off_peak)
    assert found[-len(wanted) :] == wanted


@pytest.mark.parametrize(
    ("now", "running", "wanted"),
    [
        ("2026-11-25T22:02", "HCHP", [("25 22:00+01", "26 06:00+01", 0.15)]),  # its clock is late
        ("2026-11-25T21:58", "HCHC", [("25 06:00+01", "25 22:00+01", 0.20)]),  # or early
        ("2026-11-25T22:10", "HCHP", [("25 22:00+01", "25 23:00+01", 0.20)]),  # its off-peak hours have changed
        ("2026-11-25T22:10", None, [("25 22:00+01", "26 06:00+01", 0.15)]),  # it is silent: as on the days before
    ],
)
def test_what_the_meter_does_counts(now: str, running: str | None, wanted: list[tuple[str, str, float]]) -> None:
    found = prices(now, running=running)
    assert found[:1] == wanted
    assert (len(found) == 1) is (wanted[0][1] == "25 23:00+01")


HOUR_OF_NOW = [("25 14:00+01", "25 15:00+01", 0.20)]


@pytest.mark.parametrize(
    ("stored", "clocks", "switches"),
    [
        (1, NIGHT, None),  # not a whole day
        (9, NIGHT, []),  # it never switched
        (9, (("06:00", "HCHP"),), None),  # only half of its switches were seen
    ],
)
def test_a_past_that_is_too_short_tells_nothing(
    stored: int, clocks: Sequence[tuple[str, str]], switches: list[Change] | None
) -> None:
    assert prices("2026-11-25T14:32", stored=stored, clocks=clocks, switches=switches) == HOUR_OF_NOW
    assert prices("2026-11-25T14:32", running=None, stored=stored, clocks=clocks, switches=switches) == []


def test_the_windows_of_the_user_help_then() -> None:
    found = prices("2026-11-25T14:32", stored=0, off_peak=(Window(time(22), time(6)),))
    assert found == prices("2026-11-25T14:32")


def test_peak_days_are_not_foreseen() -> None:
    assert prices("2026-11-25T14:32", "ejp", "EJPHPM") == [("25 14:00+01", "25 15:00+01", 1.50)]


def test_another_calendar_is_expected_as_a_week_ago() -> None:
    # Saturday and Sunday on another register, all day.
    switches = [
        Change(local("2026-11-21T00:00"), "EASF02"),
        Change(local("2026-11-23T00:00"), "EASF01"),
    ]
    now, lines = "2026-11-27T14:32", [("2026-11-01T00:00", "week-end")]
    found = prices(now, None, "EASF01", switches=switches, stored=30, lines=lines)
    # Since when the register has run is not known: it is told from midnight on.
    assert found == [("27 00:00+01", "28 00:00+01", 0.21), ("28 00:00+01", "28 15:00+01", 0.17)]
    hour = [("27 14:00+01", "27 15:00+01", 0.21)]
    assert prices(now, None, "EASF01", switches=switches, stored=6, lines=lines) == hour


@pytest.mark.parametrize(("offer", "running"), [(None, "EASF01"), ("unheard-of", "HCHP"), ("hchp", None)])
def test_nothing_is_known_without_a_contract_or_a_price(offer: str | None, running: str | None) -> None:
    assert prices("2026-01-15T14:32", offer, running) == []
