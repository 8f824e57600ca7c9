from datetime import UTC, datetime
from functools import partial

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
