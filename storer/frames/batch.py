"""Brings a batch to the tables: frames, then tallies, then what is rejected; counts what became of them."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from common.contract.frame import Frame
from common.contract.tally import Tally
from common.runtime.logs import RateLimiter
from common.settings.language import plural
from storer.frames.decode import Envelope
from storer.frames.rejected import MOST_BYTES, MOST_MESSAGES, Rejection
from storer.frames.store import FrameStore
from storer.health import Counters

log = logging.getLogger(__name__)


class BatchWriter:
    """Writes batches. A step is committed when it returns, and counts then; what fails is safe to repeat."""

    def __init__(self, store: FrameStore, counters: Counters, rate_limiter: RateLimiter) -> None:
        self._store = store
        self._counters = counters
        self._rate_limiter = rate_limiter

    def steps(self, envelopes: Sequence[Envelope]) -> Iterator[Callable[[], None]]:
        """Yield what is to be done for these, in order; each step raises DatabaseError as `FrameStore` does."""
        if frames := [(envelope, envelope.frame) for envelope in envelopes if envelope.frame is not None]:
            yield partial(self._write_frames, frames)
        if tallies := [(one, one.tally) for one in envelopes if one.tally is not None and one.reason is None]:
            yield partial(self._write_tallies, tallies)
        if rejected := [envelope for envelope in envelopes if envelope.reason is not None]:
            yield partial(self._record_rejected, rejected)

    def _write_frames(self, frames: Sequence[tuple[Envelope, Frame]]) -> None:
        """Write frames; those that the table refuses get the reason."""
        result = self._store.write([frame for _, frame in frames])
        for (envelope, _), reason in zip(frames, result.reasons, strict=True):
            envelope.reason = reason
        self._counters.stored += result.stored
        self._counters.duplicate += result.reasons.count(None) - result.stored

    def _write_tallies(self, tallies: Sequence[tuple[Envelope, Tally]]) -> None:
        """Write tallies; those that the table refuses get the reason."""
        reasons = self._store.write_tallies([tally for _, tally in tallies])
        for (envelope, _), reason in zip(tallies, reasons, strict=True):
            envelope.reason = reason
        self._counters.tallies += len(tallies)

    def _record_rejected(self, rejected: Sequence[Envelope]) -> None:
        """Record what can never be stored, with its reason."""
        now = datetime.now(UTC)
        not_kept = self._store.record_rejections(
            [Rejection(envelope.message.topic, envelope.payload, envelope.reason or "", now) for envelope in rejected]
        )
        self._counters.rejected += sum(envelope.tally is None for envelope in rejected)
        self._counters.rejected_not_kept += not_kept
        if not_kept and self._rate_limiter.allow("full", time.monotonic()):
            log.warning(
                "rejected_messages is full (%d messages or %d MB): further ones are counted and reported, but not"
                " stored. Find out who publishes them, then empty the table: docs/storage.md",
                MOST_MESSAGES,
                MOST_BYTES // 1_000_000,
            )
        last = rejected[-1]
        if self._rate_limiter.allow(last.message.topic, time.monotonic()):
            log.warning(
                "Rejected %s, see rejected_messages; the last, on %s: %s. Further ones on this topic are not logged for"
                " an hour",
                plural(len(rejected), "message"),
                last.message.topic,
                last.reason,
            )
