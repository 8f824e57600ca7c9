"""The command `teleinfo-monitor check`."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote

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
from monitor.answers.houses import newest
from monitor.doctor.alerts import diagnose_alerts
from monitor.doctor.page import diagnose_page, probe_page
from monitor.doctor.probe import DatabaseFacts, probe
from monitor.prices.calendar_files import load_calendars
from monitor.prices.check import Issue, check_prices
from monitor.prices.colour_file import read_colours
from monitor.prices.table import load_prices, read_file
from monitor.readings.periods import ContractLine, House
from monitor.readings.sources import Source
from monitor.readings.tables import NewerTables, open_tables
from monitor.report.commands import describe
from monitor.settings.config import MonitorConfig, MonitorMqtt
from monitor.text.formats import Formats

PROGRAM, _STORER = "teleinfo-monitor", "teleinfo-storer"
_NEEDS = Needs(program=PROGRAM, account="teleinfo-monitor", rights=("SELECT", "SHOW VIEW"), page="docs/energy.md")
_LATE = timedelta(minutes=30)  # rollups are final 15 minutes after a frame
_SECONDS = 2.0  # retained messages come at once
_MANY_LATE = 1000  # hours that wait to be rolled up again


def check(path: Path, report: Report, now: datetime | None = None) -> int:
    """Print the findings; return 0, 1 when there is a problem, 2 when it is the configuration."""
    now = now or datetime.now(UTC)
    config = read_config(MonitorConfig, path, PROGRAM, report)
    if config is None:
        return NOT_CONFIGURED
    report.show([ok(SUBJECT, f"{path}: time zone {config.time_zone.key}")])
    secrets: dict[str, Secret | Broker] = {"database": config.database}
    if config.mqtt is not None:
        secrets["mqtt"] = config.mqtt
    report.show(diagnose_secrets(secrets, path))
    report.show(diagnose_page(probe_page(config)))
    report.show(diagnose_alerts(config, path))
    report.show(_diagnose_prices(config, path, now))
    report.show(_diagnose_database(config, now))
    if config.mqtt is not None:
        report.note(f"listening to the broker, for {_SECONDS:.0f} s")
        report.show(_diagnose_broker(config.mqtt, now, config.meters))
    else:
        report.show([notice("Broker", "not configured: the page has no live values", "add `mqtt` to the file")])
    return report.end()


def _diagnose_broker(settings: MonitorMqtt, now: datetime, houses: Sequence[House]) -> Iterator[Finding]:
    topics = Topics(settings.topic)
    wanted = [topics.state("+"), topics.link("+"), topics.frame("+"), topics.stored("+")]
    for program in ("reader", "storer"):
        wanted += [topics.status(program, "+"), topics.health(program, "+")]
    facts = probe_broker(settings, publish=[], subscribe=wanted, seconds=_SECONDS)
    yield from diagnose_broker(facts, now.timestamp())
    if facts.failure is not None:
        return
    meters = {name for message in facts.messages if (name := _meter(message.topic, topics)) is not None}
    if meters:
        yield ok("Meters", f"live: {_named(sorted(meters), houses)}")
    else:
        yield notice("Meters", "no state of a meter at the broker", "is teleinfo-reader running?")


def _meter(topic: str, topics: Topics) -> str | None:
    meter = topic.removeprefix(f"{topics.base}/").partition("/")[0]
    return meter if topic == topics.state(meter) else None


def _diagnose_prices(config: MonitorConfig, path: Path, now: datetime) -> Iterator[Finding]:
    commands = here(PROGRAM)
    try:
        prices = load_prices(config.prices, path.parent, config.spot)
    except ConfigError as error:
        yield problem("Prices", str(error), f"correct the file; {commands.run(PROGRAM, 'prices')} shows what is known")
        return
    if config.tempo is not None:
        try:
            read_colours(read_file(config.tempo), str(config.tempo))
        except ConfigError as error:
            yield problem("Tempo", str(error), "correct the file, or `tempo`")
            return
    try:
        load_calendars(None, config.calendars, prices, alsace_moselle=config.alsace_moselle)
    except ConfigError as error:
        yield problem("Calendars", str(error), "correct the file, or `calendars`")
        return
    today = now.astimezone(config.time_zone).date()
    found = [one for one in check_prices(prices, today, config.contracts) if one.issue is not Issue.HOLE]
    formats = Formats("en", config.time_zone)
    for one in found:
        what = describe(one, formats)
        if one.issue in (Issue.UNKNOWN, Issue.MISSING):
            yield problem("Prices", what, f"{commands.run(PROGRAM, 'prices show --all')} shows what is known")
        else:
            yield notice("Prices", what)
    if not found:
        newest = prices.newest_before(today)
        yield ok("Prices", f"{plural(len(prices.offers), 'offer')}; the newest from {newest}")


def _diagnose_database(config: MonitorConfig, now: datetime) -> Iterator[Finding]:
    database = Database(config.database)
    try:
        with closing(open_tables(database)) as connection:
            facts = probe(connection)
    except NewerTables as error:
        yield problem("Database", str(error), "docs/installation.md says how")
        return
    except DatabaseError as error:
        yield diagnose_refusal(refusal_of(config.database, error), _NEEDS)
        return
    yield from diagnose(facts, database.where, now, config.meters)
    yield from diagnose_contracts(config.contracts, facts.meters)
    yield from diagnose_houses(config.meters, facts.meters)
    yield from diagnose_sources(facts.sources, facts.meters, config.meters)


def diagnose_houses(houses: Sequence[House], meters: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each address of `meters` that is none of the database's."""
    for address in [address for house in houses for address in (house.address, *house.replaced)]:
        if meters and address not in meters:
            yield notice(
                "Meters",
                f"no meter {address} is in the database: its entry in `meters` has no effect",
                f"correct its address in `meters`; there are {', '.join(meters)}",
            )


