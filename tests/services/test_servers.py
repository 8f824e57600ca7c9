import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.servers import Broker, Database, InstanceError, find_program, free_port

pytestmark = pytest.mark.usefixtures("programs")


def eventually(holds: Callable[[], bool], within: float = 60.0) -> bool:
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # a zombie is for this machine's init to collect


def test_a_broken_configuration_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InstanceError, match=r"mosquitto ended with \d+ when started: .*no_such_option") as caught:
        Broker(tmp_path, config="no_such_option true").start()
    assert "\n" not in str(caught.value)
    with pytest.raises(InstanceError, match=r"mariadb ended with \d+ when started: .*no-such-option") as caught:
        Database(tmp_path, options=["--no-such-option"]).start()
    assert "\n" not in str(caught.value)


def test_a_port_is_not_chosen_twice() -> None:
    """The one before may have no server yet, or one that is stopped for a moment."""
    ports = [free_port() for _ in range(500)]
    assert len(set(ports)) == len(ports)


def test_a_missing_program_is_reported_with_its_cure() -> None:
    with pytest.raises(InstanceError, match=r"^no-such-server is not installed: \./run setup installs it$"):
        find_program("no-such-server")


def test_servers_die_with_whoever_started_them(tmp_path: Path) -> None:
    script = (
        "import os, signal, pathlib, sys\n"
        "from tests.support.servers import Broker, Database\n"
        "broker, database = Broker(pathlib.Path(sys.argv[1])), Database(pathlib.Path(sys.argv[1]))\n"
        "broker.start(); database.start(); database.pause()\n"
        "print(broker.process.pid, database.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == -signal.SIGKILL, result.stderr
    for pid in map(int, result.stdout.split()):
        assert eventually(lambda: not alive(pid))  # noqa: B023


def test_a_database_has_a_temporary_folder_of_its_own(database: Database) -> None:
    """A server that starts deletes the temporary tables that it finds, those of another server too."""
    assert Path(database.sql("SELECT @@tmpdir").strip()) == database.folder / "tmp"
