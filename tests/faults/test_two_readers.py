"""Two readers of one name, which throw each other out of the broker."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.services.conftest import programs
from tests.services.test_check_reader import examine, write
from tests.support.servers import careful_broker, die_with

__all__ = ["programs"]  # a fixture


def test_two_readers_of_one_name_are_a_problem(programs: None, tmp_path: Path) -> None:
    """They rest between two turns, so the look at the broker may see none of those: what they say of it counts."""
    with careful_broker(tmp_path / "contested") as broker, contextlib.ExitStack() as stack:
        for place in ("one", "other"):
            spool = {"journal": str(tmp_path / place / "journal"), "path": str(tmp_path / place / "spool")}
            (tmp_path / place).mkdir()
            file = write(tmp_path / place, broker, spool=spool)
            log = stack.enter_context((tmp_path / place / "log").open("wb"))
            command = [sys.executable, "-m", "reader", "run", "--config", str(file)]
            process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with(os.getpid()))
            stack.callback(process.wait)
            stack.callback(process.terminate)
        logs = [tmp_path / place / "log" for place in ("one", "other")]
        deadline = time.monotonic() + 300
        # Whoever has the name after both were thrown out twice says so, soon after it is connected.
        problem = "problem Reader: two readers use the name cellar"
        while (
            broker.log.read_text().count("already connected") < 4
            or problem not in (found := examine(file, tmp_path))[1]
        ):
            assert time.monotonic() < deadline, [log.read_text() for log in logs]
            time.sleep(0.1)  # between two looks
    assert found[0] == 1
    said = [log.read_text() for log in logs]
    assert [text.count("nother program named teleinfo-reader-cellar") for text in said] in ([1, 1], [0, 1], [1, 0])
