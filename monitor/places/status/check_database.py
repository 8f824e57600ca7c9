"""Asks a database as the monitor would use it, and says what is wrong there; nothing is written."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from shlex import quote

from common.check.database import Needs, diagnose_refusal, refusal_of
from common.check.findings import Finding
from common.database.mariadb import Connection, Database
from common.database.schema import account_of, held_rights
from common.errors import DatabaseError
from common.machine.deployment import here
from common.settings.language import format_days
from monitor.base.config import MonitorConfig
from monitor.base.household import House
from monitor.places.status.check_texts import PROGRAM, TEXTS
from monitor.readings.meters import newest, unused
from monitor.readings.sources import Source, Sources
from monitor.readings.storage import NewerTables, open_tables

_STORER = "teleinfo-storer"
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
        yield TEXTS.finding("database_newer", why=TEXTS.translated(str(error)))
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
    name, _, server = facts.where.partition(" at ")
    yield TEXTS.finding("database_ok", name=name, server=server, version=facts.version, account=facts.account)
    if facts.can_write:
        yield TEXTS.finding("database_may_write", account=facts.account, rights=", ".join(facts.can_write))
    if not facts.has_rollups:
        yield TEXTS.finding("tables_missing")
        return
    check, log = here(_STORER).run(_STORER, "check"), here(_STORER).log(_STORER)
    key = "meters_stored" if facts.meters else "meters_none"
    yield TEXTS.finding(key, meters=named(facts.meters, config.meters), storer_check=check)
    if facts.up_to is None:
        yield TEXTS.finding("rollups_none")
    elif facts.last_frame is not None and facts.last_frame - facts.up_to > _LATE:
        time = format_days((now - facts.up_to) / timedelta(days=1))
        yield TEXTS.finding("rollups_behind", time=time, storer_check=check, storer_log=log)
    else:
        yield TEXTS.finding("rollups_ok", day=f"{facts.up_to:%Y-%m-%d %H:%M}")
    for one in unused(facts.meters, config.contracts, config.meters, config.notes):
        yield TEXTS.finding("entry_unused", meter=one.meter, section=one.section, meters=", ".join(facts.meters))
    yield from _sources(facts, config.meters)


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
        forget = here(_STORER).run(_STORER, f"sources --forget {quote(source.name)}")
        yield TEXTS.finding(key, name=source.name, meter=source.meter, meters=meters, forget=forget)


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
