"""An adoption that is killed, or whose database is."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from storer.adoption.adopt import adopt
from tests.faults.gate import gate
from tests.services.conftest import database, fresh_database, programs
from tests.services.test_adopt import MINUTE, NOW
from tests.support.original import make_original, steady
from tests.support.programs import ENVIRONMENT
from tests.support.servers import Database as Server
from tests.support.storing import StorerCommand, client, make_tables, query

__all__ = ["database", "fresh_database", "programs"]  # fixtures


def killed_at(database: Server, folder: Path, kill: Callable[["subprocess.Popen[bytes]"], None]) -> None:
    """Start an adoption, and kill something in its middle."""
    database.sql(f"USE {database.name}; RENAME TABLE teleinfoframes TO teleinfoframes_original")  # its first step
    make_tables(database)
    with gate(database, "NEW.timestamp = '2023-11-04'") as wait_until_in_the_middle:
        process = subprocess.Popen(
            StorerCommand(folder, database.port, database.password).line("adopt"),
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_in_the_middle()
            kill(process)
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("victim", ["storer", "database"])
def test_a_kill_loses_and_doubles_nothing(fresh_database: Server, tmp_path: Path, victim: str) -> None:
    rows = steady("2023-11-01", 2_000, every=5 * MINUTE)  # a week
    make_original(fresh_database, rows)

    def kill(process: "subprocess.Popen[bytes]") -> None:
        if victim == "storer":
            process.send_signal(signal.SIGKILL)
        else:
            fresh_database.kill()
            fresh_database.start()

    killed_at(fresh_database, tmp_path, kill)
    database = client(fresh_database)
    (stored,) = query(database, "SELECT COUNT(*) FROM frames")[0]
    assert 0 < stored < len(rows)
    done = adopt(database, None, NOW)
    assert (done.all.rows, done.left_out) == (len(rows), 0)
    sums = "SELECT COUNT(*), SUM({}), MIN(timestamp), MAX(timestamp) FROM {}"
    assert query(database, sums.format("index_total", "frames")) == query(
        database, sums.format("total_base_index_in_wh", "teleinfoframes_original")
    )
