"""The command `teleinfo-monitor check`."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from common.check.broker import diagnose_broker
from common.check.broker_probe import probe_broker
from common.check.config_file import diagnose_secrets, read_config
from common.check.findings import NOT_CONFIGURED, Finding, Report, count, report_to
from common.contract.topics import Topics
from common.errors import ConfigError
from common.machine.deployment import here
from common.runtime.cli import chosen_language
from common.settings.config import Broker, Secret
from common.settings.language import tr
from monitor.base.config import MonitorConfig, MonitorMqtt
from monitor.base.formats import Formats
from monitor.base.french import TEXTS as CONFIGURATION
from monitor.base.household import House
from monitor.money.calendars import load_calendars
from monitor.money.dated_files import read_colours, read_file
from monitor.money.price_check import Issue, check_prices, describe
from monitor.money.price_files import load_prices
from monitor.money.prices import PriceTable
from monitor.places.status.check_alerts import diagnose_alerts
from monitor.places.status.check_database import check_database, named
from monitor.places.status.check_page import diagnose_page, probe_page
from monitor.places.status.check_texts import PROGRAM, TEXTS

_SECONDS = 2.0  # retained messages come at once


def run_check(arguments: argparse.Namespace) -> int:
    """Check the configuration that was given."""
    return check(arguments.config, report_to(arguments), language=chosen_language(arguments))


def check(path: Path, report: Report, now: datetime | None = None, language: str = "en") -> int:
    """Print the findings; return 0, 1 when there is a problem, 2 when it is the configuration."""
    now = now or datetime.now(UTC)
    config = read_config(MonitorConfig, path, PROGRAM, report, CONFIGURATION)
    if config is None:
        return NOT_CONFIGURED
    report.show([TEXTS.finding("config_ok", path=path, zone=config.time_zone.key)])
    secrets: dict[str, Secret | Broker] = {"database": config.database}
    if config.mqtt is not None:
        secrets["mqtt"] = config.mqtt
    report.show(diagnose_secrets(secrets, path))
    report.show(diagnose_page(probe_page(config)))
    report.show(diagnose_alerts(config, path))
    report.show(_check_prices(config, path, now, language))
    report.show(check_database(config, now))
    if config.mqtt is not None:
        report.note(tr("listening to the broker, for", "écoute du serveur MQTT, pendant") + f" {_SECONDS:.0f} s")
        report.show(_check_broker(config.mqtt, now, config.meters))
    else:
        report.show([TEXTS.finding("broker_not_configured")])
    return report.end()


def _check_broker(settings: MonitorMqtt, now: datetime, houses: Sequence[House]) -> Iterator[Finding]:
    topics = Topics(settings.topic)
    wanted = [topics.state("+"), topics.link("+"), topics.frame("+"), topics.stored("+")]
    for program in ("reader", "storer"):
        wanted += [topics.status(program, "+"), topics.health(program, "+")]
    facts = probe_broker(settings, publish=[], subscribe=wanted, seconds=_SECONDS)
    yield from diagnose_broker(facts, now.timestamp())
    if facts.failure is not None:
        return
    names = (message.topic.removeprefix(f"{topics.base}/").partition("/")[0] for message in facts.messages)
    meters = {name for name, message in zip(names, facts.messages, strict=True) if message.topic == topics.state(name)}
    yield TEXTS.finding("meters_live" if meters else "meters_not_live", meters=named(sorted(meters), houses))


def _check_prices(config: MonitorConfig, path: Path, now: datetime, language: str) -> Iterator[Finding]:
    key = "prices_unreadable"
    try:
        prices = load_prices(config.prices, path.parent, config.spot)
        if config.tempo is not None:
            key = "tempo_unreadable"
            read_colours(read_file(config.tempo), str(config.tempo))
        key = "calendars_unreadable"
        load_calendars(None, config.calendars, prices, alsace_moselle=config.alsace_moselle)
    except ConfigError as error:
        show = here(PROGRAM).run(PROGRAM, "prices")
        yield TEXTS.finding(key, why=TEXTS.translated(str(error)), show=show)
    else:
        yield from diagnose_prices(prices, config, now.astimezone(config.time_zone).date(), language)


def diagnose_prices(prices: PriceTable, config: MonitorConfig, today: date, language: str) -> Iterator[Finding]:
    """Yield what is wrong with prices, in a language."""
    found = [one for one in check_prices(prices, today, config.contracts) if one.issue is not Issue.HOLE]
    for one in found:
        what = describe(one, Formats(language, config.time_zone))
        if one.issue in (Issue.UNKNOWN, Issue.MISSING, Issue.POWER):
            yield TEXTS.finding("prices_wrong", what=what, show_all=here(PROGRAM).run(PROGRAM, "prices show --all"))
        else:
            yield TEXTS.finding("prices_to_note", what=what)
    if not found:
        offers = count(len(prices.offers), "offer", "offre")
        yield TEXTS.finding("prices_ok", offers=offers, day=prices.newest_before(today))
