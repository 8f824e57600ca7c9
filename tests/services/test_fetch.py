"""What is fetched, from a press in the page to rows in the database; services stand in for the real ones."""

import contextlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.database.mariadb import Database
from common.settings import config
from monitor.fetch.runner import LOOK_EVERY, Fetcher
from monitor.fetch.state import NAME, TOKEN, read_state
from storer.config.options import StorerConfig
from storer.database.meters import add_meters
from storer.requests.carry_out import carry_out_next
from tests.services.test_settings_page import Page, page, read
from tests.support.conso_api import ConsoApi
from tests.support.outside_world import RecordedClient
from tests.support.servers import Database as Server
from tests.support.storing import query

__all__ = ["page"]
HOST = "api.energy-charts.info"
TODAY = datetime(2026, 12, 2, 12, 30, tzinfo=UTC)
OFF = {
    "tempo": False,
    "enedis": {"on": False, "meter": None},
    "spot": False,
    "temperature": {"on": False, "place": None},
    "prices": False,
    "release": False,
}


def prices(asked: Mapping[str, str], _: Mapping[str, str]) -> Any:
    """Answer 10 EUR per MWh for each quarter of the days that are asked for, as the service does."""
    first = datetime.fromisoformat(asked["start"]).replace(tzinfo=UTC) - timedelta(hours=1)
    end = datetime.fromisoformat(asked["end"]).replace(tzinfo=UTC) + timedelta(hours=23)
    count = (end - first) // timedelta(minutes=15)
    starts = [int(first.timestamp()) + 900 * number for number in range(count)]
    document = {"license_info": "CC BY 4.0", "unix_seconds": starts, "price": [10.0] * count, "unit": "EUR / MWh"}
    return 200, "application/json", json.dumps(document).encode()


class World:
    """A monitor's fetcher, its clock, and what services answer."""

    def __init__(self, page: Page, server: Server, folder: Path) -> None:
        self.page, self.now = page, TODAY
        self.table: dict[tuple[str, str], Any] = {(HOST, "/price"): prices}
        self.clients: list[RecordedClient] = []
        connect = page.parts.actions._connect
        self.household = page.parts.actions._household
        self.fetcher = Fetcher(self.household, connect, client=self._client, now=lambda: self.now)
        self.state = folder / "state"
        file = folder / "storer.yaml"
        login = {"host": server.host, "port": server.port, "password": server.password}
        file.write_text(json.dumps({"database": login, "mqtt": {"host": "127.0.0.1", "port": 1}}))
        self.storer = config.load(StorerConfig, file)
        self.database = Database(self.storer.database)

    def _client(self, hosts: Any, most: int) -> RecordedClient:
        self.clients.append(RecordedClient(self.table, most=most))
        return self.clients[-1]

    def switch(self, version: int, **on: Any) -> None:
        assert self.page.save("fetch", OFF | on, version).status == 200

    @property
    def asked(self) -> int:
        return sum(len(client.asked) for client in self.clients)

    def requests(self) -> list[tuple[str, str]]:
        return [(str(kind), str(state)) for kind, state in query(self.database, "SELECT kind, state FROM requests")]


@pytest.fixture
def world(page: Page, fresh_database: Server, tmp_path: Path) -> World:
    return World(page, fresh_database, tmp_path)


def test_with_every_switch_off_nobody_is_asked(world: World) -> None:
    assert world.fetcher.step() == LOOK_EVERY
    assert (world.clients, (world.state / NAME).exists()) == ([], False)
    assert all(not one["on"] and one["asked_at"] is None for one in read(world.page.get("fetch"))["providers"])


def test_what_is_switched_on_is_asked_at_once_and_then_at_its_moment_of_the_next_day(world: World) -> None:
    world.switch(0, spot=True)
    world.fetcher.step()
    first = world.asked
    assert first > 0
    while (known := read_state(world.state).of("spot")).next_at < world.now.timestamp() + 3600:  # type: ignore[operator]
        world.now = datetime.fromtimestamp(known.next_at, UTC)  # type: ignore[arg-type] # the first year, in parts
        world.fetcher.step()
    done = world.asked
    world.fetcher.step()
    assert world.asked == done
    while world.requests().count(("outside", "done")) < len(world.requests()):
        carry_out_next(world.storer)  # false while the server still ends the connection of the one before
    ((count, low, high),) = query(world.database, "SELECT COUNT(*), MIN(value), MAX(value) FROM outside")
    assert (low, high) == (10, 10)
    assert count > 365 * 96
    assert datetime.fromtimestamp(known.next_at, UTC).date() == (TODAY + timedelta(days=1)).date()  # type: ignore[arg-type]
    world.now = datetime.fromtimestamp(known.next_at, UTC)  # type: ignore[arg-type]
    world.fetcher.step()
    assert world.asked > done


