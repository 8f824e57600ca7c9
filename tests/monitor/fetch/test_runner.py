"""When the runner asks, what it notes and hands over; from the press to the rows: tests/services/test_fetch.py."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from common.errors import Unavailable
from monitor.base.config import MonitorConfig
from monitor.base.fetch_settings import EnedisSwitch, FetchSettings
from monitor.base.household import Household
from monitor.fetch import runner
from monitor.fetch.client import FetchFailed, Why
from monitor.fetch.provider import Ask, Fetched, ImportFile, Provider, Rows
from monitor.fetch.runner import Fetcher
from monitor.fetch.state import NAME, Attempts, keep_token, note, read_state
from monitor.money.current import CurrentHousehold
from tests.support.outside_world import RecordedClient

NOON = datetime(2026, 12, 2, 11, tzinfo=UTC)
HOST = "api.example.org"


class Written:
    """A connection that keeps what is written of requests."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.pieces: list[tuple[int, int, bytes]] = []
        self.started: list[int] = []
        self.waiting = 0
        self.is_away = False
        self.is_at_work = False  # the storer, with what it was given
        self.refusal: str | None = None  # its answer to all requests, JSON

    def query(self, sql: str, values: Any = ()) -> Any:
        if self.is_away:
            raise Unavailable("away")
        if "COUNT(*)" in sql and "id IN" in sql:
            return ((int(self.is_at_work),),)
        if "state = 'failed'" in sql:
            return () if self.refusal is None else ((self.refusal,),)
        if "LAST_INSERT_ID" in sql:
            return [(len(self.requests),)]
        if "not_before IS NOT NULL" in sql:
            return [(self.requests[values[0] - 1][0], False, "waiting")]
        if "request_pieces" in sql:
            count = sum(number == values[0] for number, _, _ in self.pieces)
            return [(count, count)]
        return [(self.waiting if "kind =" in sql else 0,)]

    def execute(self, sql: str, values: Any = ()) -> int:
        if sql.startswith("INSERT INTO requests"):
            self.requests.append((values[0], json.loads(values[1])))
        elif sql.startswith("INSERT INTO request_pieces"):
            self.pieces.append(values)
        elif "not_before =" in sql:
            self.started.append(values[1])
        return 1

    def transaction(self) -> Any:
        return threading.Lock()

    def close(self) -> None:
        """It is none."""


class World:
    """A fetcher of one provider, and what the owner and others do."""

    def __init__(self, folder: Path, switch: str = "spot") -> None:
        self.folder, self.now, self.database = folder, NOON, Written()
        self.settings = FetchSettings()
        self.asks: list[Ask] = []
        self.outcome: Fetched | FetchFailed | Exception = Fetched(fr="bien", en="well")
        self.requests = 1  # of a run
        self.meanwhile: Callable[[], None] = lambda: None  # what the owner does during a run
        provider = Provider(switch, (HOST,), (time(6), time(7)), 5, self._fetch)
        household = cast("CurrentHousehold", SimpleNamespace(now=self))
        self.fetcher = Fetcher(
            household,
            cast("Callable[[], Any]", lambda: self.database),
            providers={"it": provider},
            client=lambda _, most: RecordedClient(
                {(HOST, "/"): lambda *_: (200, "application/json", b"{}")}, most=most
            ),
            now=lambda: self.now,
        )
        self.fetcher._missing = lambda now: ()  # type: ignore[method-assign]

    @property
    def config(self) -> MonitorConfig:
        return MonitorConfig(state=self.folder, household=Household(fetch=self.settings))

    def _fetch(self, client: Any, ask: Ask) -> Fetched:
        self.asks.append(ask)
        for _ in range(self.requests):
            client.get(HOST, "/")
        self.meanwhile()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    @property
    def known(self) -> Attempts:
        return read_state(self.folder).of("it")

    def look(self, after: timedelta = timedelta()) -> int:
        """Return how often it was asked by then."""
        self.now += after
        self.fetcher.step()
        return len(self.asks)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.settings = FetchSettings(spot=True)
    return world


@pytest.fixture
def enedis(tmp_path: Path) -> World:
    world = World(tmp_path, "enedis")
    world.settings = FetchSettings(enedis=EnedisSwitch(on=True))
    return world


def failure(why: Why, **more: Any) -> FetchFailed:
    return FetchFailed(why, "non", "no", **more)


def test_it_is_asked_at_once_then_once_a_day_within_the_window(world: World) -> None:
    assert world.look() == 1
    assert world.known.next_at is not None
    first = datetime.fromtimestamp(world.known.next_at, UTC)
    assert datetime(2026, 12, 3, 5, tzinfo=UTC) <= first < datetime(2026, 12, 3, 6, tzinfo=UTC)  # 06:00 to 07:00
    assert world.look(first - world.now - timedelta(seconds=1)) == 1
    assert world.look(timedelta(seconds=1)) == 2
    assert world.look() == 2
    assert world.known.next_at == (first + timedelta(days=1)).timestamp()


