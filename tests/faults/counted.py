"""Compares the frames of numbered meters with the rows that they became: which are lost, which are there twice."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.support.meters import Meter
from tests.support.programs import Program, wait_until

WITHIN = 180.0  # seconds; frames that a fault hid are sent again after 30
A_MOMENT = 2.0  # seconds; a frame that came so shortly before a kill may still have been in the kernel's buffer
Identity = tuple[str, int]  # meter and number of a frame


class Counted:
    """Meters, and their rows according to whoever can run a statement."""

    def __init__(self, meters: Sequence[Meter], sql: Callable[[str], list[list[str]]]) -> None:
        self.meters = meters
        self._sql = sql
        self._unread: list[tuple[str | None, float, float]] = []  # a meter or all: when the reader could not read
        self._left: float | None = None
        self.given_up: set[Identity] = set()  # what a restore or a damaged disk took

    def frames(self, number: int) -> None:
        """Wait until each meter has sent so many frames more to the reader."""
        target = min(len(meter.sent) for meter in self.meters) + number
        wait_until(
            lambda: all(len(meter.sent) >= target for meter in self.meters), WITHIN, f"{number} frames from the meter"
        )

    def frames_that_count(self) -> None:
        """Wait until each meter has sent frames that nothing excuses, should the reader be killed now."""
        now = time.monotonic()
        wait_until(
            lambda: all(meter.sent and meter.sent[-1][1] > now + 1.5 * A_MOMENT for meter in self.meters),
            WITHIN,
            "frames from the meters",
        )

    def reader_leaves(self) -> None:
        """Count no frame as lost that is sent from now until the reader is started again."""
        self._left = self._left or time.monotonic() - A_MOMENT

    def reader_is_back(self) -> None:
        if self._left is not None:
            self._unread.append((None, self._left, time.monotonic()))
            self._left = None

    @contextmanager
    def without_reader(self) -> Iterator[None]:
        """End the reader inside."""
        self.reader_leaves()
        yield
        self.reader_is_back()

    def forget(self, meter: Meter | None = None, since: float = 0.0) -> None:
        """Let no frame count that was sent until now, of a meter or of any."""
        self._unread.append((meter.address if meter else None, since, time.monotonic()))

    def sent(self) -> dict[Identity, float]:
        """Which frames were sent to a reader, and when."""
        return {(meter.address, number): at for meter in self.meters for number, at in list(meter.sent)}

    def expected(self) -> dict[Identity, float]:
        """Which frames the reader must have read, and when they were sent."""

        def is_excused(meter: str, at: float) -> bool:
            return any(start <= at <= end and whose in (None, meter) for whose, start, end in self._unread)

        sent = self.sent()
        return {f: at for f, at in sent.items() if not is_excused(f[0], at) and f not in self.given_up}

    def rows(self) -> Counter[Identity]:
        """How many rows there are for each frame."""
        query = "SELECT identifier, power, COUNT(*) FROM frames LEFT JOIN meters ON id = meter_id GROUP BY 1, 2"
        return Counter({(meter, int(number)): int(count) for meter, number, count in self._sql(query)})

    def wait_for_more_rows(self, programs: Sequence[Program] = ()) -> None:
        """Wait until frames that are sent from now on have rows."""
        begun = {meter: len(meter.sent) + 3 for meter in self.meters}
        wait_until(lambda: all(len(meter.sent) > at for meter, at in begun.items()), WITHIN, "frames", programs)
        ranges = [f"identifier = '{m.address}' AND power BETWEEN {m.sent[at][0]} AND 999999" for m, at in begun.items()]
        query = f"SELECT COUNT(DISTINCT meter_id) FROM frames JOIN meters ON id = meter_id WHERE {' OR '.join(ranges)}"
        wait_until(lambda: self._sql(query) == [[str(len(ranges))]], WITHIN, "rows of frames of now", programs)

    def lost(self, programs: Sequence[Program] = (), apart_from: Callable[[], bool] = lambda: True) -> set[Identity]:
        """Wait until every frame that was read has a row, and something else holds; return those that have none."""
        must = self.expected().keys()
        with suppress(AssertionError):
            wait_until(lambda: must <= self.rows().keys() and apart_from(), WITHIN, "all frames", programs)
        return must - self.rows().keys()

    def doubled(self) -> set[Identity]:
        ours = {meter.address for meter in self.meters}
        return {frame for frame, count in self.rows().items() if count > 1 and frame[0] in ours}

    def check_all_stored(self) -> None:
        """Wait until every frame that was read has a row, exactly one."""
        assert self.lost() == set()
        assert self.doubled() == set()
