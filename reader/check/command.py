"""The command `teleinfo-reader check`: diagnoses everything that a reader needs, and suggests fixes."""

import argparse
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from common.check.broker import diagnose_broker
from common.check.broker_probe import BrokerFacts, probe_broker
from common.check.config_file import diagnose_secrets, read_config
from common.check.findings import NOT_CONFIGURED, Finding, Report, report_to
from common.contract.topic_port import is_topic
from common.contract.topics import Topics, device_topic
from common.discovery.announcements import FILTERS
from common.machine.host import Host
from common.runtime.cli import between
from common.settings.language import tr
from reader.check.decoded import diagnose_found, find_meters
from reader.check.health import (
    ServiceFacts,
    diagnose_delivery,
    diagnose_reported_line,
    diagnose_service,
    diagnose_topic,
    gather,
)
from reader.check.line import diagnose_line, listen
from reader.check.port import PortFacts, diagnose_choice, diagnose_port, probe_port
from reader.check.storage import diagnose_storage, probe_storage
from reader.check.texts import PROGRAM, TEXTS
from reader.config import ASK, ReaderConfig, is_simulated
from reader.decoded.message import filter_of
from reader.french import TEXTS as OF_THE_CONFIGURATION
from reader.home_assistant.publisher import birth_topic
from reader.line.choice import ports_of
from reader.line.port import open_port
from reader.line.port_list import ports as serial_ports

SECONDS = 12  # four seconds to try the other speed, then two of the longest frames of historic mode
_QUICK = 0.7  # seconds; retained messages arrive at once
_SOME_METER = "000000000000"  # stands for the meter in topics while none is known


