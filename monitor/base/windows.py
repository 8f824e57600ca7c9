"""Windows of the local clock: off-peak hours as a bill says them, and quiet hours."""

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from common.contract.offers import Window
from common.settings.fields import Wrong

_WINDOW = re.compile(r"((?:[01]?\d|2[0-3]):[0-5]\d)-((?:[01]?\d|2[0-3]):[0-5]\d|24:00)")
_SEASONS = ("winter", "summer")
_WINDOWS = {"type": "array", "items": {"type": "string", "pattern": f"^{_WINDOW.pattern}$"}, "minItems": 1}
OFF_PEAK_SCHEMA = {
    "oneOf": [
        _WINDOWS,
        {"type": "object", "properties": dict.fromkeys(_SEASONS, _WINDOWS), "required": [*_SEASONS]},
        {"type": "null"},
    ]
}


@dataclass(frozen=True, slots=True)
class OffPeak:
    """Off-peak hours by the season: summer is from 1 April to 31 October."""

    winter: tuple[Window, ...]
    summer: tuple[Window, ...]

    def at(self, day: date) -> tuple[Window, ...]:
        """Return the windows of a day."""
        return self.summer if 4 <= day.month <= 10 else self.winter

    @property
    def moments(self) -> set[int]:
        """The minutes of a day at which one of them begins or ends."""
        ends = (moment for window in (*self.winter, *self.summer) for moment in (window.start, window.end))
        return {moment.hour * 60 + moment.minute for moment in ends}


def read_window(text: Any) -> Window | None:
    """Return a window such as 22:30-06:30, which may be past midnight; None: it is none, or has no length."""
    match = _WINDOW.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1] == match[2]:
        return None
    return Window(*(time(int(clock[:-3]) % 24, int(clock[-2:])) for clock in match.groups()))


def read_off_peak(value: Any) -> OffPeak:
    """Read the off-peak hours of a bill: a list of windows for all year, or those of winter and summer.

    Raises:
        Wrong: they are neither.
    """
    seasons = dict.fromkeys(_SEASONS, value) if isinstance(value, list) else value
    if not isinstance(seasons, dict) or set(seasons) != set(_SEASONS):
        raise Wrong(
            "les plages de toute l’année, ou celles de l’hiver et de l’été, sont attendues",
            "the windows of all year, or those of winter and summer, are expected",
        )
    return OffPeak(**{season: _windows(windows) for season, windows in seasons.items()})


def _windows(value: Any) -> tuple[Window, ...]:
    windows = []
    for text in value if isinstance(value, list) and value else [value]:
        window = read_window(text)
        if window is None:
            raise Wrong("une plage telle que 22:30-06:30 est attendue", "a window such as 22:30-06:30 is expected")
        windows.append(window)
    return tuple(windows)
