"""A curve on a regular grid: its source and step, the seconds that a frame holds, and days laid on each other."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.base.calendar import midnight
from monitor.readings.grid_curves import FRAMES, HOURS, MINUTES

#: Seconds that a reading is taken to hold: coverage counts in the same pieces.
HOLD = 5
#: The longest range that is shown from frames.
MOST_OF_FRAMES = timedelta(hours=2)
_MINUTE, _HOUR = 60, 3600
_OF_FRAMES = (1, 2, 3, 5, 10, 15, 20, 30, 60)
_OF_MINUTES = (_MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE)
_OF_HOURS = (_HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR)


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of `count` cells of `step` seconds from `start` on, filled from frames, minutes or hours."""

    source: str
    start: datetime
    step: int
    count: int

    @property
    def end(self) -> datetime:
        """The end of the last cell."""
        return self.start + timedelta(seconds=self.step * self.count)


def choose_grid(start: datetime, end: datetime, points: int, source: str | None = None, pace: float = 1) -> Grid:
    """Return the finest grid with at most so many points.

    Args:
        start: the beginning; the grid begins at the whole step before it.
        end: the end, exclusive.
        points: the most cells.
        source: frames, minutes or hours, if one is asked for.
        pace: seconds between frames; a step that is shorter would be full of holes. Of a source that is asked for by
            name, the longest step is taken where even that one is shorter.

    Raises:
        ValueError: no grid has so few points, or frames are asked for in too long a range.
    """
    if source == FRAMES and end - start > MOST_OF_FRAMES:
        raise ValueError("frames")
    sources = [source] if source else ([FRAMES] if end - start <= MOST_OF_FRAMES else []) + [MINUTES, HOURS]
    for one in sources:
        steps = {FRAMES: _OF_FRAMES, MINUTES: _OF_MINUTES, HOURS: _OF_HOURS}[one]
        # A fifth: frames that come each 1.05 s leave few holes in cells of a second.
        wide = [step for step in steps if one == HOURS or step * 1.2 >= pace]
        for step in wide or (steps[-1:] if source else ()):
            grid = _grid(one, start, end, step)
            if grid.count <= points:
                return grid
    raise ValueError("points")


def _grid(source: str, start: datetime, end: datetime, step: int) -> Grid:
    # Cells begin at whole rows of their source; a day's cells at its midnight, which is a whole hour.
    unit = {FRAMES: 1, MINUTES: _MINUTE, HOURS: _HOUR}[source]
    first = math.floor(start.timestamp() / unit) * unit
    return Grid(source, datetime.fromtimestamp(first, UTC), step, max(math.ceil((end.timestamp() - first) / step), 0))


def spread(places: Sequence[int], values: Sequence[int | None], count: int) -> list[int | None]:
    """Return the values at their places, None elsewhere."""
    column: list[int | None] = [None] * count
    for place, value in zip(places, values, strict=True):
        if 0 <= place < count:
            column[place] = value
    return column


def hold(column: Sequence[int | None], step: int) -> list[int | None]:
    """Return a column of frames in which each value holds until the next one, for a few seconds at most."""
    reach = max(HOLD, step) // step
    held = list(column)
    last, age = None, reach
    for place, value in enumerate(column):
        last, age = (last, age + 1) if value is None else (value, 0)
        if value is None and age <= reach:
            held[place] = last
    return held


def without_end(columns: Iterable[Sequence[int | None]], step: int, seconds: float) -> int:
    """Return how many cells are not later than `seconds` after the beginning, or known."""
    known = [
        max((place + 1 for place, value in enumerate(column) if value is not None), default=0) for column in columns
    ]
    return max(min(math.ceil(seconds / step), max((len(column) for column in columns), default=0)), *known, 0)


def aligned(grid: Grid, day: datetime, zone: ZoneInfo) -> tuple[Grid, list[int | None]]:
    """Lay a curve over another day by the clock on the wall.

    Args:
        grid: of the curve; minutes or finer.
        day: the beginning of the day that is shown, a local midnight.
        zone: the local time.

    Returns:
        The grid of the day that is shown, and for each of its cells the cell of the curve with the same local time:
        None where the curve's day skips it. Of an hour that comes twice in the curve's day only, the first is taken.
    """
    shift = grid.start.astimezone(zone).date() - day.astimezone(zone).date()
    last = (grid.end - timedelta(seconds=1)).astimezone(zone).date() - shift
    end = midnight(last + timedelta(days=1), zone)
    count = int((end - day).total_seconds()) // grid.step
    places: list[int | None] = []
    for number in range(count):
        shown = (day + timedelta(seconds=number * grid.step)).astimezone(zone)
        wall = shown.replace(tzinfo=None) + shift
        found = wall.replace(tzinfo=zone, fold=shown.fold).astimezone(UTC)
        place = int((found - grid.start).total_seconds()) // grid.step
        exists = found.astimezone(zone).replace(tzinfo=None) == wall
        places.append(place if exists and 0 <= place < grid.count else None)
    return Grid(grid.source, day, grid.step, count), places


def runs(named: Iterable[tuple[int, str]], length: int) -> list[tuple[int, int, str]]:
    """Return stretches with the same name: from the first moment that has it to the end of the last.

    Args:
        named: moments, in order, and their names.
        length: of what a moment stands for.
    """
    found = []
    for name, part in itertools.groupby(named, key=lambda one: one[1]):
        moments = [moment for moment, _ in part]
        found.append((moments[0], moments[-1] + length, name))
    return found
