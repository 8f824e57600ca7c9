"""Finds meters that other devices decode, on the broker: where none is read, one of them may be the householder's."""

from collections.abc import Sequence

from common.check.broker_probe import probe_broker
from common.check.findings import Finding
from common.contract.topic_port import SCHEME, TopicPort, read_topic_port
from common.discovery.announced import FoundMeter
from common.discovery.announcements import FILTERS, Announcements
from common.machine.deployment import Deployment, here
from common.settings.config import Broker
from common.settings.language import tr
from reader.check.texts import PROGRAM, TEXTS

_LISTEN = 2.0  # seconds; what is announced is retained
_MOST = 5  # that are named
_UNIT = "Wh"


def find_meters(broker: Broker) -> list[FoundMeter]:
    """Return the meters that are announced."""
    facts = probe_broker(broker, publish=(), subscribe=(), extra_topics=FILTERS, seconds=_LISTEN)
    announcements = Announcements()
    for message in facts.messages:
        announcements.on_message(message.topic, message.payload)
    return announcements.meters()


def diagnose_found(meters: Sequence[FoundMeter], *, asks: bool) -> list[Finding]:
    """Return how to read the first of these meters; `asks`: the port is chosen in the page."""
    return [_found(meter, asks=asks) for meter in meters[:_MOST]]


def _found(meter: FoundMeter, *, asks: bool) -> Finding:
    commands, port = here(PROGRAM), _port(meter)
    page = tr("choose it in the page, under Réglages", "choisissez-le dans la page, sous Réglages")
    in_env = commands.deployment is Deployment.COMPOSE
    key, file = ("TIC_PORT=", ".env") if in_env else ("port: ", "reader.yaml")
    then = commands.start(PROGRAM) if in_env else commands.restart(PROGRAM)
    written = tr(f"set {key}{port} in {file}, then: {then}", f"écrivez {key}{port} dans {file}, puis : {then}")
    if commands.deployment is Deployment.APP:
        written = tr(f"write {port} as one of the app's addresses", f"écrivez {port} dans l’option addresses de l’app")
    how = f"{page}{tr('; or ', ' ; ou ')}{written}" if asks else written
    return TEXTS.finding("meter_named_by_owner" if meter.values else "meter_found", label=meter.label, how=how)


def _port(meter: FoundMeter) -> str:
    """Return the port as it is written, with the labels that its names seem to stand for."""
    labels = {name: label for name, label in meter.values if label}
    if not labels:
        return meter.port
    return read_topic_port(TopicPort(meter.port.removeprefix(SCHEME), labels, _UNIT).text).text
