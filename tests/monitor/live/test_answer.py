"""The answer of `live`, in each state of what it is made of."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.live.answer import State, answer, state_event
from monitor.live.chain import LINKS
from monitor.live.meter import SECONDS, LiveMeter, clock_of
from monitor.live.schedule import Change
from monitor.live.today import Today
from monitor.money.calendars import Calendars
from monitor.money.price_document import read_document
from monitor.money.prices import PricedOffer, PriceFile, PriceRow, PriceTable
from monitor.places.now.routes import LIVE
from monitor.readings.curves import Second
from tests.support.api import sent
from tests.support.frames import ADDRESS, standard

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 25, 13, 32, 7, 400_000, tzinfo=UTC)
UP = dict.fromkeys(LINKS, "up")
WHITE = {
    "contract": "tempo",
    "period": "HPJW",
    "tempo_today": "white",
    "tempo_tomorrow": "red",
    "subscribed_power": 9000,
    "SMAXSN": 5340,
    "SMAXSN_at": "2026-11-25T05:54:18Z",
}
TODAY = Today(
    start=datetime(2026, 11, 24, 23, tzinfo=UTC),
    at=datetime(2026, 11, 25, 13, 31, 40, tzinfo=UTC),
    last=datetime(2026, 11, 25, 13, 31, tzinfo=UTC),
    wh=15_996,
    injected_wh=None,
    cost=32_126,
    last_week_wh=13_360,
    last_week_cost=26_720,
    peak=Second(datetime(2026, 11, 25, 5, 54, 17, tzinfo=UTC), 5300),
    offer="tempo",
    power=9,
    switches=[Change(datetime(2026, 11, 25, 5, 0, tzinfo=UTC), "BBRHPJW")],
)


def priced(*kwh: str, from_nine: str | None = None) -> PriceTable:
    """Return Tempo with prices such as `BBRHPJW 0.1921`, and another one from 9 kVA on."""
    bands = {0: kwh} | ({} if from_nine is None else {9: (from_nine,)})
    prices = {power: {name: Decimal(price) for name, price in map(str.split, band)} for power, band in bands.items()}
    return PriceTable([PriceFile("mine", (PriceRow("tempo", date(2026, 2, 1), prices, {9: Decimal(200)}),))])


PRICES = priced("BBRHPJW 0.1921", "BBRHCJW 0.1536", "BBRHPJR 0.72954")


def meter(state: Mapping[str, Any] = WHITE, power: int = 1840) -> LiveMeter:
    found = LiveMeter(ADDRESS, 0.0)
    found.on_frame(replace(standard(SINSTS=power, URMS1=234), timestamp=NOW), 100.0)
    found.on_state(state, 100.0)
    return found


def asked(
    of: LiveMeter | None,
    prices: PriceTable = PRICES,
    *,
    today: Today | None = TODAY,
    now: datetime = NOW,
    at: float = 101.0,
    announced: str | None = None,
    **links: str,
) -> dict[str, Any]:
    view = None if of is None else of.view(at)
    end = now if view is None else clock_of(view, now)
    ring = None if of is None else of.ring(end)
    found = answer(ADDRESS, view, ring, end, today, UP | links, prices, Calendars(), now, PARIS, announced)
    read: dict[str, Any] = sent(found)
    assert list(read) == list(LIVE.schema["properties"])
    return read


def test_all_is_known() -> None:
    found = asked(meter())
    ring = found.pop("ring")
    assert found == {
        "meter": ADDRESS,
        "at": "2026-11-25T13:32:07Z",
        "silent_since": None,
        "fresh": True,
        "power": 1840,
        "injected": None,
        "phases": None,
        "volts": [234],
        "register": "BBRHPJW",
        "overload": False,
        "source": None,
        "interval": None,
        "unit": "VA",
        "subscribed": 9000,
        "name": None,
        "price": 1921,
        "assumed": False,
        "since": "2026-11-25T05:00:00Z",
        "until": "2026-11-25T21:00:00Z",
        "next": [
            {"at": "2026-11-25T21:00:00Z", "register": "BBRHCJW", "price": 1536},
            {"at": "2026-11-26T05:00:00Z", "register": "BBRHPJR", "price": 7295},
        ],
        "colour": "white",
        "tomorrow": "red",
        "tomorrow_by": "meter",
        "mean": None,
        "peak": {"power": 5340, "at": "2026-11-25T05:54:18Z"},  # the meter's own: the database is a minute behind
        "production": None,
        "today": {
            "at": "2026-11-25T13:31:40Z",
            "wh": 15_996,
            "injected_wh": None,
            "production_wh": None,
            "cost": 32_126,
            "same_hour_last_week_wh": 13_360,
            "same_hour_last_week_cost": 26_720,
        },
        "links": UP,
    }
    assert (len(ring["power"]), ring["step"]) == (SECONDS, 1000)
    frame_second = int(NOW.timestamp()) * 1000
    assert ring["power"][(frame_second - ring["t0"]) // 1000] == 1840


def test_watts_are_told_once_the_index_says_them_and_while_frames_come() -> None:
    found = meter()
    for second, wh in ((-400, 10_000), (0, 10_200)):
        at = NOW + timedelta(seconds=second)
        found.on_frame(replace(standard(SINSTS=1840, EAST=wh), timestamp=at), 100.0 + second)
    assert asked(found)["mean"] == {"watts": 1800, "seconds": 400}
    assert asked(found, at=100.0 + 180, meter="down")["mean"] is None


def test_never_a_frame() -> None:
    found = asked(None, today=None, meter="never")
    known = {"meter": ADDRESS, "unit": "VA", "fresh": False, "overload": False, "assumed": False, "next": []}
    assert {key: value for key, value in found.items() if value is not None and key != "links"} == known


def test_a_silent_meter_has_its_last_value_and_since_when() -> None:
    found = asked(meter(), now=NOW + timedelta(minutes=3), at=100.0 + 180, meter="down")
    assert (found["fresh"], found["power"]) == (False, 1840)
    assert found["silent_since"] == "2026-11-25T13:32:07Z"
    assert found["at"] == "2026-11-25T13:35:07Z"
    assert found["ring"]["power"][-1] is None


def test_a_meter_that_has_been_silent_since_before_the_monitor_was_started() -> None:
    found = asked(None, meter="down")
    assert (found["power"], found["fresh"]) == (None, False)
    assert (found["at"], found["silent_since"]) == ("2026-11-25T13:32:07Z", "2026-11-25T13:31:00Z")
    assert found["today"]["wh"] == 15_996


def test_without_the_broker_nothing_is_fresh() -> None:
    found = asked(meter(WHITE | {"overload": True}), mqtt="down", meter="unknown")
    assert (found["fresh"], found["overload"], found["silent_since"]) == (False, False, "2026-11-25T13:32:07Z")


def test_without_the_database_what_is_live_stays() -> None:
    found = asked(meter(), today=None, database="down")
    assert (found["today"], found["since"], found["until"], found["next"]) == (None, None, None, [])
    assert (found["power"], found["price"], found["peak"]["power"]) == (1840, 1921, 5340)


def test_prices_are_assumed_until_the_owner_has_named_the_offer() -> None:
    bundled = PriceTable([replace(PRICES.files[0], offers=(PricedOffer("tempo"),))])
    named = replace(TODAY, stated=True)
    assert [asked(meter(), bundled, today=today)["assumed"] for today in (TODAY, None, named)] == [True, True, False]
    assert asked(meter(), PriceTable([]))["assumed"] is False  # there is no price


def test_an_overload_is_shown_while_it_lasts() -> None:
    assert asked(meter(WHITE | {"overload": True}))["overload"] is True


def test_a_peak_of_the_last_seconds_is_that_of_the_day() -> None:
    assert asked(meter(power=6000))["peak"] == {"power": 6000, "at": "2026-11-25T13:32:07Z"}


@pytest.mark.parametrize("at", ["2026-11-24T18:00:00Z", "yesterday"])
def test_a_peak_of_yesterday_is_none_of_today(at: str) -> None:
    found = asked(meter(WHITE | {"SMAXSN": 8000, "SMAXSN_at": at}), today=None)
    assert found["peak"] == {"power": 1840, "at": "2026-11-25T13:32:07Z"}


def test_shortly_after_midnight_the_peak_is_not_that_of_the_evening() -> None:
    midnight = datetime(2026, 11, 25, 23, 0, 2, tzinfo=UTC)
    found = LiveMeter(ADDRESS, 0.0)
    for second, power in enumerate((7000, 7000, 900, 800)):
        at = midnight - timedelta(seconds=4 - second)
        found.on_frame(replace(standard(SINSTS=power), timestamp=at), 100.0 + second)
    assert asked(found, today=None, now=midnight, at=103.0)["peak"] == {"power": 900, "at": "2026-11-25T23:00:00Z"}


def test_a_register_without_a_price_has_none() -> None:
    found = asked(meter(WHITE | {"period": "HPJB", "tempo_today": "blue"}))
    assert (found["register"], found["price"]) == ("BBRHPJB", None)


def test_the_offer_of_a_line_of_the_configuration_goes_before_what_the_meter_says() -> None:
    assert asked(meter(), today=replace(TODAY, offer="mine"))["price"] is None


def test_what_comes_next_follows_the_meter_whatever_the_offer_of_a_line_is_called() -> None:
    found = asked(meter(), today=replace(TODAY, offer="mine"))
    assert [(one["register"], one["at"]) for one in found["next"]] == [
        ("BBRHCJW", "2026-11-25T21:00:00Z"),
        ("BBRHPJR", "2026-11-26T05:00:00Z"),
    ]


def test_the_event_is_a_part_of_the_answer() -> None:
    data, identifier = state_event(meter().view(101.0), True, TODAY, NOW)
    event, whole = json.loads(data), asked(meter())
    names = [field.name for field in dataclasses.fields(State)]
    assert list(event) == names
    assert event == {key: whole[key] for key in names}
    assert identifier == event["at"]


@pytest.mark.parametrize(
    ("price", "shown"),
    [("0.19214", 1921), ("0.19216", 1922), ("0.19209", 1921), ("0.2", 2000), ("0", 0), ("0.00004", 0), ("0.00006", 1)],
)
def test_the_price_of_now_is_rounded_to_a_hundredth_of_a_cent_and_not_cut(price: str, shown: int) -> None:
    assert asked(meter(), priced(f"BBRHPJW {price}"))["price"] == shown


def three_phases(state: Mapping[str, Any]) -> LiveMeter:
    found = LiveMeter(ADDRESS, 0.0)
    frame = standard(SINSTS=1000, SINSTS1=700, SINSTS2=200, SINSTS3=100, URMS1=231, URMS2=232, URMS3=233)
    found.on_frame(replace(frame, timestamp=NOW), 100.0)
    found.on_state(state, 100.0)
    return found


@pytest.mark.parametrize(("subscribed", "limit"), [(9000, 3000), (12_000, 4000), (18_000, 6000), (36_000, 12_000)])
def test_each_of_three_phases_may_take_a_third_of_the_subscribed_power(subscribed: int, limit: int) -> None:
    found = asked(three_phases(WHITE | {"subscribed_power": subscribed}))
    assert found["subscribed"] == subscribed
    assert found["phases"] == [{"power": power, "limit": limit} for power in (700, 200, 100)]
    # A meter that does not say its power has that of the contract: 9 kVA.
    sent_of = asked(three_phases({key: value for key, value in WHITE.items() if key != "subscribed_power"}))
    assert {phase["limit"] for phase in sent_of["phases"]} == {3000}


def test_without_a_subscribed_power_a_phase_has_no_limit() -> None:
    assert [phase["limit"] for phase in asked(three_phases({}), today=None)["phases"]] == [None] * 3


@pytest.mark.parametrize(("subscribed", "price"), [(6000, 1921), (8999, 1921), (9000, 1800), (12_000, 1800)])
def test_the_price_of_now_is_that_of_the_subscribed_power(subscribed: int, price: int) -> None:
    prices = priced("BBRHPJW 0.1921", from_nine="BBRHPJW 0.18")
    assert asked(meter(WHITE | {"subscribed_power": subscribed}), prices)["price"] == price


@pytest.mark.parametrize(("hour", "price"), [(13, 2500), (22, 1000)])
def test_an_offer_whose_periods_the_meter_does_not_count_has_the_price_of_its_rule(hour: int, price: int) -> None:
    rule = {"hours": {"any": {"NIGHT": ["22:00-06:00"], "DAY": "rest"}}}
    row = {"from": date(2026, 2, 1), "kwh": {"NIGHT": "0.10", "DAY": "0.25"}}
    prices = PriceTable([read_document({"offers": [{"id": "mine", "rule": rule, "rows": [row]}]}, "prices.yaml")])
    of = meter({"contract": "base", "period": "TH"})
    found = asked(of, prices, today=replace(TODAY, offer="mine"), now=NOW.replace(hour=hour))
    assert (found["register"], found["price"]) == ("BASE", price)


def test_a_register_that_is_not_known_has_no_price() -> None:
    found = asked(meter({"contract": "tempo"}), priced("BASE 1"))
    assert (found["register"], found["price"]) == (None, None)


def test_a_register_runs_since_the_last_of_the_switches() -> None:
    night, morning = (Change(datetime(2026, 11, 24 + n, 21 - 16 * n, tzinfo=UTC), "BBRHPJW") for n in (0, 1))
    assert asked(meter(), today=replace(TODAY, switches=[night, morning]))["since"] == "2026-11-25T05:00:00Z"
    other = [morning, Change(datetime(2026, 11, 25, 6, tzinfo=UTC), "BBRHCJW")]
    assert asked(meter(), today=replace(TODAY, switches=other))["since"] is None


def test_the_last_of_the_six_hundred_seconds_is_that_of_the_ring() -> None:
    ring = [None] * (SECONDS - 1) + [5]
    found = answer(ADDRESS, meter().view(101.0), ring, NOW, TODAY, UP, PRICES, Calendars(), NOW, PARIS).ring
    assert found is not None
    # 13:32:07 is the last second: the first one is 599 seconds before it, 13:22:08.
    assert (SECONDS, found.t0) == (600, int(datetime(2026, 11, 25, 13, 22, 8, tzinfo=UTC).timestamp()) * 1000)


def test_of_a_meter_that_arrives_decoded_who_decodes_it_is_told_and_nothing_that_needs_each_second() -> None:
    found = meter(WHITE | {"overload": True, "SMAXSN": None})
    found.on_frame(replace(standard(SINSTS=9200), timestamp=NOW, source="zigbee2mqtt", interval=60), 100.0)
    told = asked(found, at=160.0)
    assert (told["source"], told["interval"], told["fresh"], told["power"]) == ("zigbee2mqtt", 60, True, 9200)
    assert told["at"] == "2026-11-25T13:32:07Z"  # of the newest reading, a minute ago
    assert (told["overload"], told["peak"], told["mean"]) == (None, None, None)


def test_the_highest_power_that_a_decoded_meter_tells_itself_is_the_peak() -> None:
    found = meter()
    found.on_frame(replace(standard(SINSTS=9200), timestamp=NOW, source="zigbee2mqtt", interval=60), 100.0)
    assert asked(found, at=160.0)["peak"] == {"power": 5340, "at": "2026-11-25T05:54:18Z"}


@pytest.mark.parametrize(
    ("said", "announced", "tomorrow", "by"),
    [
        ("unknown", None, None, None),
        ("unknown", "red", "red", "announced"),
        ("white", "red", "white", "meter"),
        ("white", None, "white", "meter"),
    ],
)
def test_the_meter_goes_before_who_announced_the_colour_of_tomorrow(
    said: str, announced: str | None, tomorrow: str | None, by: str | None
) -> None:
    found = asked(meter({**WHITE, "tempo_tomorrow": said}), announced=announced)
    assert (found["tomorrow"], found["tomorrow_by"]) == (tomorrow, by)
    expected = {"red": "BBRHPJR", "white": "BBRHPJW"}.get(tomorrow or "")
    assert [one["register"] for one in found["next"] if one["at"] == "2026-11-26T05:00:00Z"] == [
        expected for _ in range(1) if expected
    ]
