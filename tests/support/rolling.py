"""Rolls up what a test has stored, as a storer does in time."""

import contextlib
from datetime import datetime

from common.database.mariadb import Database
from storer.rollups.scheduler import RollupScheduler


def roll_up(database: Database, now: datetime) -> None:
    """Make the rollups of all frames that are stored; `now` is after them."""
    with contextlib.closing(database.connect()) as connection:
        scheduler = RollupScheduler(connection, "test", now=lambda: now)
        assert scheduler.run()
        while scheduler.rebuild() is not None:
            pass
        assert scheduler.run()
        scheduler.close()
