"""The past of Enedis, from the answers of a service to the table of hours, with a real database."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.registers import INJECTED, TOTAL
from monitor.base.fetch_settings import EnedisSwitch, FetchSettings
from monitor.fetch.conso import fetch
from monitor.fetch.provider import Ask, ImportFile
from storer.imports.writer import list_imports
from tests.services.test_requests import House
from tests.support.conso_api import DAY, HALF, PARIS, ConsoApi, Hours, midnight
from tests.support.frames import ADDRESS, standard
from tests.support.outside_world import RecordedClient
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

TODAY = date(2026, 11, 24)
SPRING, AUTUMN = date(2026, 3, 29), date(2025, 10, 26)
PIECE = 1_000_000


@pytest.fixture
def house(fresh_database: Server, broker: Broker, tmp_path: Path) -> House:
    database = make_tables(fresh_database)
    store(database, [standard(EAST=1, EASF01=1)])
    return House(database, fresh_database, broker, tmp_path)


@pytest.fixture
def ask(house: House) -> Callable[..., list[dict[str, Any]]]:
    """Ask the service, and carry out what it brought; return the results."""
    kept: dict[str, Any] = {}

    def run(api: ConsoApi) -> list[dict[str, Any]]:
        settings = FetchSettings(enedis=EnedisSwitch(on=True, meter=ADDRESS))
        now = datetime.combine(api.today, datetime.min.time(), UTC) + timedelta(hours=7)
        found = fetch(RecordedClient(api.table()), Ask(now, PARIS, settings, api.token, kept))
        kept.update(json.loads(json.dumps(found.kept)))
        return [deliver(house, file) for file in found.files]

    return run


def deliver(house: House, file: ImportFile) -> dict[str, Any]:
    pieces = [file.content[at : at + PIECE] for at in range(0, len(file.content), PIECE)]
    return house.done("import", *pieces, kind=file.kind, name=file.name, meter=file.meter)


def stored(house: House, register: int) -> Hours:
    rows = query(house.database, f"SELECT hour, hours, wh FROM imported_hours WHERE register = {register}")
    return {(hour.replace(tzinfo=UTC) + 2 * HALF, hours): wh for hour, hours, wh in rows}


def three_years() -> ConsoApi:
    """Return a service with lost half-hours and days, also on the days when the clock changes."""
    api = ConsoApi(TODAY, produces=True)
    api.holes = {midnight(date(2026, 5, 4)) + 5 * HALF, midnight(date(2025, 6, 1)) + HALF}
    api.holes |= {midnight(date(2025, 7, 1)) + number * HALF for number in range(1, 49)}
    api.holes |= {midnight(date(2025, 3, 30)) + 40 * HALF}
    api.days_lost = {date(2025, 6, 1), date(2025, 7, 1), date(2024, 3, 3), SPRING}
    return api


def test_three_years_are_stored_to_the_wh_corrected_and_taken_back(
    house: House, ask: Callable[..., list[dict[str, Any]]]
) -> None:
    api = three_years()
    (first,) = ask(api)
    assert stored(house, TOTAL) == api.expected()
    assert [len([end for end, _ in api.expected() if midnight(day) < end <= midnight(day + DAY)])
            for day in (SPRING, AUTUMN)] == [23, 25]  # fmt: skip
    assert first["left_out"][0]["fr"].startswith("jours dont la courbe a des trous")

    assert stored(house, INJECTED) == api.expected(injected=True)
    imports = query(house.database, "SELECT id, taken_at FROM imports")
    before = query(house.database, "SELECT * FROM imported_hours ORDER BY hour, register")
    (second,) = ask(api)
    assert (second["new"], second["import"], second["replaced"]) == ({}, None, 0)
    assert query(house.database, "SELECT id, taken_at FROM imports") == imports
    assert query(house.database, "SELECT * FROM imported_hours ORDER BY hour, register") == before

    api.corrected = {midnight(date(2026, 11, 20)) + number * HALF: 5000 for number in (20, 21, 22, 30)}
    (third,) = ask(api)
    assert third["replaced"] == 3  # hours
    assert stored(house, TOTAL) == api.expected()
    own = house.done("import", b"start,register,wh\n2020-01-01,total,9\n", kind="csv", name="own.csv", meter=ADDRESS)
    assert len({first["import"], third["import"], own["import"]}) == 3
    with contextlib.closing(house.database.connect()) as connection:
        (fetched, _) = list_imports(connection)
    ((count, wh),) = query(house.database, "SELECT COUNT(*), SUM(wh) FROM imported_hours WHERE source = 'conso'")
    assert (fetched.id, fetched.rows, fetched.wh) == (third["import"], count, wh)
    house.done("import-forget", id=third["import"])  # all that was fetched, and nothing else
    assert query(house.database, "SELECT SUM(wh) FROM imported_hours") == [(9,)]
    assert query(house.database, "SELECT id FROM imports") == [(own["import"],)]


def test_a_run_that_was_cut_is_completed_and_an_old_file_that_comes_again_changes_nothing(
    house: House, ask: Callable[..., list[dict[str, Any]]]
) -> None:
    api = three_years()
    api.produces = False
    api.cut_after = 30
    ask(api)
    api.cut_after = None
    ask(api)
    assert stored(house, TOTAL) == api.expected()

    settings = FetchSettings(enedis=EnedisSwitch(on=True, meter=ADDRESS))
    at = datetime(2026, 11, 24, 8, tzinfo=UTC)
    api.corrected = {midnight(date(2026, 11, 20)) + 20 * HALF: 5000}
    files = fetch(RecordedClient(api.table()), Ask(at, PARIS, settings, api.token)).files
    assert deliver(house, files[0])["replaced"] == 1
    api.corrected = {}
    ask(api)
    assert deliver(house, files[0])["new"] == {}
    assert stored(house, TOTAL) == api.expected()


def test_what_the_owner_imported_is_never_replaced(house: House, ask: Callable[..., list[dict[str, Any]]]) -> None:
    own = b"start,register,wh\n2026-11-20T10:00:00+01:00,total,7\n2025-07-01,total,9\n"
    house.done("import", own, kind="csv", name="own.csv", meter=ADDRESS)
    api = three_years()
    ask(api)
    api.corrected = {midnight(date(2026, 11, 20)) + number * HALF: 4000 for number in (21, 22, 23, 24)}
    ask(api)
    found = stored(house, TOTAL)
    ten = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (found[ten, 1], found[ten + timedelta(hours=1), 1]) == (7, 4000)
    assert found[midnight(date(2025, 7, 2)), 24] == 9
