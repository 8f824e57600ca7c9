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


def read_sections(connection: Connection, names: Sequence[str] = ()) -> dict[str, Saved]:
    """Return what was saved, by section; without `names` of all. Before the storer made the table there is nothing.

    Raises:
        DatabaseError: the database is away, or refuses.
    """
    exists = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'settings'"
    if not connection.query(exists):
        return {}
    where = f" WHERE section IN ({', '.join(['%s'] * len(names))})" if names else ""
    rows = connection.query(f"SELECT section, value, version, changed_at FROM settings{where}", names)  # noqa: S608 - placeholders
    return {name: Saved(json.loads(value), version, changed_at) for name, value, version, changed_at in rows}
