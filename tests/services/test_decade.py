"""The database of ten years that the benchmark asks: copies of a household's days that fit together."""

import contextlib
from itertools import pairwise

from common.contract.registers import REGISTERS
from tests.bench import decade
from tests.support.rollups import stored
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query


def test_registers_go_on_from_copy_to_copy(fresh_database: Server) -> None:
    size = decade.Size(days=1, copies=3)
    database = make_tables(fresh_database, decade.END)
    with contextlib.closing(database.connect()) as connection:
        meters = [decade.rollups(connection, kind, size) for kind in decade.KINDS]
    assert len(set(meters)) == 3
    found = stored(database)
    for meter in {meter for meter, _ in found.hours}:
        hours = [row for (whose, _), row in sorted(found.hours.items()) if whose == meter]
        assert len(hours) == 72
        for before, after in pairwise(hours):
            assert after["first_at"] > before["last_at"]
            for register in REGISTERS:
                if after[f"{register}_last"] is not None:
                    step = after[f"{register}_last"] - before[f"{register}_last"]
                    assert 0 <= step < 12_000, register
            names = [f"supplier_{number}" for number in range(1, 11)]
            if before["total_last"] is not None:
                total = after["total_last"] - before["total_last"]
                assert total == sum(after[f"{name}_last"] - before[f"{name}_last"] for name in names)
    minutes = query(
        database,
        "SELECT COUNT(*), SUM(total_first < before_it) FROM (SELECT total_first, LAG(total_last)"
        " OVER (PARTITION BY meter_id ORDER BY minute) AS before_it FROM minutes) AS pairs",
    )
    assert minutes == [(3 * 3 * 1440, 0)]
