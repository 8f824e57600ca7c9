"""`series` and `energy?by=range` of the API for meters of historic mode, whose total is a sum of registers."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from monitor.api import energy, series
from monitor.prices.model import PriceTable
from tests.support.api import ask
from tests.support.frames import simulated
from tests.support.json_schema import check
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

BEGIN = datetime(2026, 11, 24, 4, 45, tzinfo=UTC)  # Tempo switches at 05:00
SECOND = timedelta(seconds=1)
END = BEGIN + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("historic-single-phase-base", ("BASE",)),
        ("historic-single-phase-hchp", ("HCHC", "HCHP")),
        ("historic-three-phase-tempo", tuple(f"BBRH{low}J{day}" for day in "BWR" for low in "CP")),
    ],
)
def test_a_stretch_is_what_its_registers_went_on_by(fresh_database: Server, kind: str, labels: tuple[str, ...]) -> None:
    frames = list(simulated(kind, 900, start=BEGIN, every=2 * SECOND))
    tables = make_tables(fresh_database)
    store(tables, frames)
    roll_up(tables, END + timedelta(days=1))

    def reading(moment: datetime) -> int:
        before = [frame for frame in frames if frame.timestamp < moment] or frames[:1]
        return sum(int(before[-1].values[label]) for label in labels)

    dice = random.Random(kind)
    cuts = sorted(dice.sample(range(1, 1800), 6))
    for low, high in itertools.pairwise([BEGIN, *(BEGIN + second * SECOND for second in cuts), END]):
        question = f"by=range&from={low:%Y-%m-%dT%H:%M:%SZ}&to={high:%Y-%m-%dT%H:%M:%SZ}"
        found = ask(energy.ROUTE, tables, END, PriceTable([]), question)
        check(found, energy.ROUTE.schema)
        assert found["wh"] == reading(high) - reading(low)
        assert set(found["registers"]) <= set(labels)
    question = f"from={BEGIN:%Y-%m-%dT%H:%M:%SZ}&to={END:%Y-%m-%dT%H:%M:%SZ}"
    curve = ask(series.ROUTE, tables, END, PriceTable([]), question)
    assert (curve["source"], curve["step"]) == ("frames", 2000)
    assert curve["max"] == [frame.values["PAPP"] for frame in frames]
    assert {name for _, _, name in curve["registers"]} <= set(labels)
    assert curve["registers"]
    assert curve["gaps"] == []
