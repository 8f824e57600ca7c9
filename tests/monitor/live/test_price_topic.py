"""When prices are published, and of what."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.mqtt.events import Published, PublishToken
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, House, Household
from monitor.live.prices import Past, PriceTopic
from monitor.live.state import LiveState
from monitor.money.calendars import Calendars
from monitor.money.prices import PriceRow, PriceTable
from monitor.readings.power import Switch
from tests.support.prices import price_file

PARIS = ZoneInfo("Europe/Paris")
METER, OTHER = "031961123456", "031961123457"
TEMPO = {
    "BBRHCJB": "0.13", "BBRHPJB": "0.16", "BBRHCJW": "0.14", "BBRHPJW": "0.18", "BBRHCJR": "0.15", "BBRHPJR": "0.70",
}  # fmt: skip


def table(base: str = "0.19") -> PriceTable:
    offers: Mapping[str, Mapping[str, str]] = {
        "base": {"BASE": base},
        "hchp": {"HCHC": "0.15", "HCHP": "0.20"},
        "tempo": TEMPO,
    }
    rows = [
        PriceRow(offer, date(2026, 2, 1), {0: {name: Decimal(price) for name, price in kwh.items()}}, {})
        for offer, kwh in offers.items()
    ]
    return PriceTable([price_file("by hand", rows)])


class Stand:
    """A monitor whose clocks stand, connected to a broker that keeps what is published."""

    def __init__(self, now: str = "2026-11-25T14:32", *, past: bool = True, **household: Any) -> None:
        self.now = datetime.fromisoformat(now).replace(tzinfo=PARIS).astimezone(UTC)
        self.monotonic = 1000.0
        self.house = LiveState()
        self.published: list[Any] = []
        self.accepts = True
        self.config = MonitorConfig(household=Household(**household))
        self.topic = PriceTopic(self.config, self.house, table(), Calendars(), self._publish, lambda: self.now)
        if past:
            self.topic.use_pasts({})
        self.house.on_connected(self.monotonic)
        self.topic.tick(self.monotonic)

    def _publish(self, payload: bytes) -> PublishToken | None:
        if not self.accepts:
            return None
        self.published.append(json.loads(payload))
        return PublishToken(1, len(self.published))

    def state(self, state: Mapping[str, object], meter: str = METER) -> None:
        self.house.on_link(meter, b"online", self.monotonic)
        self.house.on_state(meter, json.dumps(state).encode(), self.monotonic)

    def wait(self, seconds: float = 5.0) -> None:
        self.monotonic += seconds
        self.now += timedelta(seconds=seconds)
        for meter in self.house.meters():
            self.house.on_link(meter, b"offline", self.monotonic)
            self.house.on_link(meter, b"online", self.monotonic)  # it still speaks
        self.topic.tick(self.monotonic)

    def values(self, meter: str = METER) -> list[tuple[str, float]]:
        rows = self.published[-1][meter]["next_prices"]
        return [(row["start"][8:16].replace("T", " "), row["value"]) for row in rows]


BASE = {"contract": "base", "period": "TH", "subscribed_power": 6000}
HCHP = {"contract": "hchp", "period": "HP", "subscribed_power": 6000}
NOBODYS = {"contract": "of nobody", "period": "HC"}


def tempo(period: str, today: str, tomorrow: str) -> Mapping[str, object]:
    return {"contract": "tempo", "period": period, "tempo_today": today, "tempo_tomorrow": tomorrow}


def test_the_message() -> None:
    stand = Stand()
    stand.state(BASE)
    stand.state(NOBODYS, OTHER)
    stand.wait()
    assert stand.published == [
        {
            METER: {
                "price": 0.19,
                "currency": "EUR",
                "next_prices": [
                    {
                        "start": "2026-11-24T00:00:00+01:00",
                        "end": "2026-11-26T15:00:00+01:00",
                        "value": 0.19,
                        "assumed": True,
                    }
                ],
            }
        }
    ]


def test_what_was_computed_is_there_for_the_page() -> None:
    stand = Stand()
    stand.state(HCHP)
    stand.wait()
    assert [span.value for span in stand.topic.spans(METER)] == [0.20]  # an hour: nothing is known of its past
    assert stand.topic.spans(OTHER) == ()


@pytest.mark.parametrize(
    ("state", "colour", "price"),
    [
        (tempo("HPJB", "blue", "red"), "red", 7000),
        (tempo("HPJB", "blue", "white"), "white", 1800),
        (BASE, "red", 1900),
        (NOBODYS, "red", None),
    ],
)
def test_what_peak_hours_of_tomorrow_cost(state: Mapping[str, object], colour: str, price: int | None) -> None:
    stand = Stand()
    stand.state(state)
    assert stand.topic.peak_price(METER, date(2026, 11, 26), colour, stand.monotonic) == price
    assert stand.topic.peak_price(OTHER, date(2026, 11, 26), colour, stand.monotonic) is None


def test_it_is_published_when_it_changes_only() -> None:
    stand = Stand()
    stand.state(BASE)
    for _ in range(20):
        stand.wait()
    assert len(stand.published) == 1
    stand.state(BASE, OTHER)  # a new meter
    stand.wait()
    assert set(stand.published[-1]) == {METER, OTHER}
    stand.topic.use(stand.config, table("0.21"), Calendars())  # other prices
    stand.wait()
    assert stand.values() == [("24 00:00", 0.21)]
    stand.state(HCHP)  # another contract
    stand.wait()
    assert stand.values() == [("25 14:00", 0.20)]
    assert len(stand.published) == 4
    stand.wait(3600)  # the next hour
    assert len(stand.published) == 5
    stand.house.on_state(METER, b"", stand.monotonic)  # it was forgotten
    stand.wait()
    assert set(stand.published[-1]) == {OTHER}


def test_it_is_published_again_after_each_connection_and_after_what_could_not_be_sent() -> None:
    stand = Stand()
    stand.state(BASE)
    stand.accepts = False
    stand.wait()
    assert stand.published == []
    stand.accepts = True
    stand.wait()
    stand.house.on_disconnected()
    stand.wait()
    stand.house.on_connected(stand.monotonic)
    stand.wait(0)
    assert len(stand.published) == 1  # what the broker retains of meters comes first
    stand.wait()
    assert stand.published[1:] == stand.published[:1]


def test_nothing_is_said_for_lack_of_a_meter_and_a_meter_without_a_price_is_left_out() -> None:
    stand = Stand()
    stand.wait()
    stand.state(NOBODYS)
    stand.wait()
    assert stand.published == []
    stand.state(BASE)
    stand.wait()
    stand.topic.use(stand.config, PriceTable([]), Calendars())
    stand.wait()
    assert stand.published[-1] == {}


def test_the_database_is_waited_for_but_not_for_ever() -> None:
    stand = Stand(past=False)
    stand.state(HCHP)
    stand.wait(10)
    assert stand.published == []
    stand.wait(10)
    assert stand.values() == [("25 14:00", 0.20)]
    midnight = datetime(2026, 11, 10, 23, tzinfo=UTC)  # in Paris
    switches = [
        Switch(midnight + timedelta(days=day, hours=hour), supplier)
        for day in range(14)
        for hour, supplier in ((6, 2), (22, 1))
    ]
    stand.topic.use_pasts({METER: Past(midnight, switches)})
    stand.wait()
    assert stand.values() == [("25 06:00", 0.20), ("25 22:00", 0.15), ("26 06:00", 0.20)]


def test_the_users_lines_hold_for_a_meter_and_those_that_it_replaced() -> None:
    house = House(METER, None, (OTHER,))
    line = ContractLine(meter=OTHER, start=date(2026, 3, 1), offer="base", power=6)
    stand = Stand(meters=(house,), contracts=(line,))
    stand.state(HCHP)
    stand.wait()
    assert stand.values() == [("24 00:00", 0.19)]
    assert [span.assumed for span in stand.topic.spans(METER)] == [False]


def test_a_colour_is_kept_and_not_believed_around_six() -> None:
    stand = Stand("2026-11-25T21:00")
    stand.state(tempo("HPJW", "white", "unknown"))
    stand.wait()
    assert stand.values() == [("25 06:00", 0.18), ("25 22:00", 0.14)]
    stand.state(tempo("HPJW", "white", "red"))
    stand.wait()
    assert stand.values() == [("25 06:00", 0.18), ("25 22:00", 0.14), ("26 06:00", 0.70)]
    # A minute after six its own day has not begun yet: today is red nevertheless, as it said yesterday.
    stand.state(tempo("HCJW", "white", "red"))
    stand.wait(9 * 3600 + 60)
    assert stand.values() == [("26 06:00", 0.70), ("26 22:00", 0.15)]
    stand.state(tempo("HPJR", "red", "unknown"))
    stand.wait(600)
    assert stand.values() == [("26 06:00", 0.70), ("26 22:00", 0.15)]


def test_a_colour_that_was_announced_extends_the_prices_and_the_meter_goes_before_it() -> None:
    stand = Stand("2026-11-25T10:45")
    stand.topic.use(stand.config, table(), Calendars(announced={date(2026, 11, 26): "red"}))
    stand.state(tempo("HPJW", "white", "unknown"))
    stand.wait()
    assert stand.values() == [("25 06:00", 0.18), ("25 22:00", 0.14), ("26 06:00", 0.70)]
    stand.state(tempo("HPJW", "white", "blue"))
    stand.wait()
    assert stand.values() == [("25 06:00", 0.18), ("25 22:00", 0.14), ("26 06:00", 0.16)]


def test_a_colour_that_was_announced_is_in_the_message_while_the_meter_does_not_say_it() -> None:
    stand = Stand("2026-11-25T10:45")
    stand.topic.use(stand.config, table(), Calendars(announced={date(2026, 11, 26): "red"}))
    told = []
    for state in (tempo("HPJW", "white", "unknown"), tempo("HPJW", "white", "blue"), HCHP):
        stand.state(state)
        stand.wait()
        told.append(stand.published[-1][METER].get("tempo_tomorrow"))
    assert told == [{"colour": "red", "until": "2026-11-26T06:00:00+01:00"}, None, None]


def test_an_announced_colour_is_not_said_when_its_day_may_have_begun() -> None:
    stand = Stand("2026-11-26T05:56")
    stand.topic.use(stand.config, table(), Calendars(announced={date(2026, 11, 26): "red"}))
    stand.state(tempo("HCJW", "white", "unknown"))
    stand.wait()
    assert stand.published[-1][METER]["tempo_tomorrow"]["colour"] == "red"
    stand.wait(120)
    assert "tempo_tomorrow" not in stand.published[-1][METER]


def test_the_register_of_a_silent_meter_is_not_believed() -> None:
    stand = Stand()
    stand.state(HCHP)
    stand.wait()
    stand.house.on_link(METER, b"offline", stand.monotonic)
    stand.topic.tick(stand.monotonic)
    assert stand.published[-1] == {}


def test_a_broker_that_refuses_prices_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    stand = Stand()
    stand.state(BASE)
    stand.wait()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            stand.topic.on_answer(Published(PublishToken(1, 1), 0x87))
        stand.topic.on_answer(Published(PublishToken(1, 7), 0x87))  # of something else
    assert len(caplog.records) == 1
    assert "access rules" in caplog.text
