"""Sources and retention as they were saved in the page; the storer looks for changes while it runs."""

import contextlib
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from common.contract.retention import RETENTION, Retention, keeps_less
from common.contract.sources import SOURCES, Source
from common.database.mariadb import Connection, Database
from common.database.sections import Saved, read_sections
from common.settings.fields import Section, SectionError

log = logging.getLogger(__name__)

#: What a change deletes stays for an hour, in which it can be taken back.
GRACE = timedelta(hours=1)


class SavedSettings:
    """The two sections as they are in force: the last that could be read, and all is kept before the first."""

    def __init__(self) -> None:
        self.sources: tuple[Source, ...] = ()
        self.retention = Retention()
        self._logged: dict[str, int] = {}  # the version that was found broken, by section

    def read(self, connection: Connection, now: datetime) -> None:
        """Take what was saved; `now` is the server's time.

        Raises:
            DatabaseError: the database is away, or refuses.
        """
        saved = read_sections(connection, [SOURCES.name, RETENTION.name])
        self.sources = self._value(SOURCES, saved, self.sources)
        retention = self._value(RETENTION, saved, self.retention)
        row = saved.get(RETENTION.name)
        is_new = row is not None and now < row.changed_at.replace(tzinfo=UTC) + GRACE
        if not (is_new and keeps_less(retention, self.retention)):
            self.retention = retention

    def _value(self, section: Section[Any], saved: dict[str, Saved], before: Any) -> Any:
        row = saved.get(section.name)
        if row is None:
            return section.read(section.default)
        try:
            return section.read(row.value)
        except SectionError as error:
            if self._logged.get(section.name) != row.version:
                self._logged[section.name] = row.version
                log.warning("Settings: %s; the last that could be read stay in force", error)
            return before


def read_saved(database: Database) -> SavedSettings:
    """Return what is in force, for a command.

    Raises:
        DatabaseError: the database is away, or refuses.
    """
    settings = SavedSettings()
    with contextlib.closing(database.connect()) as connection:
        settings.read(connection, datetime.now(UTC))
    return settings
