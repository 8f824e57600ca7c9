"""Which meters there are: their addresses and numbers, and the error for any other."""

from collections.abc import Iterable

from common.database.mariadb import Connection
from common.errors import ConfigError


def known_meters(connection: Connection) -> dict[str, int]:
    """Return the numbers of all meters by their addresses, which are in order."""
    rows = connection.query("SELECT identifier, id FROM meters ORDER BY identifier")
    return {str(identifier): int(number) for identifier, number in rows}


def unknown_meter(meter: str, known: Iterable[str]) -> ConfigError:
    """Return the error that lists the meters that are known, in order."""
    return ConfigError(f"the meter {meter!r} is unknown; known meters: {', '.join(known) or 'none'}")
