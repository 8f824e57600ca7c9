"""Local times: which instant each is, also in the two nights when the clock changes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.errors import ConfigError
from storer.imports.model import refused

UNCLEAR = "times of the repeated hour of October that occur once"
NEVER = "times that the clock skips in March"
DOUBLED = "doubled lines"

Value = TypeVar("Value")


class LocalClock:
    """The clock of a time zone."""

    def __init__(self, name: str) -> None:
        """Take the name of a zone, such as Europe/Paris.

        Raises:
            ConfigError: it is unknown on this machine.
        """
        self.name = name
        try:
            self._zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError(f"the time zone {name!r} is unknown here: use a name such as Europe/Paris") from error

    def utc(self, local: datetime, *, second: bool = False) -> datetime:
        """Return the instant of a local time; of one that comes twice, the first unless `second`."""
        return local.replace(tzinfo=self._zone, fold=int(second)).astimezone(UTC)

    def local(self, instant: datetime) -> datetime:
        """Return what the clock shows at an instant."""
        return instant.astimezone(self._zone).replace(tzinfo=None)

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a day begins."""
        return self.utc(datetime.combine(day, time()))

    def hours_of(self, day: date, end: date) -> int:
        """Return how many hours the days from `day` to `end` (exclusive) have."""
        return round((self.midnight(end) - self.midnight(day)) / timedelta(hours=1))

    def is_twice(self, local: datetime) -> bool:
        """Return whether a local time comes twice."""
        return self.utc(local) < self.utc(local, second=True)

    def resolve(self, rows: Sequence[tuple[datetime, Value]], left_out: Counter[str]) -> list[tuple[datetime, Value]]:
        """Return the instants of the times of one series, in order; `rows` are in the order of the file.

        A local time of the repeated hour is clear if it occurs twice: the file's order tells which is the first. Whole
        days may be doubled. What cannot be told apart is left out, and counted in `left_out`.
        """
        resolved: dict[datetime, Value] = {}
        for stamp, value in rows:
            if stamp.tzinfo is not None:
                instant = stamp.astimezone(UTC)
                left_out[DOUBLED] += instant in resolved
                if resolved.setdefault(instant, value) != value:
                    raise refused(f"{stamp.isoformat()} has several values")
        resolved |= self._resolve_local([row for row in rows if row[0].tzinfo is None], left_out)
        left_out += Counter()  # without zeros
        return sorted(resolved.items(), key=lambda row: row[0])

    def _resolve_local(self, rows: Sequence[tuple[datetime, Value]], left_out: Counter[str]) -> dict[datetime, Value]:
        values: defaultdict[datetime, list[Value]] = defaultdict(list)
        for local, value in rows:
            values[local].append(value)
        # A time that comes twice has two instants in order; one that the clock skips has them the wrong way round.
        both = {local: (self.utc(local), self.utc(local, second=True)) for local in values}
        copies: dict[date, int] = {}
        for local, found in values.items():
            begin, end = both[local]
            if begin >= end:
                copies[local.date()] = min(copies.get(local.date(), len(found)), len(found))
        forth = sum((a < b) - (a > b) for (a, _), (b, _) in pairwise(rows))
        resolved: dict[datetime, Value] = {}
        for local, found in values.items():
            begin, end = both[local]
            if begin > end:
                left_out[NEVER] += len(found)
            elif begin == end:
                if any(value != found[0] for value in found):
                    raise refused(f"{local:%Y-%m-%d %H:%M} has several values")
                left_out[DOUBLED] += len(found) - 1
                resolved[begin] = found[0]
            elif (pair := _pair(found, copies.get(local.date(), 1))) is not None:
                left_out[DOUBLED] += len(found) - 2
                first, second = reversed(pair) if forth < 0 else pair
                resolved |= {begin: first, end: second}
            else:
                left_out[UNCLEAR] += len(found)
        return resolved


def _pair(values: Sequence[Value], copies: int) -> Sequence[Value] | None:
    """Return the two values of a time that comes twice, in a file that has each line `copies` times."""
    pair = values[:2]
    return pair if len(values) == 2 * copies and list(values) == [*pair] * copies else None
