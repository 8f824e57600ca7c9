"""Keeps what could not be stored, once per topic and content, and no more of it than there is room for."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.database import Connection
from common.errors import InvalidRow

MOST_MESSAGES = 20_000
MOST_BYTES = 64_000_000  # of their payloads
LONGEST_PAYLOAD = 65_536
_LONGEST_TOPIC, _LONGEST_REASON = 255, 500
_LOOK_EVERY = 3600.0  # seconds; another storer fills the table, too, and a person may have emptied it

_INSERT = (
    "INSERT INTO rejected_messages (digest, first_at, last_at, topic, reason, size, payload)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) ON DUPLICATE KEY UPDATE last_at = VALUES(last_at), times = times + 1"
)
_UPDATE = "UPDATE rejected_messages SET last_at = %s, times = times + 1 WHERE digest = %s"
_SIZE = f"SELECT COUNT(*), COALESCE(SUM(LEAST(size, {LONGEST_PAYLOAD})), 0) FROM rejected_messages"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message that can never be stored."""

    topic: str
    payload: bytes
    reason: str
    at: datetime


class RejectedMessages:
    """The table `rejected_messages`, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._messages = self._bytes = 0  # that there is room for, as far as we know
        self._looked = -_LOOK_EVERY

    def record(self, rejections: Sequence[Rejection]) -> int:
        """Keep messages, or count again those that are kept; return how many of them are not kept.

        Raises:
            DatabaseError: the database is away, or refuses us.
        """
        if time.monotonic() - self._looked >= _LOOK_EVERY:
            ((messages, size),) = self._connection.query(_SIZE)
            self._messages, self._bytes = MOST_MESSAGES - int(messages), MOST_BYTES - int(size)
            self._looked = time.monotonic()
        try:
            with self._connection.transaction():
                return sum(not self._keep(rejection) for rejection in rejections)
        except InvalidRow:
            return sum(not self._keep_alone(rejection) for rejection in rejections)

    def _keep_alone(self, rejection: Rejection) -> bool:
        try:
            with self._connection.transaction():
                return self._keep(rejection)
        except InvalidRow:  # its time is none for the database: not even this can be kept
            return False

    def _keep(self, rejection: Rejection) -> bool:
        digest = hashlib.sha256(rejection.topic.encode() + b"\0" + rejection.payload).digest()[:16]
        # Not strftime: it writes the year 26 with two digits, which MariaDB takes for 2026.
        at = rejection.at.replace(tzinfo=None).isoformat(" ", "microseconds")
        payload = rejection.payload[:LONGEST_PAYLOAD]
        if self._messages <= 0 or self._bytes < len(payload):
            return bool(self._connection.execute(_UPDATE, (at, digest)))
        topic, reason = rejection.topic[:_LONGEST_TOPIC], rejection.reason[:_LONGEST_REASON]
        values = (digest, at, at, topic, reason, len(rejection.payload), payload)
        if self._connection.execute(_INSERT, values) == 1:  # 2: it was there
            self._messages -= 1
            self._bytes -= len(payload)
        return True
