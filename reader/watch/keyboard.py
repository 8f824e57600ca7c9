"""Keys that are pressed on a terminal, one by one and without being shown."""

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK = 0.5  # seconds until the end is noticed


@contextmanager
def read_keys(take: Callable[[str], None]) -> Iterator[None]:
    """Give each key to `take`, from another thread, where there is a terminal; it is as it was afterwards."""
    if not sys.stdin.isatty():
        yield
        return
    terminal, ended = sys.stdin.fileno(), threading.Event()
    before = termios.tcgetattr(terminal)
    thread = threading.Thread(target=_listen, args=(terminal, take, ended), name="keys", daemon=True)
    try:
        tty.setcbreak(terminal)
        thread.start()
        yield
    finally:
        ended.set()
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _listen(terminal: int, take: Callable[[str], None], ended: threading.Event) -> None:
    while not ended.is_set():
        if not select.select([terminal], [], [], _LOOK)[0]:
            continue
        keys = os.read(terminal, 64)
        if not keys:
            return  # the terminal is gone
        for key in keys.decode("ascii", "replace"):
            take(key)