def test_what_was_asked_shortly_before_its_moment_is_asked_the_next_day(world: World) -> None:
    world.now = datetime(2026, 12, 2, 4, tzinfo=UTC)  # an hour before the window
    assert [world.look(timedelta(hours=hours)) for hours in (0, 2, 24)] == [1, 1, 2]


def test_what_says_when_to_come_back_is_asked_then(world: World) -> None:
    world.outcome = Fetched(again=900)
    assert [world.look(timedelta(seconds=wait)) for wait in (0, 899, 1, 0)] == [1, 1, 2, 2]
    world.outcome = Fetched(again=0)
    assert [world.look(timedelta(seconds=wait)) for wait in (900, 59, 1)] == [3, 3, 4]


@pytest.mark.parametrize("why", ["unreachable", "no_data", "later", "not_understood"])
def test_after_a_failure_the_pauses_grow_and_what_was_kept_stays(world: World, why: Why) -> None:
    world.outcome = Fetched(kept={"since": 1})
    world.look()
    world.outcome = failure(why)
    world.look(timedelta(days=1))
    world.requests = 0
    assert (world.known.problem_fr, world.known.why, world.known.kept) == ("non", why, {"since": 1})
    assert [world.look(timedelta(minutes=minutes)) for minutes in (11, 8, 22, 16)] == [2, 3, 3, 4]
    world.outcome = Fetched()
    world.look(timedelta(hours=2))
    assert (world.known.failed_at, world.known.failures, world.known.kept) == (None, 0, {"since": 1})


def test_what_came_before_a_failure_is_kept_and_the_pauses_grow_all_the_same(world: World) -> None:
    some = Fetched(files=[ImportFile("a.json", b"{}", "conso", None)], kept={"to": 1}, fr="un peu", en="some",
                   problem=failure("later"))  # fmt: skip
    world.outcome = some
    assert world.look() == 1
    assert [kind for kind, _ in world.database.requests] == ["import"]
    known = world.known
    assert (known.fr, known.kept, known.problem_fr, known.failures) == ("un peu", {"to": 1}, "non", 1)
    assert known.worked_at == known.failed_at == NOON.timestamp()
    assert world.look(timedelta(minutes=20)) == 2
    assert world.look(timedelta(minutes=20)) == 2  # at least 22 minutes now
    world.outcome = Fetched()
    assert world.look(timedelta(minutes=20)) == 3
    assert (world.known.failures, world.known.problem_fr, world.known.failed_at) == (0, "", None)


def test_what_came_before_a_refused_token_is_kept_and_the_token_not_sent_again(enedis: World) -> None:
    keep_token(enedis.folder, "a")
    enedis.outcome = Fetched(kept={"to": 1}, problem=failure("token"))
    assert enedis.look() == 1
    assert enedis.known.kept == {"to": 1}
    assert enedis.look(timedelta(days=3)) == 1


def test_what_a_service_asks_to_wait_is_waited(world: World) -> None:
    world.outcome = failure("later", retry_after=3600.0)
    assert [world.look(timedelta(minutes=minutes)) for minutes in (0, 59, 1)] == [1, 1, 2]


def test_a_token_that_is_refused_is_not_sent_again_until_it_changes(enedis: World) -> None:
    enedis.outcome = failure("token")
    assert enedis.look() == 1
    assert enedis.known.next_at is None
    assert enedis.look(timedelta(days=400)) == 1
    keep_token(enedis.folder, "another")
    assert enedis.look() == 2
    assert enedis.asks[-1].token == "another"
    assert enedis.look(timedelta(days=1)) == 2


def test_after_a_refusal_the_switch_turned_off_and_on_asks_again(enedis: World) -> None:
    enedis.outcome = failure("not_allowed")
    assert enedis.look() == 1
    enedis.settings = FetchSettings()
    assert enedis.look() == 1
    enedis.settings = FetchSettings(enedis=EnedisSwitch(on=True))
    assert [enedis.look(), enedis.look()] == [2, 2]


def test_what_came_of_a_switch_turned_off_meanwhile_is_not_handed_over(world: World) -> None:
    def turned_off() -> None:
        world.settings = FetchSettings()

    world.outcome = Fetched(kept={"until": 1})
    world.look()
    world.outcome = Fetched(rows=[Rows("spot", HOST, {NOON: 1.5})], kept={"until": 2}, fr="neuf", en="new")
    world.meanwhile = turned_off
    assert world.look(timedelta(days=1)) == 2
    assert world.database.requests == []
    assert (world.known.kept, world.known.fr, world.known.requests) == ({"until": 1}, "", 1)
    assert world.look(timedelta(days=1)) == 2
    world.settings, world.meanwhile = FetchSettings(spot=True), lambda: None
    assert [world.look(), world.look()] == [3, 3]  # at once, as its moment was not used
    assert (len(world.database.requests), world.known.kept) == (1, {"until": 2})


