"""The sources that are set in the page: their worker is replaced when they change."""

from typing import TYPE_CHECKING, Any

from common.contract.sources import Source
from common.database.mariadb import Database, DatabaseConfig
from common.settings.config import Broker

if TYPE_CHECKING:
    from storer.sources.worker import SourceWorker


class FollowedSources:
    """The worker of the sources that are in force; there is none without a source, as in most houses."""

    def __init__(self, broker: Broker, database: DatabaseConfig, name: str) -> None:
        """Prepare for the storer `name`."""
        self._broker, self._database, self._name = broker, database, name
        self._followed: tuple[Source, ...] | None = ()  # None: the last worker has not ended yet
        self._worker: SourceWorker | None = None

    def follow(self, sources: tuple[Source, ...]) -> None:
        """Read these sources from now on; while the last worker waits for the database, at a later call."""
        if sources == self._followed:
            return
        self._followed = None
        if not self.stop():
            return
        self._worker, self._followed = None, sources
        if sources:
            from storer.sources.worker import SourceWorker  # here: most houses have none

            self._worker = SourceWorker(self._broker, Database(self._database), self._name, sources)
            self._worker.start()

    def stop(self) -> bool:
        """Stop, and return whether the worker has ended."""
        return self._worker is None or self._worker.stop()

    def report(self) -> dict[str, Any]:
        """Return the state for `health`: nothing without sources."""
        return {} if (worker := self._worker) is None else {"sources": worker.report()}
