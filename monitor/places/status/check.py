"""The command `teleinfo-monitor check`."""

import argparse
import contextlib
import http.client
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from common.check.broker import diagnose_broker
from common.check.broker_probe import probe_broker
from common.check.config_file import diagnose_secrets, is_readable_by_all, read_config
from common.check.database import Needs, diagnose_refusal, refusal_of
from common.check.findings import NOT_CONFIGURED, Finding, Report, count, report_to
from common.contract.topics import Topics
from common.database.mariadb import Connection, Database
from common.database.schema import account_of, held_rights, held_rights_on
from common.errors import ConfigError, DatabaseError, NotReady
from common.machine.deployment import here
from common.runtime.cli import chosen_language
from common.settings.config import Broker, Secret
from common.settings.language import format_days, tr
from monitor.base.config import MonitorConfig, MonitorMqtt, is_loopback
from monitor.base.formats import Formats
from monitor.base.french import TEXTS as CONFIGURATION
from monitor.base.household import House
from monitor.money.home import settings_now
from monitor.money.price_check import Issue, check_prices, describe
from monitor.money.prices import PriceTable
from monitor.places.status.check_alerts import diagnose_alerts
from monitor.places.status.check_fetch import diagnose_fetch
from monitor.places.status.check_texts import PROGRAM, TEXTS
from monitor.readings.meters import newest, unused
from monitor.readings.sources import Source, Sources
from monitor.readings.storage import NewerTables, open_tables
from monitor.web import password

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
    config, of_prices = _check_prices(config, now, language)
    report.show(diagnose_alerts(config, path))
    report.show(diagnose_fetch(config))
    report.show(of_prices)
    report.show(check_database(config, now))
    if config.mqtt is not None:
        report.note(tr("listening to the broker, for", "écoute du serveur MQTT, pendant") + f" {_SECONDS:.0f} s")
        report.show(_check_broker(config.mqtt, now, config.household.meters))
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


def _check_prices(config: MonitorConfig, now: datetime, language: str) -> tuple[MonitorConfig, list[Finding]]:
    """Return the configuration with the household that the database has, and the findings about its prices."""
    try:
        found = settings_now(config)
    except ConfigError as error:
        show = here(PROGRAM).run(PROGRAM, "prices")
        return config, [TEXTS.finding("prices_unreadable", why=TEXTS.translated(str(error)), show=show)]
    today = now.astimezone(config.time_zone).date()
    return found.config, list(diagnose_prices(found.prices, found.config, today, language))


def diagnose_prices(prices: PriceTable, config: MonitorConfig, today: date, language: str) -> Iterator[Finding]:
    """Yield what is wrong with prices, in a language."""
    found = [one for one in check_prices(prices, today, config.household.contracts) if one.issue is not Issue.HOLE]
    for one in found:
        what = describe(one, Formats(language, config.time_zone))
        if one.issue in (Issue.UNKNOWN, Issue.MISSING, Issue.POWER):
            yield TEXTS.finding("prices_wrong", what=what, show_all=here(PROGRAM).run(PROGRAM, "prices show --all"))
        else:
            yield TEXTS.finding("prices_to_note", what=what)
    if not found:
        offers = count(len(prices.offers), "offer", "offre")
        yield TEXTS.finding("prices_ok", offers=offers, day=prices.newest_before(today))


#: What is worded elsewhere, in English.


