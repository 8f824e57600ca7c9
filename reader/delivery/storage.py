"""Opens the journal and the spool of the configuration, and says what is wrong with their folders."""

import logging

from common.errors import NotReady
from common.machine.disk import memory_backed
from common.runtime.logs import ChangeLogger
from reader.buffer.item import Item
from reader.buffer.journal import Journal
from reader.buffer.spool import Spool
from reader.buffer.store import InUse, Store, earlier_frames
from reader.config import SpoolConfig

log = logging.getLogger(__name__)


class Storage:
    """Where the items of one reader are kept."""

    def __init__(self, settings: SpoolConfig, reader: str) -> None:
        self._settings = settings
        self._reader = reader
        self._spool_log = ChangeLogger(log)

    def open_journal(self) -> tuple[Journal, dict[int, Item]]:
        """Return the opened journal, and the items of the previous run by row.

        Raises:
            NotReady: its folder cannot be used now, or another reader uses it.
        """
        folder = self._settings.journal
        journal = Journal(folder, self._reader)
        try:
            items = journal.open()
        except InUse as error:
            raise NotReady(f"spool.journal: {folder} is in use by another reader: give each its own") from error
        except OSError as error:
            raise NotReady(
                f"spool.journal: {folder} cannot be used: {error.strerror}; make it this user's"
                f" (sudo install -d -o $USER {folder}), or name another folder in memory"
            ) from error
        self._report(journal)
        if not memory_backed(folder):
            log.warning("spool.journal: %s is not in memory: each frame is written to the disk", folder)
        return journal, items

    def open_spool(self) -> Spool | None:
        """Return the opened spool; None, and a warning once per reason, without a usable disk.

        Raises:
            NotReady: another reader uses it.
        """
        folder = self._settings.path
        # In one folder with the journal, the journal's lock protects both.
        separate = folder.resolve() != self._settings.journal.resolve()
        spool = Spool(folder, max_size=self._settings.max_size, lock=separate)
        try:
            spool.open()
        except InUse as error:
            raise NotReady(f"spool.path: {folder} is in use by another reader: give each its own") from error
        except OSError as error:
            self._warn(f"spool.path: {folder} cannot be used: {error.strerror}")
            return None
        self._report(spool)
        return spool

    def retry_spool(self) -> Spool | None:
        """Try to open a spool that was not usable; None if it still is not."""
        try:
            spool = self.open_spool()
        except NotReady as error:
            self._warn(str(error))
            return None
        if spool is not None:
            log.info("spool.path: %s is usable now", self._settings.path)
        return spool

    def _report(self, store: Store) -> None:
        """Log what became of a file that could not be used, and what an earlier version left."""
        if store.set_aside is not None:
            path, problem, rows = store.set_aside
            kept = f"; {rows} rows of it could be read and are kept" if rows else ""
            log.warning("%s is set aside as %s: %s%s", store.path, path, problem, kept)
        folder = store.path.parent
        if earlier := earlier_frames(folder):
            log.warning(
                "%d frames of before wait in %s: start the earlier version until they are confirmed", earlier, folder
            )

    def _warn(self, trouble: str) -> None:
        self._spool_log.log(logging.WARNING, f"{trouble}; frames are in memory only, trying again")
