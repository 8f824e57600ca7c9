"""What is looked up beforehand is all that a question would have to look for: on a real database, queries counted."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

from demo.history import History
from monitor.base.config import MonitorConfig
from monitor.money.home import Home
from monitor.money.prices import PriceTable
from monitor.readings.cache import Cache
from monitor.web.background import CacheWarmer
from monitor.web.pool import Pool
from reader.simulator.meter import SimulatedMeter
from tests.support.asked import NotedDatabase
from tests.support.servers import Database as Server
from tests.support.storing import make_tables

BEGIN, END = datetime(2026, 10, 1, 22, tzinfo=UTC), datetime(2026, 11, 5, 12, tzinfo=UTC)
FROM, TO = datetime(2026, 10, 10, 22, tzinfo=UTC), datetime(2026, 10, 20, 22, tzinfo=UTC)


def test_a_question_after_it_finds_everything_remembered(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, END)
    with contextlib.closing(tables.connect()) as connection:
        History(connection, SimulatedMeter("standard-single-phase-tempo")).write(BEGIN, END)
    noted = NotedDatabase(tables)
    pool = Pool(noted.connect)

    @contextlib.contextmanager
    def lend(cache: Cache) -> Iterator[Home]:
        with pool.borrow() as connection:
            yield Home(connection, MonitorConfig(), PriceTable([]), None, cache)

    def queries(cache: Cache) -> list[str]:
        noted.asked.clear()
        with lend(cache) as answers:
            answers.costs.energy(answers.meter(None), "day", FROM, TO, END)
        return noted.asked.copy()

    cold, warm = Cache(), Cache()
    first, again = queries(cold), queries(cold)
    warmer = CacheWarmer(lambda: lend(warm), lambda answers, meter: answers.reader.remember(meter))
    for _ in range(2):  # which meters there are, then the only one
        warmer.step()
    assert len(first) > len(again)
    # The registers at the ends of a range are of its own hours.
    assert len(set(queries(warm)) - set(again)) <= 1
    assert queries(warm) == again
    pool.discard_idle()
