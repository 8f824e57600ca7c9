"""What tables take on the disk, as each of the three ways tells it."""

import contextlib
from datetime import timedelta

import pytest

from storer.database import sizes as module
from storer.database.sizes import read_sizes
from tests.support.frames import simulated
from tests.support.servers import Database as Server
from tests.support.storing import NOW, make_tables, partition, store


def test_the_administrators_view_tells_what_the_files_take(
    fresh_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make_tables(fresh_database)
    store(database, simulated("standard-single-phase-tempo", 500, every=timedelta(seconds=1)))
    fresh_database.sql(f"USE {fresh_database.name}; FLUSH TABLES frames, label_sets FOR EXPORT; UNLOCK TABLES;")
    with contextlib.closing(database.connect()) as connection:
        files = read_sizes(connection)
        monkeypatch.setattr(module, "_from_files", lambda folder: {})  # as those of a server on another machine
        view = read_sizes(connection)
        assert files.measured
        assert view.measured
        assert files.files.keys() == view.files.keys()
        assert files.of("frames") == sum(files.of("frames", part) for table, part in files.files if table == "frames")
        for table, part in files.files:
            assert view.of(table, part) == pytest.approx(files.of(table, part), rel=0.3, abs=200_000), (table, part)
        fresh_database.sql(f"DROP VIEW {fresh_database.name}.{module.VIEW}")
        estimated = read_sizes(connection)
        assert not estimated.measured
        assert estimated.of("frames") > 0
        assert estimated.of("hours") > 0


def test_a_new_month_is_counted(fresh_database: Server) -> None:
    database = make_tables(fresh_database)
    with contextlib.closing(database.connect()) as connection:
        before = read_sizes(connection).files.keys()
        partition(database, NOW.replace(year=NOW.year + 1))
        assert ("frames", "p202711") in read_sizes(connection).files.keys() - before
