"""Decides which meter speaks: one misread address must not make a meter of its own."""

from common.frame import Frame

MAX_METERS = 32  # that one line may have, until the reader is restarted; whatever is kept of a meter is bounded by it


class AddressFilter:
    """Lets the frames of one meter through.

    The first address is taken at once; a different one counts when two frames running carry it, and the first of the
    two is given back then too.
    """

    def __init__(self) -> None:
        self.meter: str | None = None
        self.address_mismatch = 0  # frames whose address stood alone
        self.refused = 0  # frames of meters beyond the bound
        self._held: Frame | None = None
        self._met: set[str] = set()

    @property
    def unsure(self) -> int:
        """Return how many frames are held back: 0 or 1."""
        return int(self._held is not None)

    def feed(self, frame: Frame) -> list[Frame]:
        """Return the frames that are sure now: none, this one, or the one held back and this one."""
        held, self._held = self._held, None
        if frame.meter == self.meter or self.meter is None:
            self.address_mismatch += held is not None
            self._take(frame.meter)
            return [frame]
        if held is not None and held.meter == frame.meter:
            if frame.meter not in self._met and len(self._met) >= MAX_METERS:
                self.refused += 2
                return []
            self._take(frame.meter)
            return [held, frame]
        self.address_mismatch += held is not None
        self._held = frame
        return []

    def _take(self, meter: str) -> None:
        self.meter = meter
        self._met.add(meter)
