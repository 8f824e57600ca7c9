"""Looks at today: what they answer after a pause, and at a new day. The database is a stand-in, the clocks are ours."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from common.errors import DatabaseError
from monitor.live import today as module
from monitor.live.today import LOOK_EVERY, DatabasePoll, Today

PARIS = ZoneInfo("Europe/Paris")
METER = "031961123456"
NOW = datetime(2026, 11, 28, 11, 26, tzinfo=UTC)  # 12:26 in Paris


class House:
    """A database that counts how often a day was looked at, and says so as its energy."""

    def __init__(self) -> None:
        self.now = NOW
        self.monotonic = 1000.0
        self.taken = 0
        self.away = False
        self.answers = threading.Event()
        self.answers.set()

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.monotonic += seconds

    def look(self, _answers: Any, _meter: Any, now: datetime, zone: ZoneInfo) -> Today:
        self.answers.wait()
        if self.away:
            raise DatabaseError("away")
        self.taken += 1
        local = now.astimezone(zone)
        start = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        return Today(start, now, now, self.taken, None, None, None, None, None, None, None, [])


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    house = House()
    monkeypatch.setattr(module, "today", house.look)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: house.monotonic))
    monkeypatch.setattr(module, "FIRST_LOOK", 60.0)  # a slow machine
    return house


@pytest.fixture
def poll(house: House) -> Iterator[DatabasePoll]:
    meters = SimpleNamespace(meters=lambda: [SimpleNamespace(identifier=METER)])
    connection = SimpleNamespace(close=lambda: None)
    found = DatabasePoll(lambda: cast("Any", (connection, meters)), PARIS, lambda: house.now, lambda *_: None)
    found.start()
    yield found
    house.answers.set()
    found.close()


def energy(poll: DatabasePoll) -> int | None:
    today = poll.today(METER)
    return None if today is None else today.wh


def test_the_first_question_after_a_pause_waits_for_a_new_look(house: House, poll: DatabasePoll) -> None:
    assert energy(poll) == 1
    house.pass_by(20 * 60)
    assert energy(poll) == 2


def test_a_look_of_this_minute_is_answered_at_once(house: House, poll: DatabasePoll) -> None:
    assert energy(poll) == 1
    house.pass_by(LOOK_EVERY / 2)
    assert energy(poll) == 1


def test_the_first_question_of_a_new_day_waits_for_a_look_at_it(house: House, poll: DatabasePoll) -> None:
    house.now = datetime(2026, 11, 28, 22, 59, 50, tzinfo=UTC)  # ten seconds before midnight
    assert energy(poll) == 1
    house.pass_by(20)
    today = poll.today(METER)
    assert today is not None
    assert (today.wh, today.start) == (2, datetime(2026, 11, 28, 23, tzinfo=UTC))


def test_a_look_that_does_not_come_in_time_leaves_the_old_one_with_its_time(
    house: House, poll: DatabasePoll, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert energy(poll) == 1
    house.pass_by(20 * 60)
    house.answers.clear()
    monkeypatch.setattr(module, "FIRST_LOOK", 0.0)
    today = poll.today(METER)
    assert today is not None
    assert (today.wh, today.at) == (1, NOW)


def test_a_database_that_refuses_ends_the_wait_for_a_new_look(house: House, poll: DatabasePoll) -> None:
    assert energy(poll) == 1
    house.away = True
    house.pass_by(20 * 60)
    assert energy(poll) == 1  # it was asked, and refused
    assert poll.database == "down"
