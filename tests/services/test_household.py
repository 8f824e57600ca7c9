"""The household's settings on a real database, while the monitor runs."""

import contextlib
import logging
import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.database.mariadb import Database
from common.errors import DatabaseError
from monitor.base.addresses import NAME, SavedAddresses, write_addresses
from monitor.base.config import MonitorConfig
from monitor.base.household import House, Household
from monitor.money.current import CurrentHousehold, Snapshot
from monitor.money.price_files import UPDATED
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.storing import query
from tests.support.wording import warnings_of

METER, DAY = "031961123456", date(2026, 3, 1)
TABLE = (
    "checked: 2027-02-02\nrules: {base: {hours: {any: {BASE: rest}}}}\n"
    "offers: [{id: trv-base, kind: regulated, meter: base, rule: base,"
    " rows: [{from: 2027-02-01, kwh: {BASE: 0.2100}, subscription: {6: 16.00}}]}]\n"
)


def prices(kwh: Any) -> dict[str, Any]:
    """Return own prices of an offer `mine`, in EUR per kWh."""
    return {"offers": [{"id": "mine", "rows": [{"from": "2025-02-01", "kwh": {"BASE": kwh}}]}]}


class Monitor:
    """A household that a monitor follows."""

    def __init__(self, tables: Database, folder: Path) -> None:
        self.tables, self.folder, self.state = tables, folder / "beside", folder / "state"
        for made in (self.folder, self.state):
            made.mkdir()
        self.seen: list[Snapshot] = []
        self.current = CurrentHousehold(MonitorConfig(state=self.state), self.seen.append)

    def look(self) -> Household:
        """Do what the monitor does each few seconds."""
        with contextlib.closing(self.tables.connect()) as connection:
            self.current.refresh(connection)
        return self.household

    @property
    def household(self) -> Household:
        return self.current.now.config.household

    def kwh(self, offer: str = "mine", day: date = DAY) -> Decimal | None:
        return self.current.now.prices.kwh(offer, "BASE", 6, day)


@pytest.fixture
def monitor(tables: Database, tmp_path: Path) -> Monitor:
    return Monitor(tables, tmp_path)


