"""What is looked up beforehand is all that a question would have to look for: on a real database, queries counted."""

import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from common.database.mariadb import Connection, Rows
from demo.history import History
from monitor.answers.answers import Answers
from monitor.config import MonitorConfig
from monitor.prices.model import PriceTable
from monitor.readings.memory import Memory
from monitor.server.pool import Lease, Pool
from monitor.server.warmth import Warmth
from monitor.server.workers import Workers
from reader.simulator.meter import SimulatedMeter
from tests.support.servers import Database as Server
from tests.support.storing import make_tables

BEGIN, END = datetime(2026, 10, 1, 22, tzinfo=UTC), datetime(2026, 11, 5, 12, tzinfo=UTC)
FROM, TO = datetime(2026, 10, 10, 22, tzinfo=UTC), datetime(2026, 10, 20, 22, tzinfo=UTC)


class Counted(Connection):
    def __init__(self, connection: Connection, asked: list[str]) -> None:
        self._inner = connection
        self._asked = asked

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        self._asked.append(f"{sql} {arguments}")
        return self._inner.query(sql, arguments)

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        return self._inner.execute(sql, arguments)

    def close(self) -> None:
        self._inner.close()


class AtOnce(Workers):
    def __init__(self) -> None:
        pass

    def start(self, work: Callable[[], None]) -> bool:
        work()
        return True


def test_a_question_after_it_finds_everything_remembered(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, END)
    with contextlib.closing(tables.connect()) as connection:
        for _ in History(connection, SimulatedMeter("standard-single-phase-tempo")).write(BEGIN, END):
            pass
    asked: list[str] = []
    pool = Pool(lambda: Counted(tables.connect(), asked))

    def answers_on(lease: Lease, memory: Memory) -> Answers:
        return Answers(lease, MonitorConfig(), PriceTable([]), None, memory)

    def queries(memory: Memory) -> list[str]:
        asked.clear()
        with pool.lease() as lease:
            answers = answers_on(lease, memory)
            answers.costs.energy(answers.meter(None), "day", FROM, TO, END)
        return asked.copy()

    cold, warm = Memory(), Memory()
    first, again = queries(cold), queries(cold)
    warmth = Warmth(AtOnce(), pool, lambda lease: answers_on(lease, warm))
    for _ in range(2):  # which meters there are, then the only one
        warmth.tick()
    assert len(first) > len(again)
    # The registers at the ends of a range are of its own hours.
    assert len(set(queries(warm)) - set(again)) <= 1
    assert queries(warm) == again
    pool.discard_idle()
