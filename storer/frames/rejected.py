"""The table `rejected_messages`: what could not be stored, once per topic and content, up to a size limit."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.database.mariadb import Connection, sql_time
from common.errors import InvalidRow

MOST_MESSAGES = 20_000
MOST_BYTES = 64_000_000  # of their payloads
LONGEST_PAYLOAD = 65_536
_LONGEST_TOPIC, _LONGEST_REASON = 255, 500
_MEASURE_EVERY = 3600.0  # seconds; other storers fill the table too, and a person may have emptied it

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
        self._messages_left = self._bytes_left = 0  # as of the last measurement
        self._measured_at = -_MEASURE_EVERY

    def record(self, rejections: Sequence[Rejection]) -> int:
        """Record messages, or count again those that are recorded; return how many were not recorded."""
        if time.monotonic() - self._measured_at >= _MEASURE_EVERY:
            ((messages, size),) = self._connection.query(_SIZE)
            self._messages_left, self._bytes_left = MOST_MESSAGES - int(messages), MOST_BYTES - int(size)
            self._measured_at = time.monotonic()
        try:
            with self._connection.transaction():
                return sum(not self._record_one(rejection) for rejection in rejections)
        except InvalidRow:
            return sum(not self._record_alone(rejection) for rejection in rejections)

    def _record_alone(self, rejection: Rejection) -> bool:
        try:
            with self._connection.transaction():
                return self._record_one(rejection)
        except InvalidRow:  # its time is out of range: not even this can be recorded
            return False

    def _record_one(self, rejection: Rejection) -> bool:
        digest = hashlib.sha256(rejection.topic.encode() + b"\0" + rejection.payload).digest()[:16]
        at = sql_time(rejection.at)
        payload = rejection.payload[:LONGEST_PAYLOAD]
        if self._messages_left <= 0 or self._bytes_left < len(payload):
            return bool(self._connection.execute(_UPDATE, (at, digest)))
        topic, reason = rejection.topic[:_LONGEST_TOPIC], rejection.reason[:_LONGEST_REASON]
        values = (digest, at, at, topic, reason, len(rejection.payload), payload)
        if self._connection.execute(_INSERT, values) == 1:  # 2: the row existed
            self._messages_left -= 1
            self._bytes_left -= len(payload)
        return True
