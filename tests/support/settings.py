"""Settings of a household in the database, as if the page had saved them."""

import contextlib
import json
from typing import Any

from common.database.mariadb import Database


def save_settings(database: Database, **sections: Any) -> None:
    """Save sections, each with its JSON; the tables are there."""
    sql = (
        "INSERT INTO settings (section, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE"
        " value = VALUES(value), version = version + 1, changed_at = CURRENT_TIMESTAMP(6)"
    )
    with contextlib.closing(database.connect()) as connection:
        for name, value in sections.items():
            connection.execute(sql, (name, json.dumps(value)))
