"""Reads rows of whole numbers, each as one text: PyMySQL takes three times as long for a row of ten values."""

import json
from collections.abc import Sequence
from typing import Any

from common.database.mariadb import Connection


def number_rows(connection: Connection, columns: Sequence[str], rest: str, arguments: Sequence[Any]) -> list[list[Any]]:
    """Return the rows of `SELECT columns rest`; each column is a whole number, or None."""
    # As text that is JSON: JSON_ARRAY() takes the server twice as long.
    values = ", ".join(f"IFNULL({column}, 'null')" for column in columns)
    rows = connection.query(f"SELECT CONCAT_WS(',', {values}) {rest}", arguments)
    found: list[list[Any]] = json.loads(f"[{','.join([f'[{text}]' for (text,) in rows])}]")
    return found
