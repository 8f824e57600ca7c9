"""The power of the last ten minutes, a value a second. Pure: no clock."""

from array import array

SECONDS = 600
#: How long a value holds: a historic frame takes up to three seconds, so seconds between two are no gap.
HOLDS = 4
_NONE = -1


class Ring:
    """Keeps one value a second of the clock, in 7 kB. A clock that jumps makes no wrong values, only unknown ones."""

    def __init__(self) -> None:
        self._seconds = array("q", [_NONE]) * SECONDS
        self._values = array("i", [_NONE]) * SECONDS

    def add(self, second: int, value: int) -> None:
        """Keep the value of a second (Unix time); the last one of a second counts."""
        place = second % SECONDS
        self._seconds[place], self._values[place] = second, max(0, min(value, 2**31 - 1))

    def fill(self, second: int, value: int) -> None:
        """Keep the value of a second of which nothing is known, unless something newer has its place."""
        if self._seconds[second % SECONDS] < second:
            self.add(second, value)

    def until(self, end: int) -> list[int | None]:
        """Return the values of the ten minutes that end with the second `end`, the oldest first; None: unknown."""
        values: list[int | None] = []
        latest, age = None, HOLDS
        for second in range(end - SECONDS + 1, end + 1):
            place = second % SECONDS
            if self._seconds[place] == second:
                latest, age = self._values[place], 0
            else:
                age += 1
            values.append(latest if age < HOLDS else None)
        return values
