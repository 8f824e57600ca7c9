"""The numbers of meters: looks them up, adds those that are missing, and refuses an address that is not stored.

Numbers are not cached: a database may return to an earlier state at any moment (a restored backup, a lagging replica),
and a cached number would then give frames to another meter.
"""

from collections.abc import Collection, Iterable

from common.database.mariadb import Connection
from common.errors import ConfigError

LOOKUPS = 10  # attempts to find an id before giving up, while other storers add theirs

# Not AUTO_INCREMENT: it leaves gaps (on Galera it counts in steps), and ids of meters are scarce. If another storer is
# faster, the id is taken or the meter is there already: nothing changes, and the caller looks again.
_ADD_METERS = (
    "INSERT INTO meters (id, identifier)"
    " SELECT top.id + new.place, new.identifier FROM (SELECT GREATEST(COALESCE(MAX(id), 0),"
    " COALESCE((SELECT MAX(last_forgotten_meter) FROM rollup_state), 0)) AS id FROM meters) AS top"
    " CROSS JOIN ({rows}) AS new WHERE TRUE ON DUPLICATE KEY UPDATE identifier = meters.identifier"
)


def find_meters(connection: Connection, identifiers: Collection[str]) -> dict[str, int]:
    """Return the ids of those meters that have one, by identifier.

    Until the transaction ends, none of them can be forgotten: what it adds is then deleted with the rest.
    """
    rows = connection.query(
        "SELECT identifier, id FROM meters WHERE identifier IN %s LOCK IN SHARE MODE", (sorted(identifiers),)
    )
    return {str(identifier): int(number) for identifier, number in rows}


def add_meters(connection: Connection, identifiers: Collection[str]) -> None:
    """Assign the next ids to meters, and commit; an id that another storer has assigned meanwhile stays."""
    rows = " UNION ALL ".join(f"SELECT {place} AS place, %s AS identifier" for place in range(1, len(identifiers) + 1))
    connection.execute(_ADD_METERS.format(rows=rows), sorted(identifiers))


def known_meters(connection: Connection) -> dict[str, int]:
    """Return the numbers of all meters by their addresses, which are in order."""
    rows = connection.query("SELECT identifier, id FROM meters ORDER BY identifier")
    return {str(identifier): int(number) for identifier, number in rows}


def unknown_meter(meter: str, known: Iterable[str]) -> ConfigError:
    """Return the error for an unknown meter, which lists the others in order."""
    return ConfigError(f"the meter {meter!r} is unknown; known meters: {', '.join(known) or 'none'}")
