"""Detects that two ports receive the same meter: each frame would be stored twice, with different times."""

from collections.abc import Sequence

from reader.line.line_health import LineHealth

RECENT = 10.0  # seconds since the last frame for which a port counts as receiving


class SharedMeters:
    """Compares the ports once a minute; a cable that was moved to another port is not reported."""

    def __init__(self) -> None:
        self._previous: set[str] = set()  # meters that two ports had at the last call
        self._reported: set[str] = set()

    def find(self, lines: Sequence[LineHealth], now: float) -> list[tuple[str, list[str]]]:
        """Return each meter that two ports had in two consecutive calls, with the ports; each meter once.

        `now` is monotonic seconds.
        """
        ports: dict[str, list[str]] = {}
        for line in lines:
            if line.meter is not None and now - line.last_frame_at <= RECENT:
                ports.setdefault(line.meter, []).append(line.port)
        shared = {meter for meter, names in ports.items() if len(names) > 1}
        new = (shared & self._previous) - self._reported
        self._previous = shared
        self._reported |= new
        return [(meter, ports[meter]) for meter in sorted(new)]
