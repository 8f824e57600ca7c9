"""Meters and sources that were forgotten, by a digest of the name: older backups must not bring their rows back."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from common.database.mariadb import Connection


@dataclass(frozen=True, slots=True)
class Forgotten:
    """When each meter or source was forgotten, by the digest of its name."""

    at: Mapping[str, datetime]

    def since(self, name: str, taken: datetime) -> bool:
        """Return whether a meter or source was forgotten after a time."""
        return bool(self.at) and self.at.get(_digest(name), taken) > taken


def was_forgotten(connection: Connection) -> Forgotten:
    """Read what was forgotten."""
    rows = connection.query("SELECT digest, forgotten_at FROM forgotten")
    return Forgotten({str(digest): at.replace(tzinfo=UTC) for digest, at in rows})


def note_forgotten(connection: Connection, name: str) -> None:
    """Note that a meter or source is forgotten now."""
    connection.execute(
        "INSERT INTO forgotten (digest, forgotten_at) VALUES (%s, UTC_TIMESTAMP(6))"
        " ON DUPLICATE KEY UPDATE forgotten_at = VALUES(forgotten_at)",
        (_digest(name),),
    )


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
