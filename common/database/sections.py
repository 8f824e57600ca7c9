"""The table `settings`: the household's settings, which the monitor writes, and every program reads."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.database.mariadb import Connection


@dataclass(frozen=True, slots=True)
class Saved:
    """What a section was saved with."""

    value: Any  # its JSON
    version: int  # counts from 1
    changed_at: datetime  # UTC, without a zone


def has_settings(connection: Connection) -> bool:
    """Return whether the storer has made the table.

    Raises:
        DatabaseError: the database is away, or refuses.
    """
    exists = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'settings'"
    return bool(connection.query(exists))


def read_versions(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """Return the version of each section that was saved, and when: a backup that is restored may bring it again.

    Before the storer made the table there is none.

    Raises:
        DatabaseError: the database is away, or refuses.
    """
    if not has_settings(connection):
        return {}
    rows = connection.query("SELECT section, version, changed_at FROM settings")
    return {name: (version, changed_at) for name, version, changed_at in rows}


def read_sections(connection: Connection, names: Sequence[str] = ()) -> dict[str, Saved]:
    """Return what was saved, by section; without `names` of all. Before the storer made the table there is nothing.

    Raises:
        DatabaseError: the database is away, or refuses.
    """
    if not read_versions(connection):
        return {}
    where = f" WHERE section IN ({', '.join(['%s'] * len(names))})" if names else ""
    sql = f"SELECT section, value, version, changed_at FROM settings{where}"  # noqa: S608 - placeholders
    rows = connection.query(sql, names)
    return {name: Saved(json.loads(value), version, changed_at) for name, value, version, changed_at in rows}
