"""The command `teleinfo-monitor check`."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.contract.topics import Topics
from common.database.mariadb import Database
from common.doctor.broker import diagnose_broker
from common.doctor.broker_facts import probe_broker
from common.doctor.config_file import SUBJECT, diagnose_secrets, read_config
from common.doctor.database import Needs, diagnose_refusal, refusal_of
from common.doctor.findings import NOT_CONFIGURED, Finding, Report, notice, ok, problem
from common.doctor.formatting import format_days
from common.errors import ConfigError, DatabaseError
from common.machine.deployment import here
from common.plural import plural
from common.settings.config import Broker, Secret
from monitor.config import MonitorConfig, MonitorMqtt
from monitor.doctor.page import diagnose_page, probe_page
from monitor.doctor.probe import DatabaseFacts, probe
from monitor.prices.check import Issue, PriceProblem, check_prices
from monitor.prices.colour_file import read_colours
from monitor.prices.table import load_prices, read_file
from monitor.readings.periods import ContractLine, House

PROGRAM, _STORER = "teleinfo-monitor", "teleinfo-storer"
_NEEDS = Needs(program=PROGRAM, account="teleinfo-monitor", rights=("SELECT", "SHOW VIEW"), page="docs/energy.md")
_LATE = timedelta(minutes=30)  # rollups are final 15 minutes after a frame
_SECONDS = 2.0  # retained messages come at once
_MANY_LATE = 1000  # hours that wait to be rolled up again


def check(path: Path, report: Report, describe: Callable[[PriceProblem], str], now: datetime | None = None) -> int:
    """Print the findings; return 0, 1 when there is a problem, 2 when it is the configuration."""
    now = now or datetime.now(UTC)
    config, findings = read_config(MonitorConfig, path, PROGRAM)
    if config is None:
        report.show(findings)
        report.end()
        return NOT_CONFIGURED
    report.show([ok(SUBJECT, f"{path}: days of {config.time_zone.key}")])
    secrets: dict[str, Secret | Broker] = {"database": config.database}
    if config.mqtt is not None:
        secrets["mqtt"] = config.mqtt
    report.show(diagnose_secrets(secrets, path))
    report.show(diagnose_page(probe_page(config)))
    report.show(_diagnose_prices(config, path, describe, now))
    report.show(_diagnose_database(config, now))
    if config.mqtt is not None:
        report.note(f"listening to the broker, for {_SECONDS:.0f} s")
        report.show(_diagnose_broker(config.mqtt, now, config.meters))
    else:
        report.show([notice("Broker", "not configured: the page has no live values", "add `mqtt` to the file")])
    return report.end()


def _diagnose_broker(settings: MonitorMqtt, now: datetime, houses: Sequence[House]) -> list[Finding]:
    topics = Topics(settings.topic)
    wanted = [topics.state("+"), topics.link("+"), topics.frame("+"), topics.stored("+")]
    for program in ("reader", "storer"):
        wanted += [topics.status(program, "+"), topics.health(program, "+")]
    facts = probe_broker(settings, publish=[], subscribe=wanted, seconds=_SECONDS)
    findings = diagnose_broker(facts, now.timestamp())
    if facts.failure is not None:
        return findings
    meters = {name for message in facts.messages if (name := _meter(message.topic, topics)) is not None}
    if meters:
        return [*findings, ok("Meters", f"live: {_named(sorted(meters), houses)}")]
    return [*findings, notice("Meters", "no state of a meter at the broker", "does teleinfo-reader run?")]


def _meter(topic: str, topics: Topics) -> str | None:
    meter = topic.removeprefix(f"{topics.base}/").partition("/")[0]
    return meter if topic == topics.state(meter) else None


def _diagnose_prices(
    config: MonitorConfig, path: Path, describe: Callable[[PriceProblem], str], now: datetime
) -> list[Finding]:
    try:
        prices = load_prices(config.prices, path.parent, config.spot)
    except ConfigError as error:
        return [
            problem(
                "Prices", str(error), f"correct the file; {here(PROGRAM).run(PROGRAM, 'prices')} shows what is known"
            )
        ]
    if config.tempo is not None:
        try:
            read_colours(read_file(config.tempo), str(config.tempo))
        except ConfigError as error:
            return [problem("Tempo", str(error), "correct the file, or `tempo`")]
    today = now.astimezone(config.time_zone).date()
    found = [one for one in check_prices(prices, today, config.contracts) if one.issue is not Issue.HOLE]
    findings = [
        problem("Prices", describe(one), f"{here(PROGRAM).run(PROGRAM, 'prices show --all')} tells what is known")
        if one.issue in (Issue.UNKNOWN, Issue.MISSING)
        else notice("Prices", describe(one))
        for one in found
    ]
    newest = prices.newest_before(today)
    return findings or [ok("Prices", f"{plural(len(prices.offers), 'offer')}; the newest of {newest}")]


def _diagnose_database(config: MonitorConfig, now: datetime) -> list[Finding]:
    database = Database(config.database)
    try:
        with closing(database.connect()) as connection:
            facts = probe(connection)
    except DatabaseError as error:
        return [diagnose_refusal(refusal_of(config.database, error), _NEEDS)]
    return [
        *diagnose(facts, database.where, now, config.meters),
        *diagnose_contracts(config.contracts, facts.meters),
        *diagnose_houses(config.meters, facts.meters),
    ]


def diagnose_houses(houses: Sequence[House], meters: Sequence[str]) -> list[Finding]:
    """Return a finding for each address of `meters` that is none of the database's."""
    named = [address for house in houses for address in (house.address, *house.replaced)] if meters else []
    return [
        notice(
            "Meters",
            f"no meter {address} is in the database: `meters` names it for nothing",
            f"correct its address in `meters`; there are {', '.join(meters)}",
        )
        for address in named
        if address not in meters
    ]


