"""The command `teleinfo-reader check`: diagnoses everything that a reader needs, and suggests fixes."""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from common.contract.topics import Topics
from common.doctor.broker import diagnose_broker
from common.doctor.broker_facts import BrokerFacts, listen_to_broker, probe_broker
from common.doctor.broker_probe import Received
from common.doctor.config_file import SUBJECT, diagnose_secrets, read_config
from common.doctor.findings import NOT_CONFIGURED, Finding, Report, notice, ok
from common.machine.deployment import here
from common.machine.host import Host
from common.runtime.cli import between
from reader.config import ReaderConfig, is_simulated
from reader.doctor.delivery import diagnose_delivery
from reader.doctor.line import LineFacts, diagnose_line, listen
from reader.doctor.port import PROGRAM, PortFacts, diagnose_port, probe_port
from reader.doctor.service import (
    LINE,
    ServiceFacts,
    diagnose_reported_line,
    diagnose_service,
    gather,
)
from reader.doctor.storage import diagnose_storage, probe_storage
from reader.home_assistant.device_message import device_topic
from reader.home_assistant.publisher import birth_topic
from reader.line.port import open_port

SECONDS = 12  # four seconds to try the other speed, then two of the longest frames of historic mode
_QUICK = 0.7  # seconds; retained messages arrive at once
_SOME_METER = "000000000000"  # stands for the meter in topics while none is known


