"""Shows on a terminal how far a long work is; elsewhere it says nothing."""

import time
from typing import TextIO

_EVERY = 0.25  # seconds


class Progress:
    """One line that is written over."""

    def __init__(self, out: TextIO | None) -> None:
        """Write to `out` if it is a terminal."""
        self._out = out if out is not None and out.isatty() else None
        self._due = 0.0
        self._shown = False

    def show(self, doing: str, table: str, rows: int) -> None:
        """Say which rows of a table are done, now and then."""
        if self._out is not None and time.monotonic() >= self._due:
            self._due = time.monotonic() + _EVERY
            self._out.write(f"\r{doing} {table.replace('_', ' ')}: {rows:,}\x1b[K")
            self._out.flush()
            self._shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._out is not None and self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()


NO_PROGRESS = Progress(None)
