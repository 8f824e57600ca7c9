"""A request that is being carried out: what its kind works with."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.database.mariadb import Connection, Database
from common.runtime.progress import Progress
from storer.config.options import StorerConfig
from storer.requests import table
from storer.requests.table import Request

_EVERY = 0.5  # seconds


class RowProgress(Progress):
    """Writes into the row how far it is, over a connection of its own: a transaction shows nothing before its end."""

    def __init__(self, connection: Connection, number: int) -> None:
        super().__init__(None)
        self._connection = connection
        self._number = number
        self._written = float("-inf")

    def show_part(self, doing: str, part: float, rows: int) -> None:
        """Note a part of 1, at most twice a second."""
        now = time.monotonic()
        if now >= self._written + _EVERY:
            self._written = now
            table.show_progress(self._connection, self._number, min(1.0, max(0.0, part)))


@dataclass(frozen=True, slots=True)
class Job:
    """One request."""

    request: Request
    settings: StorerConfig
    database: Database
    connection: Connection
    progress: Progress
    now: datetime  # the server's
    arguments: Any  # what was asked, as its kind declares it

    @property
    def is_repeated(self) -> bool:
        """Whether it was begun before, and may have been carried out in part."""
        return self.request.attempts > 1

    def finish(self, result: Mapping[str, Any]) -> None:
        """Note that it is done, in the transaction that runs."""
        table.finish(self.connection, self.request.id, result)
