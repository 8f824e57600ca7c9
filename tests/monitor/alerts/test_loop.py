"""What the monitor does of its alerts each second, and what of the database each few minutes."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts import facts_loop as gathering
from monitor.alerts.facts_loop import AGAIN, Gathering
from monitor.alerts.loop import Alerting
from monitor.alerts.message import Letter
from monitor.alerts.signs import Holds, Sign
from monitor.alerts.store import NAME
from monitor.base.config import MonitorConfig
from monitor.base.household import Address, AlertsConfig
from monitor.live.chain import HouseNow
from monitor.web.background import Repeated
from tests.support.made_facts import METER, made_facts, made_meter
from tests.support.threads import Threads

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


class House:
    """The alerts of a house without meters; it stands for what is live, too."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        self.seconds = 0.0
        self.gathered: list[float] = []
        self.facts = made_facts()
        self.judged: list[datetime] = []
        self.signs: list[Sign] = []
        self.digests: list[str] = []
        self.due: str | None = None
        self.workers, self.quick = Threads(), Threads()
        monkeypatch.setattr(gathering, "gather", self.gather)
        monkeypatch.setattr("monitor.alerts.rules.slow.signs", self.judge)
        monkeypatch.setattr(gathering, "digest_due", lambda *_: self.due)
        monkeypatch.setattr(gathering, "digest_letter", self.digest)
        config, clock = MonitorConfig(state=folder, **settings), lambda: self.seconds
        self.gathering = Gathering(config, nullcontext, now=self.time)  # type: ignore[arg-type]
        self.alerting = Alerting(config, self, self.gathering, now=self.time)  # type: ignore[arg-type]
        self.steps = [
            Repeated(self.workers, self.gathering.step, clock),
            Repeated(self.quick, self.alerting.step, clock, try_again=1.0),
        ]

    def time(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def now(self) -> HouseNow:
        return HouseNow(self.time(), connected=True)

    def peak_price(self, *_: Any) -> None:
        return None

    def named_meters(self) -> set[str]:
        return set()

    def gather(self, *_: Any) -> Any:
        self.gathered.append(self.seconds)
        return self.facts

    def judge(self, _: Any, now: datetime) -> list[Sign]:
        self.judged.append(now)
        return self.signs

    def digest(self, *_: Any) -> Letter:
        self.digests.append(str(self.due))
        return Letter(str(self.due), "title", "body", self.time(), self.time() + timedelta(days=1))

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
    assert house.gathered == [0, AGAIN]


def test_facts_are_judged_once_a_minute(house: House) -> None:
    house.run(180)
    assert len(house.judged) == 3


def test_a_digest_is_made_once_and_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.alerts.outbox.subprocess.Popen", lambda *_, **__: None)
    config = AlertsConfig(to=(Address("json://there"),), digest="daily")
    house = House(tmp_path, monkeypatch, alerts=config)
    house.run(AGAIN)
    house.due = "digest/daily/2026-11-23"
    house.run(3 * AGAIN)
    assert house.digests == ["digest/daily/2026-11-23"]
    assert [one.letter for one in house.alerting.alerts.deliveries()] == house.digests


def test_a_message_says_which_meter_it_is_if_only_the_database_knows_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.alerts.outbox.subprocess.Popen", lambda *_, **__: None)
    house = House(tmp_path, monkeypatch, alerts=AlertsConfig(to=(Address("json://there"),)))
    house.facts = made_facts(made_meter(METER), made_meter("031961000002"))
    house.signs = [Sign("feed_in", Holds.YES, METER, figures={"days": 4, "usual_wh": 9000})]
    house.run(60)
    (letter,) = json.loads((tmp_path / NAME).read_text())["outbox"]["letters"]
    assert letter["title"].startswith(f"Compteur {METER} · ")
