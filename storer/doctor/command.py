"""The command `teleinfo-storer check`: diagnoses everything that a storer needs, and suggests fixes."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.deployment import here
from common.doctor.broker import diagnose_broker, probe_broker
from common.doctor.broker_probe import Received
from common.doctor.config_file import SUBJECT, diagnose_secrets, read_config
from common.doctor.findings import NOT_CONFIGURED, Finding, Report, notice, ok, problem
from common.doctor.formatting import format_days
from common.host import Host
from common.plural import plural
from common.runtime.cli import UTC_TIMES
from common.topics import Topics
from storer.config import StorerConfig
from storer.doctor.database import diagnose_database, probe_databases

PROGRAM, _READER = "teleinfo-storer", "teleinfo-reader"
SECONDS = 6.0  # longer than any meter takes for a frame
STORER, READERS = "Storer", "Readers"
_SOME_METER = "000000000000"  # stands for the meter in topics


def add_parser(commands: "argparse._SubParsersAction[Any]", config: Path) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "check", help="diagnose broker, database, readers and disk, and suggest fixes", epilog=UTC_TIMES
    )
    parser.add_argument("--config", type=Path, default=config, metavar="FILE", help=f"default: {config}")
    parser.set_defaults(command=lambda arguments: check(arguments.config, Report(sys.stdout)))


def check(path: Path, report: Report, machine: Host | None = None, *, seconds: float = SECONDS) -> int:
    """Print the findings; return 0, 1 when there is a problem, 2 when it is the configuration."""
    config, findings = read_config(StorerConfig, path, PROGRAM)
    if config is None:
        report.show(findings)
        report.end()
        return NOT_CONFIGURED
    base = ", ".join(config.mqtt.topic)
    report.show([ok(SUBJECT, f"{path}: storer {config.name}, broker {config.mqtt.host}, frames below {base}")])
    report.show(diagnose_secrets({"mqtt": config.mqtt, "database": config.database}, path))
    now = datetime.now(UTC)
    for database in probe_databases(config.database, now):
        report.show(diagnose_database(database, now))

    report.note(f"listening to the broker, for {seconds:.0f} s")
    topics = [Topics(name) for name in config.mqtt.topic]
    broker = probe_broker(
        config.mqtt,
        publish=_topics_to_publish(config, topics),
        subscribe=_topics_to_subscribe(topics),
        extra_topics=_extra_topics(config, topics),
        seconds=seconds,
    )
    report.show(diagnose_broker(broker, time.time()))
    if broker.failure is None:
        local = (machine or Host()).running(PROGRAM, path) is not None
        facts = gather(config.name, topics, broker.messages, seconds=seconds, local=local)
        report.show([*diagnose_storer(facts), *diagnose_readers(facts)])
    return report.end()


def _topics_to_publish(config: StorerConfig, topics: Iterable[Topics]) -> list[str]:
    first = Topics(config.mqtt.topic[0])
    names = [first.health("storer", config.name), first.rejected]
    for base in topics:
        names += [base.stored(_SOME_METER), base.status("storer", config.name)]
    return names


def _topics_to_subscribe(topics: Iterable[Topics]) -> list[str]:
    return [name for base in topics for name in (base.frame("+"), base.replay("+"), base.tally("+"))]


def _extra_topics(config: StorerConfig, topics: Iterable[Topics]) -> list[str]:
    return [
        name
        for base in topics
        for name in (
            base.status("reader", "+"),
            base.link("+"),
            base.status("storer", config.name),
            base.health("storer", config.name),
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorerFacts:
    """What the storer and its readers published."""

    name: str
    seconds: float
    status: str = ""  # empty if there is none, or we may not read it
    returned: int = 0  # times it came online while we listened
    health: Mapping[str, Any] = field(default_factory=dict)
    local: bool = False  # a storer runs on this machine
    readers: Mapping[str, str] = field(default_factory=dict)  # status by name
    links: Mapping[str, str] = field(default_factory=dict)  # by meter
    live: Mapping[str, int] = field(default_factory=dict)  # frames, by meter
    replayed: int = 0


def gather(
    name: str, topics: Iterable[Topics], messages: Iterable[Received], *, seconds: float, local: bool
) -> StorerFacts:
    """Collect the facts from messages; what is not valid is ignored."""
    bases = list(topics)
    status, health, returned, replayed = "", {}, 0, 0
    readers, links = {}, {}
    live: Counter[str] = Counter()
    for message in messages:
        text = message.payload.decode("utf-8", "replace")
        base = next((base for base in bases if message.topic.startswith(f"{base.base}/")), bases[0])
        match message.topic.removeprefix(f"{base.base}/").split("/"):
            case ["reader", reader, "status"]:
                readers[reader] = text
            case ["storer", storer, "status"] if storer == name:
                status = str(message.fields.get("status", ""))
                returned += status == "online" and not message.retained
            case ["storer", storer, "health"] if storer == name:
                health = message.fields
            case [meter, "link"]:
                links[meter] = text
            case [meter, "frame"]:
                live[meter] += 1
            case [_, "replay"]:
                replayed += 1
            case _:
                pass
    return StorerFacts(
        name=name,
        seconds=seconds,
        status=status,
        returned=returned,
        health=health,
        local=local,
        readers={reader: status for reader, status in readers.items() if status},
        links={meter: link for meter, link in links.items() if link},
        live=live,
        replayed=replayed,
    )


def diagnose_storer(facts: StorerFacts) -> list[Finding]:
    """Return the findings about the storer itself."""
    count = facts.health.get("taken_over")
    taken_over = count if isinstance(count, int) else 0
    if facts.returned > 1 or taken_over > 1:
        times = (
            f"connected {facts.returned} times in {facts.seconds:.0f} s"
            if facts.returned > 1
            else f"{taken_over} times recently"
        )
        return [
            problem(
                STORER,
                f"two storers use the name {facts.name} and disconnect each other (client id conflict): {times}",
                "give one of them another name in its storer.yaml, and restart it",
            )
        ]
    if taken_over:
        return [
            notice(
                STORER,
                f"{facts.name} is running, but another client with the same client id has just connected to the broker",
                f"is a second storer named {facts.name} running somewhere? Check again in a minute",
            )
        ]
    log = f"look for the reason in its log: {here(PROGRAM).log(PROGRAM)}"
    if facts.status == "stalled":
        return [
            problem(
                STORER,
                f"{facts.name} is running, but cannot reach its database",
                "see the findings about the database above",
            )
        ]
    if facts.status == "online":
        uptime = facts.health.get("uptime")
        since = f", for {format_days(uptime / 86400)}" if isinstance(uptime, int) else ""
        counts = ""
        if facts.health.get("stored"):
            counts = f"; {plural(facts.health['stored'], 'frame')} stored since its start"
        return [ok(STORER, f"{facts.name} is running and connected{since}{counts}")]
    if facts.local:
        report = problem if facts.status else notice
        state = f"its status at the broker is {facts.status}" if facts.status else "the broker has no status of it"
        return [report(STORER, f"the storer runs here, but {state}", log)]
    return [
        problem(
            STORER,
            f"{facts.name} is not running",
            f"start it: {here(PROGRAM).start(PROGRAM)}; if it stops again, {log}",
        )
    ]


def diagnose_readers(facts: StorerFacts) -> list[Finding]:
    """Return the findings about readers and meters."""
    findings = []
    for name, status in sorted(facts.readers.items()):
        if status == "online":
            findings.append(ok(READERS, f"{name} is online"))
        else:
            # A reader that was renamed leaves its old status behind.
            report = notice if "online" in facts.readers.values() else problem
            findings.append(
                report(
                    READERS,
                    f"{name} is {status}",
                    f"on its machine: {here(_READER).run(_READER, 'check')}; if it was removed: {_forget(name)}",
                )
            )
    # A meter that was replaced leaves its old link behind.
    report = notice if facts.live else problem
    findings += [
        report(
            READERS,
            f"no more frames from the meter {meter}",
            f"on the reader's machine: {here(_READER).run(_READER, 'check')}; if it was removed: {_forget(meter)}",
        )
        for meter, link in sorted(facts.links.items())
        if link == "offline" and not facts.live.get(meter) and "online" in facts.readers.values()
    ]
    if facts.live:
        rates = (f"{meter} {count / facts.seconds:.1f} per second" for meter, count in sorted(facts.live.items()))
        findings.append(ok(READERS, f"frames arrive: {', '.join(rates)}"))
    elif "online" in facts.links.values():
        findings.append(
            problem(
                READERS,
                f"a meter is online, but no frame arrived within {facts.seconds:.0f} s",
                "allow the storer to read teleinfo/+/frame, teleinfo/+/replay and teleinfo/+/tally in the broker's"
                " access rules; mosquitto reports no error when this right is missing",
            )
        )
    elif not findings:
        findings.append(
            problem(
                READERS,
                f"no reader has been seen, and no frame arrived within {facts.seconds:.0f} s",
                f"start a reader for this broker, with the same mqtt.topic: {here(_READER).start(_READER)}; if one"
                " runs, allow the storer to read teleinfo/+/frame in the broker's access rules",
            )
        )
    if facts.replayed:
        findings.append(ok(READERS, f"{plural(facts.replayed, 'frame')} replayed from the reader's spool or memory"))
    return findings


def _forget(name: str) -> str:
    return here(_READER).run(_READER, f"forget {name}")
