"""Letters of alerts through kills at any moment."""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from tests.services.test_letters import Service, children_of, kill, service, start
from tests.support.programs import WITHIN

__all__ = ["service"]  # a fixture


def test_kills_of_the_monitor_at_any_moment_send_each_letter_once(service: Service, tmp_path: Path) -> None:
    chance = random.Random(25)
    ids = [f"letter {number}" for number in range(12)]
    for number in range(len(ids)):
        process = start(tmp_path, service, *ids[: number + 1])
        time.sleep(chance.uniform(0.15, 0.9))  # a letter takes about half a second
        kill(process)
    assert start(tmp_path, service, *ids).wait(WITHIN) == 0
    assert service.received == Counter(ids)


def test_kills_of_all_processes_at_any_moment_lose_no_letter(service: Service, tmp_path: Path) -> None:
    chance = random.Random(26)
    ids = [f"letter {number}" for number in range(12)]
    for number in range(len(ids)):
        process = start(tmp_path, service, *ids[: number + 1])
        time.sleep(chance.uniform(0.15, 0.9))
        process.send_signal(signal.SIGSTOP)
        found = children_of(process.pid)
        kill(process)
        for child in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    assert start(tmp_path, service, *ids).wait(WITHIN) == 0
    assert service.received.keys() == set(ids)
