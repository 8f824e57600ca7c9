"""The tool `alerts`: what is wrong, and what was told."""

from collections.abc import Sequence
from typing import Annotated

from monitor.alerts.summary import AlertEvent, AlertsAnswer
from monitor.base.alert_settings import KINDS
from monitor.base.answer import answer_type, one_of
from monitor.mcp.words import LANGUAGE, Moment, label, local, short, without_addresses
from monitor.readings.hours import Meter
from monitor.web.route import ApiRequest, Route

_MOST = 15


@answer_type
class Alert:
    """An alert."""

    kind: Annotated[str, one_of(*KINDS)]
    meter: Annotated[str | None, "name of the meter, or its last digits; null: of the whole installation"]
    began: Moment
    ended: Annotated[Moment | None, "null: it goes on"]
    text: str


@answer_type
class Alerts:
    """What `alerts` says."""

    known: Annotated[bool, "false: what the monitor noted of alerts cannot be read"]
    active: Annotated[Sequence[Alert], "what goes on"]
    past: Annotated[Sequence[Alert], f"the last {_MOST} that are over, the newest first"]
    messages_sent: Annotated[bool, "alerts are sent to somebody's phone or mailbox"]


def _alerts(request: ApiRequest) -> Alerts:
    answer: AlertsAnswer = request.live.alerts.answer()
    meters = request.home.meters()
    return Alerts(
        known=request.live.alerts.events() is not None,
        active=[_alert(one, meters, request) for one in answer.active],
        past=[_alert(one, meters, request) for one in answer.past[:_MOST]],
        messages_sent=answer.sends,
    )


def _alert(event: AlertEvent, meters: Sequence[Meter], request: ApiRequest) -> Alert:
    zone, address = request.config.time_zone, event.meter
    meter = next((one for one in meters if address is not None and one.has(address)), None)
    named = label(meter) if meter is not None else None if address is None else short(address)
    text = without_addresses(event.text.of(LANGUAGE), meters)
    return Alert(
        kind=event.kind,
        meter=named,
        began=local(event.began, zone),
        ended=None if event.ended is None else local(event.ended, zone),
        text=text if address is None else text.replace(address, short(address)),
    )


ALERTS = Route(
    "alerts", "What is wrong with the home's electricity or its meters now, and the last alerts.", (), _alerts
)
