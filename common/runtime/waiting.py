"""Makes what needs a file, a folder or a port as soon as the machine has it."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from common.errors import NotReady
from common.runtime.shutdown import Shutdown
from common.runtime.watchdog import Health, Heartbeat

T = TypeVar("T")

log = logging.getLogger(__name__)

FASTEST_RETRY, SLOWEST_RETRY = 1.0, 30.0  # seconds


def when_ready(make: Callable[[], T], life: Shutdown, heartbeat: Heartbeat) -> T | None:
    """Call `make` again and again while it raises `NotReady`; return None when told to stop instead.

    The reason is logged when it changes, and shown by `heartbeat`: a program that waits is alive.
    """
    wait, said = FASTEST_RETRY, ""
    while not life.stop.is_set():
        try:
            made = make()
        except NotReady as error:
            if str(error) != said:
                log.warning("%s; trying again", error)
            said = str(error)
        else:
            if said:
                log.info("The machine has what was missing: going on")
            return made
        heartbeat.beat(Health(alive=True, healthy=False, status_text=f"waiting: {said}"), time.monotonic())
        life.stop.wait(wait * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
        wait = min(2 * wait, SLOWEST_RETRY)
    return None
