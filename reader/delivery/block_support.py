"""Finds out whether the storers take blocks: several frames of a meter in one message, as a JSON array. Pure.

An older storer rejects such a message and confirms nothing of it. So one block is sent as a probe, and further ones
only while each storer that is online has confirmed frames of the probe. Everything else is sent one by one.
"""

import logging
import math
from collections.abc import Iterable, Sequence

from reader.buffer.item import ItemId

log = logging.getLogger(__name__)

PROBE_AGAIN_AFTER = 600.0  # seconds after a block that was not confirmed in time


class BlockSupport:
    """Which storers have confirmed a block, and whether one may be sent to find out."""

    def __init__(self) -> None:
        self._proven: set[str] = set()
        self._probe: frozenset[ItemId] = frozenset()  # the frames of a block that not all storers have confirmed
        self._probed_at = 0.0
        self._probe_after = 0.0  # monotonic; no block is sent to find out before
        self._logged: set[str] = set()

    @property
    def probing(self) -> bool:
        """Whether it is still open if all storers confirm the block that was sent to find out."""
        return bool(self._probe)

    def proven(self, online: Sequence[str]) -> bool:
        """Whether there are storers online and all of them take blocks."""
        return bool(online) and self._proven.issuperset(online)

    def may_probe(self, online: Sequence[str], now: float) -> bool:
        """Whether one block may be sent to find out."""
        return bool(online) and not self._probe and now >= self._probe_after

    def probe(self, frames: Iterable[ItemId], now: float) -> None:
        """These frames are sent as a block, to find out."""
        self._probe, self._probed_at = frozenset(frames), now

    def on_confirmation(self, storer: str, identities: Iterable[ItemId]) -> None:
        """A storer has confirmed these items."""
        if self._probe and not self._probe.isdisjoint(identities):
            self._proven.add(storer)
            self._logged.discard(storer)

    def check(self, online: Sequence[str], due: float, now: float) -> None:
        """End the probe if all storers have confirmed it, or if it was sent before `due`."""
        if self._probe and self.proven(online):
            self._probe = frozenset()
        elif self._probe and self._probed_at <= due:
            self.not_confirmed(online, now)

    def not_confirmed(self, online: Sequence[str], now: float) -> None:
        """A block was not confirmed in time: send no more of them for a while."""
        for storer in online:
            if storer not in self._proven and storer not in self._logged:
                log.warning(
                    "Storer %s has not confirmed a message with several frames; they are sent one by one. If it is"
                    " older than this reader, update it",
                    storer,
                )
                self._logged.add(storer)
        self._stop(max(self._probe_after, now + PROBE_AGAIN_AFTER))

    def refused(self) -> None:
        """The broker does not accept a block: send none on this connection."""
        if self._probe_after < math.inf:
            log.warning("The broker refuses messages with several frames, perhaps for their size; sending one by one")
        self._stop(math.inf)

    def on_online(self, storer: str) -> None:
        """A storer has started, perhaps in another version: find out anew."""
        self._proven.discard(storer)
        self._probe = frozenset()
        if self._probe_after < math.inf:
            self._probe_after = 0.0

    def disconnected(self) -> None:
        """The connection is lost: the next broker, and the storers behind it, may be others."""
        self._stop(0.0)

    def _stop(self, probe_after: float) -> None:
        self._proven.clear()
        self._probe = frozenset()
        self._probe_after = probe_after