def test_before_the_first_look_nothing_is_known_but_where_messages_go(tables: Database, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    write_addresses(folder, SavedAddresses(1, ("ntfy://topic",)))
    found = CurrentHousehold(MonitorConfig(state=folder)).now
    assert (found.config.household.is_known, found.config.household.addresses) == (False, ("ntfy://topic",))
    assert found.prices.kwh("base", "BASE", 6, DAY) == Decimal("0.1940")  # the bundled ones


def test_a_household_of_which_nobody_wrote_anything_is_known_and_empty(monitor: Monitor) -> None:
    assert monitor.look() == Household()


def test_before_the_storer_has_made_the_table_it_is_the_same(monitor: Monitor) -> None:
    with contextlib.closing(monitor.tables.connect()) as connection:
        connection.execute("DROP TABLE settings")
    assert monitor.look() == Household()


def test_what_is_saved_counts_from_the_next_look_on(monitor: Monitor) -> None:
    monitor.look()
    save_settings(monitor.tables, meters={METER: {"name": "Maison"}}, budget={"euros": 120})
    assert monitor.household == Household()
    monitor.look()
    assert (monitor.household.meters, monitor.household.budget) == ((House(METER, "Maison", ()),), 120)
    save_settings(monitor.tables, budget={"euros": None})
    assert monitor.look().budget is None


def test_what_did_not_change_is_not_made_again(monitor: Monitor) -> None:
    save_settings(monitor.tables, prices=prices(0.1))
    monitor.look()
    before = monitor.current.now
    for _ in range(3):
        monitor.look()
    assert monitor.current.now is before
    assert len(monitor.seen) == 1


def test_a_corrected_price_corrects_the_past_and_forgets_what_was_remembered(monitor: Monitor) -> None:
    save_settings(monitor.tables, prices=prices(0.1))
    monitor.look()
    before = monitor.current.now
    save_settings(monitor.tables, prices=prices(0.2))
    monitor.look()
    assert monitor.kwh() == Decimal("0.2")
    assert monitor.current.now.cache is not before.cache
    # Who still answers with what held before has all of it.
    assert before.prices.kwh("mine", "BASE", 6, DAY) == Decimal("0.1")
    assert monitor.seen[-1] is monitor.current.now


def test_colours_that_were_written_down_count(monitor: Monitor) -> None:
    day = date(2030, 1, 15)
    save_settings(monitor.tables, calendars={"tempo": {str(day): "red"}})
    monitor.look()
    assert monitor.current.now.calendars.kind("tempo", day) == "red"


def test_a_section_that_becomes_wrong_keeps_what_held_and_is_said_once(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    save_settings(monitor.tables, prices=prices(0.1), budget={"euros": 120})
    monitor.look()
    caplog.set_level(logging.WARNING)
    save_settings(monitor.tables, prices=prices("abc"), budget={"euros": 90})
    for _ in range(3):
        monitor.look()
    assert (monitor.kwh(), monitor.household.budget) == (Decimal("0.1"), 90)
    (said,) = warnings_of(caplog)
    assert "prices" in said
    save_settings(monitor.tables, prices=prices(0.3))
    monitor.look()
    assert monitor.kwh() == Decimal("0.3")


def test_a_section_of_which_a_program_of_another_version_knows_more_does_not_stop_this_one(monitor: Monitor) -> None:
    save_settings(monitor.tables, budget={"euros": 120, "dollars": 3}, fetch={"tempo": True}, page={"language": "en"})
    assert (monitor.look().budget, monitor.household.language) == (None, "en")


def test_a_section_that_is_gone_has_its_default_again(monitor: Monitor, database: Server) -> None:
    save_settings(monitor.tables, budget={"euros": 120})
    assert monitor.look().budget == 120
    database.sql(f"DELETE FROM {database.name}.settings")
    assert monitor.look().budget is None


def test_a_backup_that_was_restored_counts_although_its_versions_are_the_same(
    monitor: Monitor, database: Server
) -> None:
    save_settings(monitor.tables, budget={"euros": 120})
    assert monitor.look().budget == 120
    database.sql(f"DELETE FROM {database.name}.settings")
    save_settings(monitor.tables, budget={"euros": 90})
    assert query(monitor.tables, "SELECT version FROM settings") == [(1,)]
    assert monitor.look().budget == 90


def test_what_somebody_changed_by_sql_counts_though_its_version_is_the_same(monitor: Monitor, database: Server) -> None:
    save_settings(monitor.tables, budget={"euros": 120})
    assert monitor.look().budget == 120
    database.sql(f"UPDATE {database.name}.settings SET value = JSON_SET(value, '$.euros', 90)")
    assert monitor.look().budget == 90


def test_tables_of_prices_that_are_updated_are_read_again(monitor: Monitor) -> None:
    monitor.look()
    file = monitor.state / UPDATED[0]
    file.write_text(TABLE)
    monitor.look()
    assert monitor.kwh("base", date(2027, 2, 3)) == Decimal("0.21")
    rewrite(file, TABLE.replace("0.2100", "0.2200"))
    monitor.look()
    assert monitor.kwh("base", date(2027, 2, 3)) == Decimal("0.22")


def rewrite(file: Path, text: str) -> None:
    """Write a file; its time of change differs from the one before, however coarse the clock of the file system is."""
    later = file.stat().st_mtime_ns + 1_000_000_000
    file.write_text(text)
    os.utime(file, ns=(later, later))


def test_a_table_that_becomes_wrong_changes_nothing_is_said_once_and_named_until_it_is_right(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    file = monitor.state / UPDATED[0]
    file.write_text(TABLE)
    monitor.look()
    caplog.set_level(logging.WARNING)
    rewrite(file, TABLE.replace("0.2100", "abc"))
    for _ in range(3):
        monitor.look()
    assert monitor.kwh("base", date(2027, 2, 3)) == Decimal("0.21")
    assert len(warnings_of(caplog)) == 1
    assert str(file) in str(monitor.current.now.prices.error)
    rewrite(file, TABLE)
    monitor.look()
    assert monitor.current.now.prices.error is None


def test_settings_go_on_to_count_while_a_table_of_prices_is_wrong(monitor: Monitor) -> None:
    monitor.look()
    (monitor.state / UPDATED[0]).write_text("offers: [{id: X")
    save_settings(monitor.tables, budget={"euros": 120}, prices=prices(0.1))
    assert (monitor.look().budget, monitor.kwh()) == (120, Decimal("0.1"))


def test_addresses_that_are_written_count_and_a_file_that_rots_sends_nothing(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    write_addresses(monitor.state, SavedAddresses(1, ("ntfy://topic",)))
    assert monitor.look().addresses == ("ntfy://topic",)
    caplog.set_level(logging.WARNING)
    (monitor.state / NAME).write_bytes(b'{"version": 2, "urls": ["ntfy://secr')
    for _ in range(3):
        assert monitor.look().addresses == ()
    (said,) = warnings_of(caplog)
    assert "secr" not in said


def test_a_database_that_goes_away_leaves_what_held(monitor: Monitor, database: Server) -> None:
    save_settings(monitor.tables, budget={"euros": 120})
    monitor.look()
    with contextlib.closing(monitor.tables.connect()) as connection:
        connection.close()
        with pytest.raises(DatabaseError):
            monitor.current.refresh(connection)
    assert monitor.household.budget == 120