def test_a_switch_turned_off_while_others_are_asked_is_not_asked(world: World) -> None:
    def turned_off() -> None:
        world.settings = FetchSettings()

    providers = world.fetcher._providers
    world.fetcher._providers = {"it": providers["it"], "other": providers["it"]}
    world.fetcher._changes["other"] = world.fetcher._changes["it"]
    world.meanwhile = turned_off
    assert world.look() == 1


def test_what_was_wanted_now_is_handed_over_with_the_switch_off(world: World) -> None:
    world.settings = FetchSettings()
    world.outcome = Fetched(rows=[Rows("spot", HOST, {NOON: 1.5})], kept={"until": 2})
    world.fetcher.ask("it")
    assert ([kind for kind, _ in world.database.requests], world.known.kept) == (["outside"], {"until": 2})


def test_a_service_without_a_token_that_refuses_is_asked_again_the_next_day(world: World) -> None:
    world.outcome = failure("not_allowed")
    assert [world.look(timedelta(hours=hours)) for hours in (0, 23, 1)] == [1, 1, 2]


def test_the_requests_of_a_day_are_bound_by_local_days(world: World) -> None:
    world.now, world.requests = datetime(2026, 12, 2, 22, 50, tzinfo=UTC), 4
    world.fetcher.ask("it")
    world.fetcher.ask("it")  # only one is left
    assert (world.known.requests, world.known.why) == (5, "later")
    world.now += timedelta(minutes=10)  # midnight in Paris
    world.fetcher.ask("it")
    assert (world.known.requests, world.known.failed_at) == (4, None)


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
def test_a_clock_that_jumps_makes_neither_a_storm_nor_a_standstill(world: World, jump: timedelta) -> None:
    world.look()
    assert world.look(jump) == 2 or jump < timedelta()
    asked = world.look(-jump)
    assert asked <= 3
    assert [world.look(), world.look(timedelta(minutes=1))] == [asked, asked]
    assert world.look(timedelta(days=1)) == asked + 1


def test_before_the_clock_is_set_nobody_is_asked(world: World) -> None:
    world.now = datetime(1970, 1, 1, tzinfo=UTC)
    assert world.look() == 0