def declare_check(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config`."""
    text = f"how long to listen to the line: {SECONDS}"
    parser.add_argument("--seconds", type=between(1, 300), default=SECONDS, metavar="N", help=text)
    parser.set_defaults(command=lambda arguments: check(arguments.config, arguments.seconds, Report(sys.stdout)))


def check(path: Path, seconds: float, report: Report, machine: Host | None = None) -> int:
    """Print the findings; return 0, 1 when there is a problem, 2 when it is the configuration."""
    config = read_config(ReaderConfig, path, PROGRAM, report)
    if config is None:
        return NOT_CONFIGURED
    _Check(config, path, seconds, report, machine or Host()).run()
    return report.end()


def _as_rules(topics: Sequence[str], meters: Sequence[str]) -> tuple[str, ...]:
    """Write topics as in the broker's access rules."""
    rules = (re.sub(rf"\b(teleinfo_)?({'|'.join(map(re.escape, meters))})\b", "+", topic) for topic in topics)
    return tuple(dict.fromkeys(rules))


class _Check:
    def __init__(self, config: ReaderConfig, path: Path, seconds: float, report: Report, machine: Host) -> None:
        self._config = config
        self._path = path
        self._seconds = seconds
        self._report = report
        self._machine = machine
        self._topics = Topics(config.mqtt.topic)
        self._running = machine.running(PROGRAM, path) is not None
        self._user = machine.user(PROGRAM, path)
        self._meters: set[str] = set()

    def run(self) -> None:
        config, show = self._config, self._report.show
        ports = ", ".join(config.port)
        show([ok(SUBJECT, f"{self._path}: reader {config.name}, port {ports}, broker {', '.join(config.mqtt.hosts)}")])
        show(diagnose_secrets({"mqtt": config.mqtt}, self._path))

        # A running reader uses the port; it publishes to the broker what it receives there.
        quick_probe = probe_broker(
            config.mqtt, publish=(), subscribe=(), extra_topics=self._extra_topics(), seconds=_QUICK
        )
        service = self._service(quick_probe.messages, _QUICK)
        facts = [probe_port(port, self._machine, self._user) for port in config.port]
        in_use = [self._is_in_use(port, service) for port in facts]
        show([finding for port in facts for finding in diagnose_port(port)])
        if any(in_use) and service.online:
            self._report.note(f"collecting reports of the running reader, for {self._seconds:.0f} s")
            messages = listen_to_broker(config.mqtt, self._extra_topics(service), self._seconds)
            service = self._service(messages, self._seconds)
        show(diagnose_service(service) if quick_probe.failure is None else [])
        show(self._check_lines(facts, in_use, service))

        broker = quick_probe if quick_probe.failure else self._ask_for_rights(service)
        show(diagnose_broker(broker, time.time()))
        if broker.failure is None:
            show(diagnose_delivery(self._latest(service, broker), config.delivery.confirmed_by, datetime.now(UTC)))
        show(diagnose_storage(probe_storage(config, self._machine, self._user)))

    def _is_in_use(self, port: PortFacts, service: ServiceFacts) -> bool:
        """Return whether the running reader reads this port: then nobody else may."""
        if is_simulated(port.url):
            return False
        # Without sudo we cannot see which process has the port open, but we see that the reader runs.
        if port.reader is not None or self._running:
            return True
        line = service.line(port.url)
        return service.online and line is not None and bool(line.get("open"))

    def _check_lines(self, ports: Sequence[PortFacts], in_use: Sequence[bool], service: ServiceFacts) -> list[Finding]:
        free = [port for port, taken in zip(ports, in_use, strict=True) if port.may_listen and not taken]
        if free:
            self._report.note(f"listening to the line, for {self._seconds:.0f} s")
        line_facts = self._listen([port.url for port in free])
        self._meters = {meter for facts in line_facts.values() for meter in facts.meters}
        findings: list[Finding] = []
        for port, taken in zip(ports, in_use, strict=True):
            if not port.exists:
                continue
            if port.url in line_facts:
                findings += diagnose_line(line_facts[port.url])
            elif taken and service.online and service.health:
                findings += diagnose_reported_line(service, port.url)
            elif taken:
                findings.append(
                    notice(
                        LINE,
                        f"the running reader uses {port.url}, but nothing about it is published at the broker",
                        f"to check the line itself: {here(PROGRAM).stop(PROGRAM)}, check, then start the reader again",
                    )
                )
        return findings

    def _listen(self, urls: Sequence[str]) -> dict[str, LineFacts]:
        if not urls:
            return {}
        with ThreadPoolExecutor(len(urls)) as pool:
            found = pool.map(lambda url: listen(url, self._config.mode, self._seconds, open_port), urls)
            return dict(zip(urls, found, strict=True))

    # -- the broker ----------------------------------------------------------------------------------------------------

    def _extra_topics(self, service: ServiceFacts | None = None) -> list[str]:
        """Return exact topics of the meters and storers that the reader reports: it may read no others."""
        topics, name = self._topics, self._config.name
        meters = [] if service is None else self._known_meters(service)
        storers = [] if service is None else service.confirmed_by
        return [
            topics.status("reader", name),
            topics.health("reader", name),
            topics.status("storer", "+"),
            *(topics.status("storer", storer) for storer in sorted(storers)),
            *(topic for meter in meters for topic in (topics.link(meter), topics.stored(meter), topics.frame(meter))),
        ]

    def _known_meters(self, service: ServiceFacts) -> list[str]:
        """Return the meters on the lines, as found by this check or reported by the running reader."""
        return sorted(self._meters | service.meters)

    def _service(self, messages: Sequence[Received], seconds: float) -> ServiceFacts:
        return gather(self._config.name, self._topics, messages, seconds=seconds, local=self._running)

    def _ask_for_rights(self, service: ServiceFacts) -> BrokerFacts:
        config, topics = self._config, self._topics
        meters = self._known_meters(service) or [_SOME_METER]
        publish = [topics.health("reader", config.name), topics.status("reader", config.name)]
        for meter in meters:
            publish += [topics.frame(meter), topics.replay(meter), topics.tally(meter)]
            publish += [topics.state(meter), topics.link(meter)]
            if config.home_assistant.discovery:
                publish.append(device_topic(config.home_assistant.prefix, meter))
        subscribe = [topics.stored(meter) for meter in meters] + [topics.status("storer", "+")]
        if config.home_assistant.discovery:
            subscribe += [device_topic(config.home_assistant.prefix, meter) for meter in meters]
            subscribe += [birth_topic(config.home_assistant.prefix)]
        facts = probe_broker(
            config.mqtt, publish=publish, subscribe=subscribe, extra_topics=self._extra_topics(service), seconds=_QUICK
        )
        return replace(facts, denied=_as_rules(facts.denied, meters), refused=_as_rules(facts.refused, meters))

    def _latest(self, service: ServiceFacts, broker: BrokerFacts) -> ServiceFacts:
        """Return the latest state, with what only the longer listening before can show."""
        latest = self._service(broker.messages, _QUICK)
        return replace(latest, confirmed=latest.confirmed or service.confirmed)