_TIMEOUT = 5.0  # seconds
_LARGEST = 1_000_000  # bytes of an answer
#: Addresses that stand for all of a machine, and where it reaches itself.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - they are only compared


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What is there of the page."""

    config: MonitorConfig
    has_password: bool = True  # else a code opens it
    password_error: str = ""  # why its file cannot be used
    readable_by_all: bool = False
    ours: bool | None = None  # what answers there is our page; None: nobody answers

    @property
    def url(self) -> str:
        """The address, as a browser on this machine takes it."""
        listen = self.config.listen
        host = _ANY.get(listen.host, listen.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{listen.port}{listen.prefix}/"


def probe_page(config: MonitorConfig) -> PageFacts:
    """Collect the facts; a page that is served is asked for its description, which needs no database."""
    file, error, readable = config.page_password, "", False
    has_password = config.password_file is not None or (file is not None and file.exists())
    if file is not None and has_password:
        try:
            error = "" if password.is_hash(password.read(file)) else password.plain(file)
            readable = is_readable_by_all(file)
        except NotReady as problem_of_file:
            error = str(problem_of_file)
    host = _ANY.get(config.listen.host, config.listen.host)
    ours = _ask(host, config.listen.port, config.listen.prefix)
    return PageFacts(
        config=config, has_password=has_password, password_error=error, readable_by_all=readable, ours=ours
    )


def diagnose_page(facts: PageFacts) -> Iterator[Finding]:
    """Turn the facts into findings."""
    listen, auth = facts.config.listen, facts.config.auth
    yield from _diagnose_password(facts)
    if facts.ours is None:
        yield TEXTS.finding("page_not_served", url=facts.url)
    elif not facts.ours:
        yield TEXTS.finding("page_port_used", port=listen.port, host=listen.host)
    else:
        yield TEXTS.finding(f"page_ok_{auth}", url=facts.url)


def _diagnose_password(facts: PageFacts) -> Iterator[Finding]:
    config, set_password = facts.config, TEXTS.translated(password.command())
    if config.auth == "none" and not is_loopback(config.listen.host):
        yield TEXTS.finding("page_open", host=config.listen.host)
    if config.auth != "password":
        return
    if not facts.has_password:
        yield TEXTS.finding("page_without_password", show_code=here(PROGRAM).run(PROGRAM, "password --code"))
    elif facts.password_error:
        why = TEXTS.translated(facts.password_error)
        yield TEXTS.finding("page_password_unusable", why=why, set_password=set_password)
    elif facts.readable_by_all:
        yield TEXTS.finding("page_password_readable", file=config.page_password)


def _ask(host: str, port: int, prefix: str) -> bool | None:
    """Return whether our page answers; None: nobody does."""
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    with contextlib.closing(connection):
        try:
            connection.connect()
        except OSError:
            return None
        try:
            connection.request("GET", f"{prefix}/api/v1/openapi.json")
            response = connection.getresponse()
            body = response.read(_LARGEST)
        except (OSError, http.client.HTTPException):
            return False
    kind = response.headers.get_content_type()
    # It may tell nothing to us but that it wants a password, or has none yet, or that we go round its proxy.
    described = response.status == http.HTTPStatus.OK and b'"openapi"' in body
    refused = response.status in (401, 403, 503) and kind == "application/problem+json"
    return described or refused


_STORER = "teleinfo-storer"
_NEEDS = Needs(program=PROGRAM, account=PROGRAM, rights=("SELECT", "SHOW VIEW"), page="docs/database.md")
_ROLLUPS = {"minutes", "hours", "breaks", "rollup_state", "late_hours"}
_WRITING = ("INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "CREATE")
#: What the page writes.
_SETTINGS = ("settings", "requests", "request_pieces")
_CHANGING = ("INSERT", "UPDATE", "DELETE")
_LATE = timedelta(minutes=30)  # rollups are final 15 minutes after a frame


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """What a database server answered."""

    where: str
    version: str
    account: str
    can_write: tuple[str, ...] = ()  # of what is the storer's
    unwritable: tuple[str, ...] = ()  # tables of settings and requests
    has_rollups: bool = True
    meters: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    up_to: datetime | None = None  # all minutes before it are rolled up
    last_frame: datetime | None = None


def check_database(config: MonitorConfig, now: datetime) -> Iterator[Finding]:
    """Yield the findings about the database of a configuration, and about what of that concerns no meter there."""
    database = Database(config.database)
    try:
        with closing(open_tables(database)) as connection:
            facts = _probe(connection, database.where)
    except NewerTables as error:
        yield TEXTS.finding("database_newer", why=TEXTS.translated(str(error)))
    except DatabaseError as error:
        yield diagnose_refusal(refusal_of(config.database, error), _NEEDS)
    else:
        yield from diagnose_database(facts, config, now)


def _probe(connection: Connection, where: str) -> DatabaseFacts:
    ((version,),) = connection.query("SELECT VERSION()")
    account, held = account_of(connection), held_rights(connection)
    can_write = tuple(right for right in _WRITING if right in held)
    unwritable = tuple(table for table in _SETTINGS if not held_rights_on(connection, table).issuperset(_CHANGING))
    facts = DatabaseFacts(where=where, version=version, account=account, can_write=can_write, unwritable=unwritable)
    if not {str(name) for (name,) in connection.query("SHOW TABLES")} >= _ROLLUPS:
        return replace(facts, has_rollups=False)
    states = connection.query("SELECT up_to FROM rollup_state")
    ((last,),) = connection.query("SELECT MAX(timestamp) FROM frames")
    return replace(
        facts,
        meters=tuple(str(name) for (name,) in connection.query("SELECT identifier FROM meters ORDER BY identifier")),
        sources=tuple(Sources(connection).all()),
        up_to=_utc(states[0][0] if states else None),
        last_frame=_utc(last),
    )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def diagnose_database(facts: DatabaseFacts, config: MonitorConfig, now: datetime) -> Iterator[Finding]:
    """Turn the facts into findings."""
    name, _, server = facts.where.partition(" at ")
    yield TEXTS.finding("database_ok", name=name, server=server, version=facts.version, account=facts.account)
    if facts.can_write:
        yield TEXTS.finding("database_may_write", account=facts.account, rights=", ".join(facts.can_write))
    if facts.unwritable:
        rights, admin = ", ".join(("CREATE", *_CHANGING)), here(PROGRAM).sql()
        grants = [f"GRANT {rights} ON {name}.{table} TO {facts.account};" for table in facts.unwritable]
        tables, account = ", ".join(facts.unwritable), facts.account
        yield TEXTS.finding("settings_unwritable", account=account, tables=tables, admin=admin, grant=" ".join(grants))
    if not facts.has_rollups:
        yield TEXTS.finding("tables_missing")
        return
    check, log = here(_STORER).run(_STORER, "check"), here(_STORER).log(_STORER)
    key = "meters_stored" if facts.meters else "meters_none"
    yield TEXTS.finding(key, meters=named(facts.meters, config.household.meters), storer_check=check)
    if facts.up_to is None:
        yield TEXTS.finding("rollups_none")
    elif facts.last_frame is not None and facts.last_frame - facts.up_to > _LATE:
        time = format_days((now - facts.up_to) / timedelta(days=1))
        yield TEXTS.finding("rollups_behind", time=time, storer_check=check, storer_log=log)
    else:
        yield TEXTS.finding("rollups_ok", day=f"{facts.up_to:%Y-%m-%d %H:%M}")
    for one in unused(facts.meters, config.household.contracts, config.household.meters, config.household.notes):
        yield TEXTS.finding("entry_unused", meter=one.meter, section=one.section, meters=", ".join(facts.meters))
    yield from _sources(facts, config.household.meters)


def _sources(facts: DatabaseFacts, houses: Sequence[House]) -> Iterator[Finding]:
    """Yield a finding for each source that is behind none of the database's meters, and so shown nowhere."""
    homes, meters = {newest(address, houses) for address in facts.meters}, ", ".join(facts.meters)
    for source in facts.sources if facts.meters else ():
        if source.meter is None and len(homes) > 1:
            key = "source_without_meter"
        elif source.meter is not None and newest(source.meter, houses) not in homes:
            key = "source_of_no_meter"
        else:
            continue
        yield TEXTS.finding(key, name=source.name, meter=source.meter, meters=meters)


def named(meters: Sequence[str], houses: Sequence[House]) -> str:
    """Return meters with their names; behind one that replaced others stand those.

    >>> named(["1", "2", "3"], [House("3", "Maison", ("2",))])
    '1, Maison (3, 2)'
    """
    texts = {address: address for address in meters}
    for house in houses:
        addresses = (house.address, *house.replaced)
        if texts.keys() & {*addresses}:
            texts = {address: text for address, text in texts.items() if address not in addresses}
            of_house = ", ".join(addresses)
            texts[house.address] = f"{house.name} ({of_house})" if house.name else of_house
    return ", ".join(texts.values())
