"""Asks a database as the monitor would use it, and says what is wrong there; nothing is written."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from shlex import quote

from common.database.mariadb import Connection, Database
from common.database.rights import account_of, held_rights
from common.doctor.database import SUBJECT, Needs, diagnose_refusal, refusal_of
from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.formatting import format_days
from common.errors import DatabaseError
from common.machine.deployment import here
from monitor.answers.houses import newest, unused
from monitor.readings.periods import House
from monitor.readings.sources import Source, Sources
from monitor.readings.tables import NewerTables, open_tables
from monitor.settings.config import MonitorConfig

PROGRAM, _STORER = "teleinfo-monitor", "teleinfo-storer"
_NEEDS = Needs(program=PROGRAM, account=PROGRAM, rights=("SELECT", "SHOW VIEW"), page="docs/energy.md")
_ROLLUPS = {"minutes", "hours", "breaks", "rollup_state", "late_hours"}
_WRITING = ("INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "CREATE")
_LATE = timedelta(minutes=30)  # rollups are final 15 minutes after a frame


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """What a database server answered."""

    where: str
    version: str
    account: str
    can_write: tuple[str, ...] = ()
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
        yield problem(SUBJECT, str(error), "docs/installation.md says how")
    except DatabaseError as error:
        yield diagnose_refusal(refusal_of(config.database, error), _NEEDS)
    else:
        yield from diagnose_database(facts, config, now)


def _probe(connection: Connection, where: str) -> DatabaseFacts:
    ((version,),) = connection.query("SELECT VERSION()")
    account, held = account_of(connection), held_rights(connection)
    can_write = tuple(right for right in _WRITING if right in held)
    facts = DatabaseFacts(where=where, version=version, account=account, can_write=can_write)
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
    yield ok(SUBJECT, f"{facts.where}: MariaDB {facts.version}, as {facts.account}")
    if facts.can_write:
        what = f"{facts.account} may write ({', '.join(facts.can_write)}): the monitor only reads"
        yield notice(SUBJECT, what, "use the account of mariadb/monitor.sql")
    if not facts.has_rollups:
        yield problem("Rollups", "the tables are not there", "start teleinfo-storer of this version: it makes them")
        return
    if facts.meters:
        yield ok("Meters", named(facts.meters, config.meters))
    else:
        yield notice("Meters", "no meter yet", f"look for the reason: {here(_STORER).run(_STORER, 'check')}")
    yield _rollups(facts, now)
    for one in unused(facts.meters, config.contracts, config.meters, config.notes):
        what = f"no meter {one.meter} is in the database: its entry in `{one.section}` has no effect"
        yield notice("Configuration", what, f"correct its address; there are {', '.join(facts.meters)}")
    yield from _sources(facts, config.meters)


def _rollups(facts: DatabaseFacts, now: datetime) -> Finding:
    check, log = here(_STORER).run(_STORER, "check"), here(_STORER).log(_STORER)
    if facts.up_to is None:
        return notice("Rollups", "nothing has been rolled up yet", "start teleinfo-storer: it does so once a minute")
    if facts.last_frame is not None and facts.last_frame - facts.up_to > _LATE:
        what = f"they end {format_days((now - facts.up_to) / timedelta(days=1))} ago, although frames have come since"
        return problem("Rollups", what, f"look for the reason: {check}; its log: {log}")
    return ok("Rollups", f"up to {facts.up_to:%Y-%m-%d %H:%M} UTC")


def _sources(facts: DatabaseFacts, houses: Sequence[House]) -> Iterator[Finding]:
    """Yield a finding for each source that is behind none of the database's meters, and so shown nowhere."""
    homes = {newest(address, houses) for address in facts.meters}
    for source in facts.sources if facts.meters else ():
        if source.meter is None and len(homes) > 1:
            what = f"{source.name} names no meter, and there are several: it is shown with none of them"
        elif source.meter is not None and newest(source.meter, houses) not in homes:
            what = f"{source.name}: no meter {source.meter} is in the database: it is shown nowhere"
        else:
            continue
        forget = here(_STORER).run(_STORER, f"sources --forget {quote(source.name)}")
        there = ", ".join(facts.meters)
        fix = f"set its `meter` in storer.yaml, there are {there}; or, if it is no longer used: {forget}"
        yield notice("Sources", what, fix)


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