def _named(meters: Sequence[str], houses: Sequence[House]) -> str:
    """Return meters with their names; those that were replaced with the one that did.

    >>> _named(["1", "2", "3"], [House("3", "Maison", ("2",))])
    '1, Maison (3, before it 2)'
    """
    gone = {address for house in houses for address in house.replaced}
    texts = {address: address for address in meters if address not in gone}
    for house in houses:
        before = f", before it {', '.join(house.replaced)}" if house.replaced else ""
        if house.address in texts or gone & {*house.replaced} & {*meters}:
            texts[house.address] = f"{house.name} ({house.address}{before})" if house.name else house.address + before
    return ", ".join(texts.values())


def diagnose_contracts(contracts: Sequence[ContractLine], meters: Sequence[str]) -> list[Finding]:
    """Return a finding for each meter of the user's lines that is none of the database's."""
    named = sorted({line.meter for line in contracts} - set(meters)) if meters else []
    return [
        notice(
            "Contracts",
            f"no meter {meter} is in the database: its lines count for nothing",
            f"correct its number in `contracts`; there are {', '.join(meters)}",
        )
        for meter in named
    ]


def diagnose(facts: DatabaseFacts, where: str, now: datetime, houses: Sequence[House] = ()) -> list[Finding]:
    """Turn what a database answered into findings."""
    findings = [ok("Database", f"{where}: MariaDB {facts.version}, as {facts.account}")]
    if facts.can_write:
        findings.append(
            notice(
                "Database",
                f"{facts.account} may write ({', '.join(facts.can_write)}): the monitor only reads",
                "use the account of mariadb/monitor.sql",
            )
        )
    if not facts.has_rollups:
        return [
            *findings,
            problem("Rollups", "the tables are not there", "start teleinfo-storer of this version: it makes them"),
        ]
    if not facts.meters:
        findings.append(
            notice("Meters", "no meter yet", f"does teleinfo-storer run? {here(_STORER).run(_STORER, 'check')} tells")
        )
    else:
        findings.append(ok("Meters", _named(facts.meters, houses)))
    return [*findings, *_diagnose_rollups(facts, now)]


def _diagnose_rollups(facts: DatabaseFacts, now: datetime) -> list[Finding]:
    if facts.up_to is None:
        return [notice("Rollups", "nothing was rolled up yet", "start teleinfo-storer: it does so once a minute")]
    findings = []
    lag = now - facts.up_to
    if facts.last_frame is not None and facts.last_frame - facts.up_to > _LATE:
        findings.append(
            problem(
                "Rollups",
                f"they end {format_days(lag / timedelta(days=1))} ago, frames came since",
                f"{here(_STORER).run(_STORER, 'check')} tells why; its log: {here(_STORER).log(_STORER)}",
            )
        )
    if facts.late_hours > _MANY_LATE:
        findings.append(notice("Rollups", f"{facts.late_hours} hours wait to be rolled up again after late frames"))
    if facts.rebuilding:
        findings.append(notice("Rollups", "hours of the past are being rebuilt: their figures may still change"))
    return findings or [ok("Rollups", f"up to {facts.up_to:%Y-%m-%d %H:%M} UTC")]
