"""Shows the progress of a long command on a terminal, and nothing if the output is not a terminal."""

import time
from typing import Self, TextIO

_EVERY = 0.25  # seconds
_BAR = 30  # characters


class Progress:
    """A status line that is overwritten."""

    def __init__(self, out: TextIO | None) -> None:
        """Write to `out`, if it is a terminal."""
        self._out = out if out is not None and out.isatty() else None
        self._due = 0.0
        self._shown = False

    def __enter__(self) -> Self:
        """Show nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Erase the line, however it ends."""
        self.clear()

    def show(self, doing: str, table: str, rows: int) -> None:
        """Show how many rows of a table are done, a few times a second."""
        self.write(f"{doing} {table.replace('_', ' ')}: {rows:,}")

    def show_part(self, doing: str, part: float, rows: int) -> None:
        """Show a bar, filled to `part` of 1, and how many rows are done, a few times a second."""
        full = round(_BAR * min(1.0, max(0.0, part)))
        self.write(f"{doing} [{'#' * full}{'.' * (_BAR - full)}] {part:.0%}, {rows:,} rows")

    def clear(self) -> None:
        """Erase the line."""
        if self._out is not None and self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def write(self, text: str) -> None:
        """Show a text, a few times a second."""
        if self._out is not None and time.monotonic() >= self._due:
            self._due = time.monotonic() + _EVERY
            self._out.write(f"\r{text}\x1b[K")
            self._out.flush()
            self._shown = True


NO_PROGRESS = Progress(None)
