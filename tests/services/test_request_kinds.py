"""What the monitor notes is what the storer carries out: kinds and arguments."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from common.database.mariadb import Connection
from monitor.places.settings import requests
from monitor.places.settings.kinds import KINDS, WITH_FILE
from storer.requests import kinds as storer
from storer.requests import table
from storer.requests.carry_out import carry_out_next
from tests.monitor.places.settings.test_kinds import GOOD
from tests.services.test_requests import House, house  # noqa: F401 - a fixture
from tests.support.imports import content


class Noted(dict[str, Any]):
    """Arguments that note which of them are looked at."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        super().__init__(arguments)
        self.seen: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("kind", KINDS)
def test_the_storer_looks_at_each_argument_that_the_monitor_takes(
    house: House,  # noqa: F811
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[Noted] = []

    def take(connection: Connection, *more: Any) -> table.Request | None:
        request = real(connection, *more)
        assert request is not None
        taken.append(Noted(request.arguments))
        return replace(request, arguments=taken[-1])

    real = table.take
    monkeypatch.setattr(table, "take", take)
    monkeypatch.setattr(requests, "DELAY", 0)
    with contextlib.closing(house.database.connect()) as connection:
        number = requests.make(connection, kind, GOOD[kind])
        if kind in WITH_FILE:
            requests.put_piece(connection, number, 0, content("csv.csv"))
        requests.start(connection, number)
    assert carry_out_next(house.settings)
    assert taken[0].seen == KINDS[kind].schema()["properties"].keys()


def test_monitor_and_storer_know_the_same_kinds() -> None:
    assert storer.KINDS.keys() == KINDS.keys()
