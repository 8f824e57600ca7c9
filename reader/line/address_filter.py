"""Filters frames by their meter's address: a single misread address must not create a meter."""

from common.contract.frame import Frame

MAX_METERS = 32  # on one line, until the reader restarts; bounds the memory for all that is kept of each meter


class AddressFilter:
    """Passes the frames of one meter.

    The first address is accepted at once. A different one is accepted when two consecutive frames have it; the first of
    the two is released then too.
    """

    def __init__(self) -> None:
        self.meter: str | None = None
        self.address_mismatch = 0  # frames with an address that came only once
        self.refused = 0  # frames of meters above MAX_METERS
        self._held: Frame | None = None
        self._accepted: set[str] = set()

    @property
    def pending(self) -> int:
        """Number of frames that are held until the next one confirms their address: 0 or 1."""
        return int(self._held is not None)

    def feed(self, frame: Frame) -> list[Frame]:
        """Return the frames to pass on: none, this one, or the held one and this one."""
        held, self._held = self._held, None
        if frame.meter == self.meter or self.meter is None:
            self.address_mismatch += held is not None
            if self.meter is None:
                self._accept(frame.meter)
            return [frame]
        if held is not None and held.meter == frame.meter:
            if frame.meter not in self._accepted and len(self._accepted) >= MAX_METERS:
                self.refused += 2
                return []
            self._accept(frame.meter)
            return [held, frame]
        self.address_mismatch += held is not None
        self._held = frame
        return []

    def _accept(self, meter: str) -> None:
        self.meter = meter
        self._accepted.add(meter)
