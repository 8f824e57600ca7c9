"""What is done of alerts each second (nothing is sent that is not kept), and of the database each few minutes."""

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.alerts import loop
from monitor.alerts.engine import Engine
from monitor.alerts.events import Condition, Holds
from monitor.alerts.loop import AGAIN, Alerting, Alerts, FactsCollector
from monitor.alerts.send_queue import Job, Message, SendQueue
from monitor.alerts.store import NAME, Store
from monitor.base.alert_settings import AlertSettings
from monitor.base.config import MonitorConfig
from monitor.base.household import Household
from monitor.live.chain import Snapshot
from monitor.web.background import Background
from tests.support.made_facts import METER, made_facts, made_meter
from tests.support.threads import Threads
from tests.support.wording import warnings_of

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


class House:
    """The alerts of a house without meters; it stands for what is live, too."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **household: Any) -> None:
        self.seconds = 0.0
        self.collected: list[float] = []
        self.facts = made_facts()
        self.judged: list[datetime] = []
        self.conditions: list[Condition] = []
        self.digests: list[str] = []
        self.due: str | None = None
        self.workers, self.quick = Threads(), Threads()
        monkeypatch.setattr(loop, "collect", self.collect)
        monkeypatch.setattr(loop, "database_conditions", self.judge)
        monkeypatch.setattr(loop, "digest_due", lambda *_: self.due)
        monkeypatch.setattr(loop, "digest_message", self.digest)
        self.config = MonitorConfig(state=folder, household=Household(**household))
        self.collector = FactsCollector(lambda: nullcontext(self), now=self.time)  # type: ignore[arg-type]
        self.alerting = Alerting(lambda: self.config, self, self.collector, now=self.time)  # type: ignore[arg-type]
        self.steps = [
            Background(self.workers, self.collector.step, lambda: self.seconds),
            Background(self.quick, self.alerting.step, lambda: self.seconds, try_again=1.0),
        ]

    def time(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def now(self) -> Snapshot:
        return Snapshot(self.time(), connected=True)

    def peak_price(self, *_: Any) -> None:
        return None

    def named_meters(self) -> set[str]:
        return set()

    def collect(self, *_: Any) -> Any:
        self.collected.append(self.seconds)
        return self.facts

    def judge(self, _: Any, now: datetime) -> list[Condition]:
        self.judged.append(now)
        return self.conditions

    def digest(self, *_: Any) -> Message:
        self.digests.append(str(self.due))
        return Message(str(self.due), "title", "body", self.time(), self.time() + timedelta(days=1))

    def run(self, seconds: float) -> None:
        end = self.seconds + seconds
        while self.seconds < end:
            for one in self.steps:
                one.tick()
            self.workers.work()
            self.quick.work()
            self.seconds += 1


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


def test_the_database_is_asked_at_the_start_and_every_few_minutes(house: House) -> None:
    house.run(2 * AGAIN)
    assert house.collected == [0, AGAIN]


def test_facts_are_judged_once_a_minute(house: House) -> None:
    house.run(180)
    assert len(house.judged) == 3


def test_a_digest_is_made_once_and_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.alerts.send_queue.subprocess.Popen", lambda *_, **__: None)
    house = House(tmp_path, monkeypatch, addresses=("json://there",), alerts=AlertSettings(digest="daily"))
    house.run(AGAIN)
    house.due = "digest/daily/2026-11-23"
    house.run(3 * AGAIN)
    assert house.digests == ["digest/daily/2026-11-23"]
    assert [one.message for one in house.alerting.alerts.deliveries()] == house.digests


def test_a_message_says_which_meter_it_is_if_only_the_database_knows_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.alerts.send_queue.subprocess.Popen", lambda *_, **__: None)
    house = House(tmp_path, monkeypatch, addresses=("json://there",))
    house.facts = made_facts(made_meter(METER), made_meter("031961000002"))
    house.conditions = [Condition("feed_in", Holds.YES, METER, figures={"days": 4, "usual_wh": 9000})]
    house.run(60)
    (message,) = json.loads((tmp_path / NAME).read_text())["outbox"]["letters"]
    assert message["title"].startswith(f"Compteur {METER} · ")


def test_before_the_settings_are_known_nothing_is_told_and_then_all_that_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.alerts.send_queue.subprocess.Popen", lambda *_, **__: None)
    house = House(tmp_path, monkeypatch, addresses=("json://there",), is_known=False)
    house.conditions = [Condition("feed_in", Holds.YES, METER, figures={"days": 4, "usual_wh": 9000})]
    house.run(60)
    assert house.alerting.alerts.active() == ()
    assert house.alerting.alerts.deliveries() == ()
    house.config = replace(house.config, household=replace(house.config.household, is_known=True))
    house.run(60)
    assert [one.kind for one in house.alerting.alerts.active()] == ["feed_in"]
    assert [one.to for one in house.alerting.alerts.deliveries()] == ["json 1"]


def test_settings_that_change_count_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.alerts.send_queue.subprocess.Popen", lambda *_, **__: None)
    house = House(tmp_path, monkeypatch)
    house.conditions = [Condition("feed_in", Holds.YES, METER, figures={"days": 4, "usual_wh": 9000})]
    house.run(60)
    assert house.alerting.alerts.deliveries() == ()
    house.config = replace(house.config, household=replace(house.config.household, addresses=("json://there",)))
    house.run(5)
    assert [one.to for one in house.alerting.alerts.deliveries()] == ["json 1"]
    off = AlertSettings(rules={"feed_in": False})
    house.config = replace(house.config, household=replace(house.config.household, alerts=off))
    house.run(5)
    assert house.alerting.alerts.active() == ()


SECOND = timedelta(seconds=1)
DISK = Condition("disk", Holds.YES)


class Running:
    def __init__(self, code: int | None) -> None:
        self._code = code

    def poll(self) -> int | None:
        return self._code


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOON
        self.started: list[str] = []
        self.fails = False
        self.start()

    def start(self, quiet: Window | None = None) -> None:
        self.alerts = Alerts(
            Engine(lambda _: True, quiet, ZoneInfo("Europe/Paris")),
            SendQueue(["json://there"], self.folder / "letters", self.send),
            Store(self.folder),
            lambda notification: (notification.event.kind, notification.phase),
        )

    def send(self, job: Job, _: int) -> Any:
        self.started.append(job.title)
        if self.fails:
            Path(job.receipt).write_text(json.dumps({"why": "timeout"}))
        return Running(0 if self.fails else None)

    def look(self, *conditions: Condition, times: int = 3) -> None:
        for _ in range(times):
            self.now += SECOND
            self.alerts.step(self.now, conditions)


def test_nothing_is_sent_until_it_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "state"
    house = Home(folder)
    folder.write_text("a file where a folder should be")
    house.look(DISK, times=10)
    assert house.started == []
    assert len(warnings_of(caplog)) == 1
    folder.unlink()
    house.look(DISK, times=60)
    assert house.started == ["disk"]


def test_what_failed_is_not_tried_again_in_quiet_hours_but_an_overload_is(tmp_path: Path) -> None:
    house = Home(tmp_path)
    house.start(quiet=Window(time(12, 1), time(13)))  # it is 12:00
    house.fails = True
    overload = Condition("overload", Holds.YES)
    house.look(DISK, overload, times=14)
    assert house.started == ["disk", "overload"]
    house.now += timedelta(minutes=30)
    house.look(DISK, overload)
    assert house.started == ["disk", "overload", "overload"]
    house.now += timedelta(minutes=30)
    house.look(DISK, overload)
    assert "disk" in house.started[3:]


def test_the_file_is_written_only_when_something_changed(tmp_path: Path) -> None:
    house = Home(tmp_path)
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
    house = Home(tmp_path)
    assert warnings_of(caplog)
    house.look(DISK)
    assert [event.kind for event in house.alerts.active()] == ["disk"]
    assert house.started == ["disk"]


@pytest.mark.parametrize(("kind", "hours"), [("overload", 1), ("red", 9), ("disk", 24), ("power_cut", 72)])
def test_a_message_that_nobody_takes_is_given_up_when_it_is_no_news_any_more(
    kind: str, hours: int, tmp_path: Path
) -> None:
    house = Home(tmp_path)
    house.look(times=1)
    house.fails = True
    condition = Condition(kind, Holds.YES, key="a")
    house.look(condition, times=12)
    (delivery,) = house.alerts.deliveries()
    assert not delivery.given_up
    house.now += timedelta(hours=hours)
    house.look(condition)
    (delivery,) = house.alerts.deliveries()
    assert delivery.given_up
