"""Reads keys of a terminal one by one, without echo."""

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_POLL_INTERVAL = 0.5  # seconds until the end is noticed


@contextmanager
def read_keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Call `on_key` with each key, from another thread, if there is a terminal; restore its settings afterwards."""
    if not sys.stdin.isatty():
        yield
        return
    terminal, ended = sys.stdin.fileno(), threading.Event()
    settings = termios.tcgetattr(terminal)
    thread = threading.Thread(target=_read, args=(terminal, on_key, ended), name="keys", daemon=True)
    try:
        tty.setcbreak(terminal)
        thread.start()
        yield
    finally:
        ended.set()
        termios.tcsetattr(terminal, termios.TCSADRAIN, settings)


def _read(terminal: int, on_key: Callable[[str], None], ended: threading.Event) -> None:
    while not ended.is_set():
        if not select.select([terminal], [], [], _POLL_INTERVAL)[0]:
            continue
        keys = os.read(terminal, 64)
        if not keys:
            return  # the terminal is gone
        for key in keys.decode("ascii", "replace"):
            on_key(key)
