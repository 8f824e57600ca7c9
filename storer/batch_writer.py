"""Brings a batch to the tables: frames, then tallies, then what is rejected; counts what became of them."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from common.plural import plural
from common.runtime.logs import RateLimiter
from storer.batch.decode import Envelope
from storer.database.frame_store import FrameStore
from storer.database.rejected import MOST_BYTES, MOST_MESSAGES, Rejection
from storer.health import Counters

log = logging.getLogger(__name__)


class BatchWriter:
    """Writes batches. A step is committed when it returns, and counts then; what fails is safe to repeat."""

    def __init__(self, store: FrameStore, counters: Counters, rate_limiter: RateLimiter) -> None:
        self._store = store
        self._counters = counters
        self._rate_limiter = rate_limiter

    @property
    def steps(self) -> tuple[Callable[[Sequence[Envelope]], None], ...]:
        """The steps in their order; each raises DatabaseError as `FrameStore` does."""
        return self._write_frames, self._write_tallies, self._record_rejected

    def _write_frames(self, envelopes: Sequence[Envelope]) -> None:
        """Write the frames; those that the table refuses get the reason."""
        frames = [(envelope, envelope.frame) for envelope in envelopes if envelope.frame is not None]
        result = self._store.write([frame for _, frame in frames])
        for (envelope, _), reason in zip(frames, result.reasons, strict=True):
            envelope.reason = reason
        self._counters.stored += result.stored
        self._counters.duplicate += result.reasons.count(None) - result.stored

    def _write_tallies(self, envelopes: Sequence[Envelope]) -> None:
        """Write the tallies; those that the table refuses get the reason."""
        tallies = [
            (envelope, envelope.tally)
            for envelope in envelopes
            if envelope.tally is not None and envelope.reason is None
        ]
        reasons = self._store.write_tallies([tally for _, tally in tallies])
        for (envelope, _), reason in zip(tallies, reasons, strict=True):
            envelope.reason = reason
        self._counters.tallies += len(tallies)

    def _record_rejected(self, envelopes: Sequence[Envelope]) -> None:
        """Record what can never be stored, with its reason."""
        rejected = [envelope for envelope in envelopes if envelope.reason is not None]
        if not rejected:
            return
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
