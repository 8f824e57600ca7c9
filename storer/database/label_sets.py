"""Reads label sets back."""

import json
from collections.abc import Collection
from typing import Any

from common.database import Connection


def read_contents(connection: Connection, ids: Collection[int]) -> dict[int, Any]:
    """Return the parsed contents of those label sets that exist, by id.

    Raises:
        DatabaseError: the database is unavailable, or refuses the query.
    """
    if not ids:
        return {}
    marks = ", ".join(["%s"] * len(ids))
    sql = f"SELECT id, content FROM label_sets WHERE id IN ({marks})"  # noqa: S608 - only marks
    return {int(number): json.loads(content) for number, content in connection.query(sql, sorted(ids))}
