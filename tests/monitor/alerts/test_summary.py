"""What page, API and MQTT show of alerts."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from monitor.alerts.send_queue import Delivery
from monitor.alerts.summary import AlertSummary, Watched
from monitor.base.alert_settings import AlertSettings
from monitor.base.config import MonitorConfig
from monitor.base.household import House, Household
from monitor.live.live import Live
from monitor.money.calendars import Calendars
from monitor.money.prices import PriceTable
from monitor.places.status.routes import ALERTS
from monitor.web.route import LiveRequest
from tests.support.alerts import AT, Alerts, event
from tests.support.api import sent
from tests.support.json_schema import check

HOUSE, WORKSHOP = "031961123456", "031961123457"
STOPPED = event("feed_in", HOUSE, {"days": 4, "usual_wh": 9000})
CUT = event("power_cut", "", {"start": "2026-11-28T13:02:00Z", "end": "2026-11-28T13:45:00Z", "minutes": 43}, minutes=0)
TO = ("ntfy://topic",)


def summary(*meters: str, shown: Watched | None = None, **household: Any) -> AlertSummary:
    config = MonitorConfig(household=Household(**household))
    found = AlertSummary(lambda: config, lambda: meters)
    if shown is not None:
        found.use(shown)
    return found


def retained(one: AlertSummary) -> Any:
    message = one.message()
    assert message is not None
    return json.loads(message)


def test_an_active_alert_is_said_in_both_languages_with_its_place() -> None:
    assert sent(summary(HOUSE, shown=Alerts(STOPPED)).active()) == [
        {
            "id": f"feed_in/{HOUSE}//1795870920",
            "kind": "feed_in",
            "meter": HOUSE,
            "began": "2026-11-28T13:02:00Z",
            "ended": None,
            "path": "jour/2026-11-28",
            "text": {"fr": "Injection arrêtée depuis 4 jours", "en": "Nothing exported for 4 days"},
        }
    ]


def test_of_several_meters_each_alert_names_its_own() -> None:
    shown = Alerts(STOPPED, event("feed_in", WORKSHOP, {"days": 5, "usual_wh": 9000}), CUT)
    one = summary(HOUSE, WORKSHOP, shown=shown, meters=(House(HOUSE, "Maison", ()),))
    texts = [found.text.fr.partition(" · ")[0] for found in one.active()]
    assert texts[:2] == ["Maison", f"Compteur {WORKSHOP}"]
    assert texts[2].startswith("Coupure")


def test_the_answer_has_rules_what_is_over_and_what_was_sent() -> None:
    day = timedelta(days=1)
    config = MonitorConfig(household=Household(addresses=TO, alerts=AlertSettings(rules={"feed_in": False})))
    live = Live(config, PriceTable([]), Calendars(), alerts=partial(AlertSummary, lambda: config))
    live.alerts.use(
        Alerts(
            STOPPED,
            past=(CUT,),
            deliveries=(
                Delivery("c", "ntfy 1", 1, failed_at=AT + day, why="http 403"),
                Delivery("b", "ntfy 1", 6, failed_at=AT, why="timeout", given_up=True),
                Delivery("b", "mailto 2", sent_at=AT),
                Delivery("a", "ntfy 1", sent_at=AT - day),
            ),
        )
    )
    answer = sent(ALERTS.answer(LiveRequest(live, {}, datetime.now(UTC))))
    check(answer, ALERTS.schema)
    assert answer["sends"]
    on = {rule["name"]: rule["on"] for rule in answer["rules"]}
    assert (on["overload"], on["white"], on["feed_in"]) == (True, False, False)
    assert [one["kind"] for one in answer["active"]] == ["feed_in"]
    assert answer["past"][0]["text"]["en"] == "Power cut (43\u202fmin) on Saturday 28 November, 14:02 to 14:45"
    assert (answer["past"][0]["meter"], answer["past"][0]["ended"]) == (None, "2026-11-28T13:02:00Z")
    nothing = {"sent": 0, "waiting": 0, "failed": 0, "sent_at": None, "failed_at": None, "why": None}
    assert answer["addresses"] == [
        nothing | {"name": "mailto 2", "sent": 1, "sent_at": "2026-11-28T13:02:00Z"},
        {
            "name": "ntfy 1",
            "sent": 1,
            "waiting": 1,
            "failed": 1,
            "sent_at": "2026-11-27T13:02:00Z",
            "failed_at": "2026-11-29T13:02:00Z",
            "why": "http 403",
        },
    ]


def test_before_alerts_are_followed_there_are_none() -> None:
    one = summary()
    check(sent(one.answer()), ALERTS.schema)
    assert (one.answer().sends, one.active(), one.message()) == (False, [], None)


def test_mqtt_has_what_is_active_and_the_last_that_is_over_in_the_language_of_messages() -> None:
    one = summary(HOUSE, shown=Alerts(STOPPED, past=(CUT,)), alerts=AlertSettings(language="en"))
    found = retained(one)
    assert [event["text"] for event in found["active"]] == ["Nothing exported for 4 days"]
    assert found["last"]["kind"] == "power_cut"
    one.use(Alerts())
    assert retained(one) == {"active": [], "last": None}
