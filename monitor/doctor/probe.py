"""Collects the facts of a database as the monitor would use it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.database.mariadb import Connection
from common.database.rights import account_of, held_rights
from monitor.readings.sources import Source, Sources

_ROLLUPS = {"minutes", "hours", "breaks", "rollup_state", "late_hours"}
_WRITING = ("INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "CREATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """What a database server answered."""

    version: str
    account: str
    can_write: tuple[str, ...] = ()
    has_rollups: bool = True
    meters: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    up_to: datetime | None = None  # all minutes before it are rolled up
    last_frame: datetime | None = None
    late_hours: int = 0
    rebuilding: bool = False


def probe(connection: Connection) -> DatabaseFacts:
    """Ask a database; nothing is written."""
    ((version,),) = connection.query("SELECT VERSION()")
    account, held = account_of(connection), held_rights(connection)
    can_write = tuple(right for right in _WRITING if right in held)
    tables = {str(name) for (name,) in connection.query("SHOW TABLES")}
    if not tables >= _ROLLUPS:
        return DatabaseFacts(version=version, account=account, can_write=can_write, has_rollups=False)
    states = connection.query("SELECT up_to, rebuild_from FROM rollup_state")
    ((last_frame,),) = connection.query("SELECT MAX(timestamp) FROM frames")
    ((late,),) = connection.query("SELECT COUNT(*) FROM late_hours WHERE waiting = 1")
    meters = connection.query("SELECT identifier FROM meters ORDER BY identifier")
    return DatabaseFacts(
        version=version,
        account=account,
        can_write=can_write,
        meters=tuple(str(name) for (name,) in meters),
        sources=tuple(Sources(connection).all()),
        up_to=_utc(states[0][0]) if states else None,
        last_frame=_utc(last_frame),
        late_hours=int(late),
        rebuilding=bool(states and states[0][1] is not None),
    )


def _utc(moment: Any) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
