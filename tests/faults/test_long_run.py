"""Kills at any moment, of any programs at once, for as long as you like: `./run test faults --minutes N`."""

import random
import time
from pathlib import Path

import pytest

from tests.faults import rows
from tests.faults.home import Row, kill
from tests.faults.network import DEFAULT_BROKER, network

EVERYTHING = ("reader", "storer", "broker", "database", "monitor")
OTHERS = [
    *(Row(kill, (part,), when) for when in (rows.before_commit, rows.after_commit) for part in EVERYTHING),
    *(Row(rows.kill_as_it_starts, (part,)) for part in ("reader", "storer", "monitor")),
    *(Row(what, (part,)) for what in (rows.kill_as_it_stops, rows.terminate) for part in ("reader", "storer")),
    *(Row(rows.hang, (part,)) for part in ("broker", "database", "storer")),
    Row(rows.delete_its_data, ("broker",)),
    Row(rows.make_read_only, ("database",)),
    Row(rows.fill_the_disk_of_the_spool_for_a_moment, ("reader",)),
    Row(rows.cut_a_line, ("a meter",)),
]


def test_nothing_is_lost_and_nothing_doubled(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a broker as it is by default."""
    chance = random.Random(12)
    with network(tmp_path, DEFAULT_BROKER) as home:
        end = time.monotonic() + 60 * request.config.getoption("--minutes")
        home.suffer(Row(rows.restore_an_earlier_state, ("database",)))
        home.suffer(Row(rows.kill_as_it_alerts, ("monitor",)))
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.2, 2.0))  # the life between two faults
            if chance.random() < 0.1:
                home.suffer(chance.choice(OTHERS))
                continue
            parts = chance.sample(EVERYTHING, chance.randint(1, len(EVERYTHING)))
            home.begins(f"kill {' and '.join(parts)}")
            home.kill(*parts)
            time.sleep(chance.uniform(0.0, 1.0))  # how long they stay away
            home.start_all()
        with capsys.disabled():
            print(f"\nkills: {dict(home.delivery.kills)}")
    with capsys.disabled():
        print(home.found)
