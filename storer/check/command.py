"""The command `teleinfo-storer check`: diagnoses everything that a storer needs, and suggests fixes."""

import argparse
import contextlib
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from common.check.broker import diagnose_broker
from common.check.broker_probe import probe_broker
from common.check.config_file import diagnose_secrets, read_config
from common.check.findings import NOT_CONFIGURED, Report, report_to
from common.contract.sources import Source
from common.contract.topics import Topics
from common.database.mariadb import Database
from common.errors import DatabaseError
from common.machine.host import Host
from common.settings.language import tr
from storer.check.database import diagnose_database, probe_database
from storer.check.service import collect_facts, diagnose_readers, diagnose_storer
from storer.check.sources import diagnose_sources
from storer.check.texts import PROGRAM, TEXTS
from storer.config.options import StorerConfig
from storer.database.settings import read_saved

SECONDS = 6.0  # longer than any meter takes for a frame
_SOME_METER = "000000000000"  # stands for the meter in topics


def run_check(arguments: argparse.Namespace) -> int:
    """Check the configuration that was given."""
    return check(arguments.config, report_to(arguments))


def check(path: Path, report: Report, machine: Host | None = None, *, seconds: float = SECONDS) -> int:
    """Print the findings; return 0, 1 when there is a problem, 2 when it is the configuration."""
    config = read_config(StorerConfig, path, PROGRAM, report)
    if config is None:
        return NOT_CONFIGURED
    hosts, below = ", ".join(config.mqtt.hosts), ", ".join(config.mqtt.topic)
    report.show([TEXTS.finding("config_ok", path=path, name=config.name, hosts=hosts, topics=below)])
    report.show(diagnose_secrets({"mqtt": config.mqtt, "database": config.database}, path))
    for host in config.database.host:
        report.show(diagnose_database(probe_database(replace(config.database, host=(host,)))))

    report.note(tr("listening to the broker, for", "écoute du serveur MQTT, pendant") + f" {seconds:.0f} s")
    sources: tuple[Source, ...] = ()
    with contextlib.suppress(DatabaseError):  # which is a finding of its own
        sources = read_saved(Database(config.database)).sources
    topics = [Topics(name) for name in config.mqtt.topic]
    broker = probe_broker(
        config.mqtt,
        publish=_topics_to_publish(config, topics),
        subscribe=[*config.mqtt.filters(), *sorted(topic for one in sources for topic in one.topics)],
        extra_topics=_extra_topics(config, topics),
        seconds=seconds,
    )
    report.show(diagnose_broker(broker, time.time()))
    if config.mqtt.share is not None and broker.failure is None and not broker.limits.shared_subscriptions:
        report.show([TEXTS.finding("no_share")])
    if broker.failure is None:
        local = (machine or Host()).running(PROGRAM, path) is not None
        facts = collect_facts(config.name, topics, broker.messages, seconds=seconds, local=local)
        report.show([*diagnose_storer(facts), *diagnose_readers(facts)])
        report.show(diagnose_sources(sources, facts.health, datetime.now(UTC)))
    return report.end()


def _topics_to_publish(config: StorerConfig, topics: Iterable[Topics]) -> list[str]:
    first = Topics(config.mqtt.topic[0])
    names = [first.health("storer", config.name), first.rejected]
    for base in topics:
        names += [base.stored(_SOME_METER), base.status("storer", config.name)]
    return names


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