def declare_check(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config`."""
    text = f"how long to listen to the line: {SECONDS}"
    parser.add_argument("--seconds", type=between(1, 300), default=SECONDS, metavar="N", help=text)
    parser.set_defaults(command=lambda given: check(given.config, given.seconds, report_to(given)))


def check(path: Path, seconds: float, report: Report, machine: Host | None = None) -> int:
    """Print the findings; return 0, 1 when there is a problem, 2 when it is the configuration."""
    config = read_config(ReaderConfig, path, PROGRAM, report, OF_THE_CONFIGURATION)
    if config is None:
        return NOT_CONFIGURED
    machine = machine or Host()
    running, user = machine.running(PROGRAM, path) is not None, machine.user(PROGRAM, path)
    given, hosts = ", ".join(config.port) or ASK, ", ".join(config.mqtt.hosts)
    configured = TEXTS.finding("config_ok", path=path, name=config.name, ports=given, hosts=hosts)
    report.show([configured, *diagnose_secrets({"mqtt": config.mqtt}, path)])

    # A running reader uses the port; it publishes to the broker what it receives there.
    quick = probe_broker(config.mqtt, publish=(), subscribe=(), extra_topics=_topics_of_health(config), seconds=_QUICK)
    service = gather(config.name, Topics(config.mqtt.topic), quick.messages, local=running)
    ports = _ports_to_check(config, service)
    if not config.port:
        report.show([diagnose_choice(ports, serial_ports(machine))])
    facts = [probe_port(port, machine, user) for port in ports if not is_topic(port)]
    report.show(finding for port in facts for finding in diagnose_port(port))
    report.show([] if quick.failure else [diagnose_service(service)])
    report.show(diagnose_topic(service, port) for port in ports if is_topic(port))
    lines, meters = _check_lines(config, facts, service, seconds, report)
    report.show(lines)
    if not quick.failure and not meters and not (service.online and service.meters):
        report.note(tr("looking for meters that other devices decode", "recherche de compteurs déjà décodés"))
        report.show(diagnose_found(find_meters(config.mqtt), asks=not config.port))

    addresses, filters = meters | service.meters, [filter_of(port) for port in ports if is_topic(port)]
    broker = quick if quick.failure else _ask_for_rights(config, addresses, service.confirmed_by, filters)
    report.show(diagnose_broker(broker, time.time()))
    if broker.failure is None:
        service = gather(config.name, Topics(config.mqtt.topic), broker.messages, local=running)
        report.show(diagnose_delivery(service, config.delivery.confirmed_by, datetime.now(UTC)))
    report.show(diagnose_storage(probe_storage(config, machine, user)))
    return report.end()


def _ports_to_check(config: ReaderConfig, service: ServiceFacts) -> Sequence[str]:
    """Return the ports of the configuration, or those that were chosen in the page."""
    try:
        return ports_of(config)
    except OSError:  # only the reader may read what was chosen, and it reports what it reads
        return [str(line.get("port")) for line in service.lines]


def _check_lines(
    config: ReaderConfig, ports: Sequence[PortFacts], service: ServiceFacts, seconds: float, report: Report
) -> tuple[list[Finding], set[str]]:
    """Return the findings, and the meters heard; a port that the running reader reads is left alone."""
    taken = {port.url for port in ports if _is_in_use(port, service)}
    free = [port.url for port in ports if port.may_listen and port.url not in taken]
    if free:
        time = f"{seconds:.0f} s"
        report.note(tr(f"listening to the line, for {time}", f"écoute de la ligne, pendant {time}"))
    with ThreadPoolExecutor(max(len(ports), 1)) as pool:
        results = pool.map(lambda url: listen(url, config.mode, seconds, open_port), free)
        received = dict(zip(free, results, strict=True))
    findings: list[Finding] = []
    for port in ports:
        if port.url in received:
            findings += diagnose_line(received[port.url])
        elif port.url in taken and service.online and service.health:
            findings += diagnose_reported_line(service, port.url)
        elif port.url in taken:
            findings.append(TEXTS.finding("port_unpublished", port=port.url))
    return findings, {meter for line in received.values() for meter in line.meters}


def _is_in_use(port: PortFacts, service: ServiceFacts) -> bool:
    """Return whether the running reader reads this port: then no other program may."""
    if is_simulated(port.url) or not port.exists:
        return False
    # Without sudo we cannot see which process has the port open, but we see that the reader runs.
    line = service.line(port.url) or {}
    return port.reader is not None or service.local or (service.online and bool(line.get("open")))


def _topics_of_health(config: ReaderConfig, storers: Sequence[str] = ()) -> list[str]:
    """Return what is published about the reader; the reader may read the status of storers one by one, or of all."""
    topics, name = Topics(config.mqtt.topic), config.name
    status = [topics.status("storer", storer) for storer in ("+", *storers)]
    return [topics.status("reader", name), topics.health("reader", name), *status]


def _ask_for_rights(
    config: ReaderConfig, addresses: set[str], storers: Sequence[str], filters: Sequence[str]
) -> BrokerFacts:
    topics, prefix = Topics(config.mqtt.topic), config.home_assistant.prefix
    meters = sorted(addresses) or [_SOME_METER]
    publish = [topics.health("reader", config.name), topics.status("reader", config.name)]
    subscribe = [topics.status("storer", "+"), *filters]
    if not config.port:
        publish.append(topics.ports("reader", config.name))
        subscribe += [topics.ports("monitor", "+"), *FILTERS]
    for meter in meters:
        publish += [topics.frame(meter), topics.replay(meter), topics.tally(meter)]
        publish += [topics.state(meter), topics.link(meter)]
        subscribe.append(topics.stored(meter))
    if config.home_assistant.discovery:
        devices = [device_topic(prefix, meter) for meter in meters]
        publish += devices
        subscribe += [*devices, birth_topic(prefix)]
    facts = probe_broker(
        config.mqtt,
        publish=publish,
        subscribe=subscribe,
        extra_topics=_topics_of_health(config, storers),
        seconds=_QUICK,
    )
    return replace(facts, denied=_as_rules(facts.denied, meters), refused=_as_rules(facts.refused, meters))


def _as_rules(topics: Sequence[str], meters: Sequence[str]) -> tuple[str, ...]:
    """Write topics as in the broker's access rules."""
    rules = (re.sub(rf"\b(teleinfo_)?({'|'.join(map(re.escape, meters))})\b", "+", topic) for topic in topics)
    return tuple(dict.fromkeys(rules))