def diagnose_sources(sources: Iterable[Source], meters: Sequence[str], houses: Sequence[House]) -> Iterator[Finding]:
    """Yield a finding for each source that is behind none of the database's meters, and so shown nowhere."""
    homes = {newest(address, houses) for address in meters}
    for source in sources if meters else ():
        if source.meter is None and len(homes) > 1:
            what = f"{source.name} names no meter, and there are several: it is shown with none of them"
        elif source.meter is not None and newest(source.meter, houses) not in homes:
            what = f"{source.name}: no meter {source.meter} is in the database: it is shown nowhere"
        else:
            continue
        forget = here(_STORER).run(_STORER, f"sources --forget {quote(source.name)}")
        fix = f"set its `meter` in storer.yaml, there are {', '.join(meters)}; or, if it is no longer used: {forget}"
        yield notice("Sources", what, fix)


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


def diagnose_contracts(contracts: Sequence[ContractLine], meters: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each meter of the user's lines that is none of the database's."""
    for meter in sorted({line.meter for line in contracts} - set(meters)) if meters else []:
        yield notice(
            "Contracts",
            f"no meter {meter} is in the database: its lines in `contracts` have no effect",
            f"correct its address in `contracts`; there are {', '.join(meters)}",
        )


def diagnose(facts: DatabaseFacts, where: str, now: datetime, houses: Sequence[House] = ()) -> Iterator[Finding]:
    """Turn what a database answered into findings."""
    yield ok("Database", f"{where}: MariaDB {facts.version}, as {facts.account}")
    if facts.can_write:
        yield notice(
            "Database",
            f"{facts.account} may write ({', '.join(facts.can_write)}): the monitor only reads",
            "use the account of mariadb/monitor.sql",
        )
    if not facts.has_rollups:
        yield problem("Rollups", "the tables are not there", "start teleinfo-storer of this version: it makes them")
        return
    if facts.meters:
        yield ok("Meters", _named(facts.meters, houses))
    else:
        yield notice("Meters", "no meter yet", f"{here(_STORER).run(_STORER, 'check')} says why")
    yield from _diagnose_rollups(facts, now)


def _diagnose_rollups(facts: DatabaseFacts, now: datetime) -> Iterator[Finding]:
    if facts.up_to is None:
        yield notice("Rollups", "nothing has been rolled up yet", "start teleinfo-storer: it does so once a minute")
        return
    behind = facts.last_frame is not None and facts.last_frame - facts.up_to > _LATE
    if behind:
        yield problem(
            "Rollups",
            f"they end {format_days((now - facts.up_to) / timedelta(days=1))} ago, although frames have come since",
            f"{here(_STORER).run(_STORER, 'check')} says why; its log: {here(_STORER).log(_STORER)}",
        )
    many = facts.late_hours > _MANY_LATE
    if many:
        yield notice("Rollups", f"{facts.late_hours} hours wait to be rolled up again after late frames")
    if facts.rebuilding:
        yield notice("Rollups", "hours of the past are being rebuilt: their figures may still change")
    if not (behind or many or facts.rebuilding):
        yield ok("Rollups", f"up to {facts.up_to:%Y-%m-%d %H:%M} UTC")