def test_where_nothing_can_be_kept_it_is_asked_no_more_often(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("monitor.fetch.state.replace_file", full)
    assert [world.look(timedelta(minutes=minutes)) for minutes in (0, 1, 60)] == [1, 1, 1]
    assert caplog.text.count("cannot be kept") == 1
    assert not (world.folder / NAME).exists()
    monkeypatch.undo()
    assert world.look(timedelta(days=1)) == 2
    assert (world.folder / NAME).exists()


def test_without_the_database_what_came_is_asked_for_again_later(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.outcome = Fetched(rows=[Rows("spot", HOST, {NOON: 1.5})], kept={"until": 2})
    world.database.is_away = True
    with caplog.at_level(logging.WARNING):
        assert [world.look(timedelta(minutes=minutes)) for minutes in (0, 11, 8, 60)] == [1, 1, 2, 3]
    assert caplog.text.count("database") == 1
    assert (world.known.kept, world.known.why) == ({}, "later")
    world.database.is_away = False
    world.look(timedelta(hours=2))
    assert world.database.requests == [
        ("outside", {"what": "spot", "source": HOST, "rows": [["2026-12-02T11:00:00Z", 1.5]]})
    ]
    assert world.database.started == [1]


def test_what_the_storer_refuses_is_a_failure_with_its_words_and_all_is_asked_for_again(enedis: World) -> None:
    keep_token(enedis.folder, "a")
    enedis.outcome = Fetched(files=[ImportFile("a.json", b"{}", "conso", None)], kept={"to": 1})
    enedis.database.is_at_work = True
    assert enedis.look() == 1
    assert enedis.look(timedelta(minutes=1)) == 1
    assert (enedis.known.kept, enedis.known.handed, enedis.known.failures) == ({"to": 1}, [1], 0)
    enedis.database.is_away = True
    assert enedis.look(timedelta(minutes=1)) == 1
    enedis.database.is_away, enedis.database.is_at_work = False, False
    enedis.database.refusal = '{"problem": {"fr": "De quel compteur ?", "en": "Which meter?"}}'
    assert enedis.look(timedelta(minutes=1)) == 1
    assert (enedis.known.kept, enedis.known.handed, enedis.known.failures) == ({}, [], 1)
    assert "De quel compteur ?" in enedis.known.problem_fr
    assert "Which meter?" in enedis.known.problem_en
    assert enedis.look(timedelta(days=3)) == 1  # it would be refused again
    enedis.database.refusal = None
    enedis.settings = FetchSettings(enedis=EnedisSwitch(on=True, meter="041234567890"))
    assert enedis.look() == 2
    assert enedis.asks[-1].kept == {}
    enedis.look(timedelta(minutes=1))
    assert (enedis.known.kept, enedis.known.handed, enedis.known.failures) == ({"to": 1}, [], 0)


def test_a_press_does_not_wait_for_another_provider(tmp_path: Path) -> None:
    slow, quick = World(tmp_path, "enedis"), World(tmp_path, "spot")
    quick.requests = 0
    begun, release = threading.Event(), threading.Event()

    def long_run(*_: Any) -> Fetched:
        begun.set()
        assert release.wait(60)
        return Fetched(fr="long", en="long")

    providers = {
        "conso": Provider("enedis", (HOST,), (time(6), time(7)), 5, long_run),
        "spot": Provider("spot", (HOST,), (time(6), time(7)), 5, quick._fetch),
    }
    fetcher = Fetcher(slow.fetcher._household, slow.fetcher._connect, providers=providers, now=lambda: NOON)
    fetcher._missing = lambda now: ()  # type: ignore[method-assign]
    (long_one,) = fetcher.start("enedis")
    assert begun.wait(60)
    (short_one,) = fetcher.start("spot")
    short_one.join(60)
    assert not short_one.is_alive()
    assert long_one.is_alive()
    release.set()
    long_one.join(60)
    state = read_state(tmp_path)
    assert (state.of("conso").fr, state.of("spot").fr) == ("long", "bien")


def test_a_look_passes_by_a_provider_that_is_being_asked_and_what_came_of_it_stays(enedis: World) -> None:
    begun, release = threading.Event(), threading.Event()

    def long_run(*_: Any) -> Fetched:
        enedis.asks.append(cast("Ask", None))
        begun.set()
        assert release.wait(60)
        return Fetched(fr="long", en="long")

    enedis.fetcher._providers = {"it": Provider("enedis", (HOST,), (time(6), time(7)), 5, long_run)}
    note(enedis.folder, "it", Attempts(handed=[1]))  # the storer is done with it
    press = threading.Thread(target=enedis.fetcher.ask, args=("it",), daemon=True)
    press.start()
    assert begun.wait(60)
    look = threading.Thread(target=enedis.fetcher.step, daemon=True)
    look.start()
    look.join(30)
    assert not look.is_alive()
    assert enedis.known.handed == [1]
    release.set()
    press.join(60)
    assert (enedis.known.fr, len(enedis.asks)) == ("long", 1)
    enedis.look(timedelta(minutes=1))
    assert (enedis.known.fr, enedis.known.handed, len(enedis.asks)) == ("long", [], 1)


def test_rows_that_the_storer_does_not_take_leave_room_for_the_owners_requests(world: World) -> None:
    world.outcome = Fetched(rows=[Rows("spot", HOST, {NOON: 1.5})])
    world.database.waiting = runner.MOST_WAITING
    world.look()
    assert "storer" in world.known.problem_en
    assert world.database.requests == []


def test_many_rows_are_several_requests_and_a_file_goes_in_pieces(world: World) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    values: Mapping[datetime, float] = {start + timedelta(minutes=15 * number): number for number in range(9000)}
    content = bytes(2_500_000)
    world.outcome = Fetched(
        rows=[Rows("spot", HOST, values)], files=[ImportFile("conso.json", content, "conso", "12345678901234")]
    )
    world.look()
    kinds = [kind for kind, _ in world.database.requests]
    assert kinds == ["outside", "outside", "outside", "import"]
    assert [len(arguments["rows"]) for _, arguments in world.database.requests[:3]] == [4000, 4000, 1000]
    assert world.database.requests[1][1]["rows"][0] == ["2026-02-11T16:00:00Z", 4000]  # 1,000 hours later
    assert world.database.requests[3][1] == {"name": "conso.json", "kind": "conso", "meter": "12345678901234"}
    assert [len(piece) for _, _, piece in world.database.pieces] == [1_048_576, 1_048_576, 402_848]
    assert b"".join(piece for _, _, piece in world.database.pieces) == content
    assert world.database.started == [1, 2, 3, 4]


def test_a_provider_that_stumbles_is_a_failure_like_another(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.outcome = KeyError("price")
    assert [world.look(), world.look()] == [1, 1]
    assert world.known.why == "not_understood"
    assert "KeyError" in caplog.text
