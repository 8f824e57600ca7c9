"""Finds a meter that comes in through two ports: each of its frames would be two, as their times differ."""

from collections.abc import Sequence

from reader.line.health import LineHealth

RECENT = 10.0  # seconds for which a frame counts as coming


class SharedMeters:
    """Looks now and then; a cable that is moved to another port is not taken for two."""

    def __init__(self) -> None:
        self._last: set[str] = set()  # meters that two ports had when it was looked last
        self._found: set[str] = set()

    def find(self, lines: Sequence[LineHealth], now: float) -> list[tuple[str, list[str]]]:
        """Return each meter that two ports had twice running, with the ports: once; `now` is monotonic."""
        ports: dict[str, list[str]] = {}
        for line in lines:
            if line.meter is not None and now - line.last_frame_at <= RECENT:
                ports.setdefault(line.meter, []).append(line.port)
        shared = {meter for meter, names in ports.items() if len(names) > 1}
        new = (shared & self._last) - self._found
        self._last = shared
        self._found |= new
        return [(meter, ports[meter]) for meter in sorted(new)]
