"""Sends a test message to addresses, as alerts are sent, and reports at once what became of it."""

import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.alerts.child import TIMEOUT
from monitor.alerts.send_queue import Delivery, Job, Message, SendQueue, start_child
from monitor.alerts.texts import TEXTS, why
from monitor.base.formats import unbroken

_POLL = 0.1  # seconds


def send_trial(addresses: Sequence[str], language: str, patience: float) -> Sequence[Delivery]:
    """Send a test message to each address once; return what became of each, in their order.

    Args:
        addresses: to which it is sent.
        language: of the message.
        patience: seconds, after which whatever is still being sent is given up.
    """
    title, body = (unbroken(TEXTS[language][key], language) for key in ("test_title", "test_body"))
    now, ends = datetime.now(UTC), time.monotonic() + patience
    children: list[subprocess.Popen[bytes]] = []

    def start(job: Job, lock: int) -> subprocess.Popen[bytes]:
        children.append(start_child(job, lock))
        return children[-1]

    with TemporaryDirectory() as folder:
        queue = SendQueue(addresses, Path(folder), start)
        queue.put(Message("test", title, body, now, now + timedelta(hours=1)))
        while not all(map(_is_tried, queue.deliveries())) and time.monotonic() < ends:
            queue.saved()
            queue.tick(now)
            time.sleep(_POLL)
        for child in children:
            with suppress(ProcessLookupError):
                child.kill()
            child.wait()
    return [one if _is_tried(one) else replace(one, why=TIMEOUT) for one in queue.deliveries()[::-1]]


def _is_tried(delivery: Delivery) -> bool:
    return bool(delivery.sent_at or delivery.tries or delivery.given_up)


def said(delivery: Delivery, language: str) -> str:
    """Say what the service of an address answered."""
    return TEXTS[language]["test_accepted"] if delivery.why is None else why(delivery.why, language)
