"""Alerts with their file: nothing is sent that is not kept, and what cannot be read is as if it was not there."""

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.alerts.alerts import Alerts
from monitor.alerts.engine import Engine
from monitor.alerts.outbox import Job, Outbox
from monitor.alerts.signs import Holds, Sign
from monitor.alerts.store import NAME, MemoryFile
from monitor.base.household import Address
from tests.support.wording import warnings_of

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DISK = Sign("disk", Holds.YES)


class Running:
    def __init__(self, code: int | None) -> None:
        self._code = code

    def poll(self) -> int | None:
        return self._code


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOON
        self.started: list[str] = []
        self.fails = False
        self.start()

    def start(self, quiet: Window | None = None) -> None:
        self.alerts = Alerts(
            Engine(lambda _: True, quiet, ZoneInfo("Europe/Paris")),
            Outbox([Address("json://there")], self.folder / "letters", self.send),
            MemoryFile(self.folder),
            lambda message: (message.event.kind, message.phase),
        )

    def send(self, job: Job, _: int) -> Any:
        self.started.append(job.title)
        if self.fails:
            Path(job.receipt).write_text(json.dumps({"why": "timeout"}))
        return Running(0 if self.fails else None)

    def look(self, *signs: Sign, times: int = 3) -> None:
        for _ in range(times):
            self.now += SECOND
            self.alerts.step(self.now, signs)


def test_nothing_is_sent_until_it_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "state"
    house = House(folder)
    folder.write_text("a file where a folder should be")
    house.look(DISK, times=10)
    assert house.started == []
    assert len(warnings_of(caplog)) == 1
    folder.unlink()
    house.look(DISK, times=60)
    assert house.started == ["disk"]


def test_what_failed_is_not_tried_again_in_quiet_hours_but_an_overload_is(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.start(quiet=Window(time(12, 1), time(13)))  # it is 12:00
    house.fails = True
    overload = Sign("overload", Holds.YES)
    house.look(DISK, overload, times=14)
    assert house.started == ["disk", "overload"]
    house.now += timedelta(minutes=30)
    house.look(DISK, overload)
    assert house.started == ["disk", "overload", "overload"]
    house.now += timedelta(minutes=30)
    house.look(DISK, overload)
    assert "disk" in house.started[3:]


def test_the_end_of_an_event_waits_for_its_beginning(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.fails = True
    house.look(DISK)
    house.look(Sign("disk", Holds.NO))
    assert house.started == ["disk"]
    assert [delivery.waits for delivery in house.alerts.deliveries()] == [True, True]


def test_the_file_is_written_only_when_something_changed(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.look(DISK)
    written = (tmp_path / NAME).stat().st_ino
    house.look(DISK, times=100)
    assert (tmp_path / NAME).stat().st_ino == written


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"engine": 5, "outbox": {"letters": 7}}', '{"engine": {"active": [{"kind": "disk"}]}}']
)
def test_a_damaged_file_is_said_and_alerts_begin_anew(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / NAME).write_text(content)
    house = House(tmp_path)
    assert warnings_of(caplog)
    house.look(DISK)
    assert [event.kind for event in house.alerts.active()] == ["disk"]
    assert house.started == ["disk"]


@pytest.mark.parametrize(("kind", "hours"), [("overload", 1), ("red", 9), ("disk", 24), ("power_cut", 72)])
def test_a_message_that_nobody_takes_is_given_up_when_it_is_no_news_any_more(
    kind: str, hours: int, tmp_path: Path
) -> None:
    house = House(tmp_path)
    house.look(times=1)
    house.fails = True
    sign = Sign(kind, Holds.YES, key="a")
    house.look(sign, times=12)
    (delivery,) = house.alerts.deliveries()
    assert not delivery.given_up
    house.now += timedelta(hours=hours)
    house.look(sign)
    (delivery,) = house.alerts.deliveries()
    assert delivery.given_up