def test_a_service_that_fails_is_asked_later_and_the_page_says_why(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.table[HOST, "/price"] = lambda *_: (500, "text/html", b"<h1>oops</h1>")
    world.switch(0, spot=True)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            world.fetcher.step()
            world.now += timedelta(hours=1)
    assert world.asked == 3  # after 15 minutes and after 30
    assert caplog.text.count("fetch spot") == 1
    (spot,) = [one for one in read(world.page.get("fetch"))["providers"] if one["name"] == "spot"]
    assert "500" in spot["problem"]
    assert spot["failed_at"] == "2026-12-02T14:30:00Z"
    assert world.requests() == []
    world.table[HOST, "/price"] = prices
    world.now += timedelta(hours=6)
    world.fetcher.step()
    (spot,) = [one for one in read(world.page.get("fetch"))["providers"] if one["name"] == "spot"]
    assert (spot["problem"], spot["failed_at"]) == (None, None)


def test_a_switch_that_is_turned_off_asks_nobody_any_more(world: World) -> None:
    world.switch(0, spot=True)
    world.fetcher.step()
    before = world.asked
    world.switch(1)
    world.now += timedelta(days=3)
    world.fetcher.step()
    assert world.asked == before


def test_while_the_storer_takes_nothing_what_came_waits_and_is_asked_for_again_later(world: World) -> None:
    with contextlib.closing(world.database.connect()) as connection:
        for _ in range(20):
            connection.execute("INSERT INTO requests (kind, arguments) VALUES ('backup', '{}')")
    world.switch(0, spot=True)
    world.fetcher.step()
    known = read_state(world.state).of("spot")
    assert "storer" in known.problem_en
    assert known.kept == {}
    query(world.database, "DELETE FROM requests", "SELECT 1")
    world.now = datetime.fromtimestamp(known.next_at or 0, UTC)
    world.fetcher.step()
    assert read_state(world.state).of("spot").problem_en == ""


def test_what_the_storer_refuses_is_said_in_its_words_and_comes_once_the_meter_is_chosen(world: World) -> None:
    api = ConsoApi(TODAY.date())
    world.table |= api.table()
    with contextlib.closing(world.database.connect()) as connection:
        add_meters(connection, ["031961000001", "031961000002"])
    assert world.page.send("PUT", "fetch/enedis/token", {"token": api.token}).status == 200

    def told(version: int, meter: str | None) -> Any:
        world.switch(version, enedis={"on": True, "meter": meter})
        world.fetcher.step()
        world.fetcher.step()  # the storer has not begun
        done = [state for _, state in world.requests()]
        while (states := [state for _, state in world.requests()])[-1] not in ("done", "failed"):
            carry_out_next(world.storer)
        assert (done[-1], len(done)) == ("waiting", len(states))
        world.fetcher.step()
        (enedis,) = [one for one in read(world.page.get("fetch"))["providers"] if one["name"] == "enedis"]
        return states[-1], enedis["problem"]

    state, problem = told(0, None)
    assert (state, "Which meter is this file of" in problem) == ("failed", True)
    assert read_state(world.state).of("conso").kept == {}
    assert told(1, "031961000002") == ("done", None)
    ((meters,),) = query(world.database, "SELECT COUNT(DISTINCT meter_id) FROM imported_hours")
    assert meters == 1


def test_what_was_taken_back_comes_whole_when_the_switch_is_on_again(world: World) -> None:
    world.now -= timedelta(days=5)  # the storer takes nothing of the future
    api = ConsoApi(world.now.date())
    world.table |= api.table()
    assert world.page.send("PUT", "fetch/enedis/token", {"token": api.token}).status == 200
    with contextlib.closing(world.database.connect()) as connection:
        add_meters(connection, ["031961000001"])

    def next_day() -> None:
        api.today += timedelta(days=1)
        world.now += timedelta(days=1)
        world.table |= api.table()

    def carried_out() -> Any:
        world.fetcher.step()
        while ("waiting" in (states := [state for _, state in world.requests()])) or "running" in states:
            carry_out_next(world.storer)
        world.fetcher.step()
        return query(world.database, "SELECT COUNT(*), SUM(wh) FROM imported_hours")

    world.switch(0, enedis={"on": True, "meter": None})
    first, asked = carried_out(), world.asked
    next_day()
    assert carried_out()[0][0] > first[0][0]
    ((files,),) = query(world.database, "SELECT COUNT(*) FROM imports")
    (one,) = read(world.page.get("imports"))["imports"]
    assert (files, one["kind"], one["file"]) == (2, "conso", "Conso API 2026-11-28.json")
    assert (one["meter"], one["point"]) == ("031961000001", None)

    world.switch(1)
    world.page.send("POST", "requests", {"kind": "import-forget", "arguments": {"id": one["id"]}})
    ((number,),) = query(world.database, "SELECT MAX(id) FROM requests")
    world.page.send("POST", f"requests/{number}/start", None)
    assert carried_out()[0][0] == 0
    assert read(world.page.get("imports"))["imports"] == []
    before = world.asked
    world.switch(2, enedis={"on": True, "meter": None})
    next_day()
    assert carried_out()[0][0] >= first[0][0]
    assert world.asked - before >= asked - 2  # not only the last days and some holes


def test_a_day_has_a_bound_of_requests(world: World) -> None:
    world.table[HOST, "/price"] = lambda *_: (429, "text/plain", b"", {"Retry-After": "1"})
    world.switch(0, spot=True)
    bound = world.fetcher._providers["spot"].most_a_day
    for _ in range(bound + 5):
        world.fetcher.ask("spot")
    assert world.asked == bound
    world.now += timedelta(days=1)
    world.fetcher.ask("spot")
    assert world.asked == bound + 1


def test_a_token_is_kept_and_never_seen_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    secret = "eyJhbGciOi.c2VjcmV0.signature"
    with caplog.at_level(logging.INFO):
        kept = read(world.page.send("PUT", "fetch/enedis/token", {"token": f" {secret}\n"}))
        assert kept["has_token"]
        assert (world.state / TOKEN).read_text() == secret
        assert world.page.send("PUT", "fetch/enedis/token", {"token": ""}).status == 422
        assert world.page.send("PUT", "fetch/enedis/token", {"tokens": secret}).status == 422
        listed = read(world.page.get("fetch"))
        assert [one["has_token"] for one in listed["providers"]] == [False, True, False, False, False, False]
        assert not read(world.page.send("DELETE", "fetch/enedis/token"))["has_token"]
    assert not (world.state / TOKEN).exists()
    assert not any(secret in answer for answer in world.page.answers)
    assert secret not in caplog.text
