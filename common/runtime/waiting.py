"""Waits until the environment is ready: a file, a folder or a port that the program needs to start."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from common.errors import NotReady
from common.runtime.logs import ChangeLogger
from common.runtime.shutdown import Shutdown
from common.runtime.watchdog import Health, Heartbeat

T = TypeVar("T")

log = logging.getLogger(__name__)

MIN_BACKOFF, MAX_BACKOFF = 1.0, 30.0  # seconds


def when_ready(make: Callable[[], T], shutdown: Shutdown, heartbeat: Heartbeat) -> T | None:
    """Call `make` until it no longer raises `NotReady`, and return its result; None when stopped before.

    The reason is logged when it changes. Meanwhile the heartbeat reports the program as alive, but not healthy.
    """
    backoff, changes = MIN_BACKOFF, ChangeLogger(log)
    while not shutdown.stop.is_set():
        try:
            made = make()
        except NotReady as error:
            changes.log(logging.WARNING, f"{error}; trying again")
            status = f"waiting: {error}"
        else:
            if changes.reset():
                log.info("Ready now; continuing the start")
            return made
        heartbeat.beat(Health(alive=True, healthy=False, status_text=status), time.monotonic())
        shutdown.stop.wait(backoff * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
        backoff = min(2 * backoff, MAX_BACKOFF)
    return None
