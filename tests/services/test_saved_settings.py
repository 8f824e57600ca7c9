"""What the page has set, as a storer takes it."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.retention import Retention
from common.database.mariadb import Database
from storer.database.settings import SavedSettings
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, save_section

SOON, LATER = timedelta(minutes=59), timedelta(minutes=61)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database)


def read(tables: Database, settings: SavedSettings, after: timedelta = timedelta(0)) -> SavedSettings:
    """Read what was saved, so long after now."""
    with contextlib.closing(tables.connect()) as connection:
        settings.read(connection, datetime.now(UTC) + after)
    return settings


def test_nothing_is_followed_and_all_is_kept_as_long_as_nothing_was_saved(tables: Database) -> None:
    settings = read(tables, SavedSettings())
    assert (settings.sources, settings.retention) == ((), Retention())


def test_a_change_that_deletes_more_is_in_force_after_an_hour(tables: Database) -> None:
    settings = SavedSettings()
    save_section(tables, "retention", {"frames": 12})
    assert read(tables, settings, SOON).retention == Retention()
    assert read(tables, settings, LATER).retention == Retention(12)
    save_section(tables, "retention", {"frames": 6})
    assert read(tables, settings, SOON).retention == Retention(12)
    save_section(tables, "retention", {"frames": 24})  # taken back, and more
    assert read(tables, settings).retention == Retention(24)


def test_a_storer_that_is_started_within_the_hour_keeps_all(tables: Database) -> None:
    save_section(tables, "retention", {"frames": 12})
    assert read(tables, SavedSettings(), SOON).retention == Retention()
    assert read(tables, SavedSettings(), LATER).retention == Retention(12)


def test_a_value_that_cannot_be_read_is_said_once_and_changes_nothing(
    tables: Database, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SavedSettings()
    save_section(tables, "sources", [{"name": "roof", "kind": "production", "topic": "a", "power": ""}])
    before = read(tables, settings).sources
    save_section(tables, "sources", [{"name": "roof"}])
    for _ in range(3):
        assert read(tables, settings).sources == before
    assert len(before) == caplog.text.count("sources[0].topic") == 1
