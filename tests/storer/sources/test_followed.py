"""Which worker reads the sources, when they change."""

from collections.abc import Sequence
from typing import Any

import pytest

from common.contract.sources import SOURCES, Source
from common.database.mariadb import DatabaseConfig
from common.settings.config import Broker
from storer.sources import worker
from storer.sources.followed import FollowedSources

ROOF, CAR = (
    SOURCES.read([{"name": name, "kind": "device", "topic": f"sources/{name}", "power": ""}])
    for name in ("roof", "car")
)


class Worker:
    """Notes what is done with it; it does not end while the database is away."""

    ends = True

    def __init__(self, _: Broker, __: Any, ___: str, sources: Sequence[Source]) -> None:
        self.names = [source.name for source in sources]
        self.runs = False
        made.append(self)

    def start(self) -> None:
        self.runs = True

    def stop(self) -> bool:
        self.runs = self.runs and not self.ends
        return self.ends

    def report(self) -> list[str]:
        return self.names


made: list[Worker] = []


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> FollowedSources:
    made.clear()
    monkeypatch.setattr(worker, "SourceWorker", Worker)
    return FollowedSources(Broker(), DatabaseConfig(), "home")


def running() -> list[list[str]]:
    return [one.names for one in made if one.runs]


def test_without_sources_nothing_runs_and_nothing_is_reported(followed: FollowedSources) -> None:
    followed.follow(())
    assert (made, followed.report(), followed.stop()) == ([], {}, True)


def test_sources_that_stay_the_same_keep_their_worker(followed: FollowedSources) -> None:
    followed.follow(ROOF)
    followed.follow(tuple(ROOF))
    assert len(made) == 1
    assert followed.report() == {"sources": ["roof"]}


def test_other_sources_replace_the_worker_and_none_end_it(followed: FollowedSources) -> None:
    followed.follow(ROOF)
    followed.follow(CAR)
    assert running() == [["car"]]
    followed.follow(())
    assert (running(), followed.report()) == ([], {})


def test_sources_that_come_back_while_their_worker_ends_are_read_again(
    followed: FollowedSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed.follow(ROOF)
    monkeypatch.setattr(Worker, "ends", False)
    followed.follow(CAR)
    assert len(made) == 1  # never two at once
    monkeypatch.setattr(Worker, "ends", True)
    followed.follow(ROOF)
    assert running() == [["roof"]]
    assert len(made) == 2
