import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial

import pytest

from monitor.alerts.summary import AlertSummary
from monitor.base.config import MonitorConfig
from monitor.base.household import House, Household
from monitor.live.live import Live
from monitor.money.calendars import Calendars
from monitor.money.prices import PriceTable

OLD, NEW = "021861999999", "031961123456"


def test_the_old_address_of_a_house_leads_to_the_meter_that_is_there_now() -> None:
    config = MonitorConfig(household=Household(meters=(House(NEW, "Maison", (OLD,)),)))
    live = Live(config, PriceTable([]), Calendars(), alerts=partial(AlertSummary, lambda: config))
    assert live.choose(OLD) == live.choose(NEW) == NEW
    assert live.choose("041961555555") == "041961555555"


def test_what_the_broker_keeps_of_an_old_meter_does_not_make_it_a_second_one() -> None:
    config = MonitorConfig(household=Household(meters=(House(NEW, "Maison", (OLD,)),)))
    live = Live(config, PriceTable([]), Calendars(), alerts=partial(AlertSummary, lambda: config))
    for address in (OLD, NEW):
        live._state.on_link(address, b"online", 0.0)
    assert live.meters() == [NEW]
    live._state.on_stored(NEW, datetime(2026, 11, 28, tzinfo=UTC))
    assert live.choose(None) == NEW


@pytest.mark.parametrize(
    ("state", "local", "tomorrow", "announced"),
    [
        ({"contract": "tempo", "tempo_tomorrow": "unknown"}, "2026-12-02T09:40Z", "red", "red"),
        ({"contract": "tempo", "tempo_tomorrow": "white"}, "2026-12-02T19:05Z", "white", "red"),
        ({"contract": "tempo", "tempo_tomorrow": "unknown"}, "2026-12-03T04:59Z", "red", "red"),  # before six
        ({"contract": "tempo", "tempo_tomorrow": "unknown"}, "2026-12-03T05:00Z", None, None),
        ({"contract": "hchp"}, "2026-12-02T09:40Z", None, None),
        ({}, "2026-12-02T09:40Z", None, None),
    ],
)
def test_tomorrow_of_a_meter_on_tempo_may_be_announced_and_its_own_word_goes_first(
    state: Mapping[str, str], local: str, tomorrow: str | None, announced: str | None
) -> None:
    config, now = MonitorConfig(), datetime.fromisoformat(local)
    calendars = Calendars(announced={date(2026, 12, 3): "red"})
    live = Live(config, PriceTable([]), calendars, alerts=partial(AlertSummary, lambda: config), clock=lambda: now)
    live._state.on_link(NEW, b"online", 0.0)
    live._state.on_state(NEW, json.dumps(state).encode(), 0.0)
    assert live.answer(NEW).tomorrow == tomorrow
    (meter,) = live.now().meters
    assert meter.announced == announced
    live.close()
