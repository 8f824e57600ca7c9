"""The spool against a model: any calls in any order."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reader.buffer.item import Item, ItemKind
from tests.reader.buffer.buffers import LARGE, NOON, SECOND, Buffer, frame

METERS = st.sampled_from(["A", "é"])
KEYS = st.one_of(
    st.integers(0, 60).map(lambda second: NOON + second * SECOND),
    st.integers(-20, 20).map(lambda step: NOON + step * 400 * SECOND),
    st.sampled_from([-(2**63), 2**63 - 1, 0, NOON + 1, NOON + 2**32 - 1]),
)
PAYLOADS = st.one_of(
    st.integers(0, 999).map(lambda seed: random.Random(seed).randbytes(200).hex().encode()),
    st.binary(max_size=10).map(lambda payload: payload.replace(b"\n", b"")),
)
ITEMS = st.builds(
    Item, st.sampled_from([ItemKind.FRAME, ItemKind.FRAME, ItemKind.FRAME, ItemKind.TALLY]), METERS, KEYS, PAYLOADS
)
Identity = tuple[ItemKind, str, int]


class SpoolMachine(RuleBasedStateMachine):
    """A spool beside a dictionary."""

    @initialize(max_size=st.sampled_from([LARGE, LARGE, 100_000, 1]))
    def begin(self, max_size: int) -> None:
        self.folder = TemporaryDirectory()
        self.max_size = max_size
        self.pending: dict[Identity, bytes] = {}
        self.written: dict[Identity, set[bytes]] = {}
        self.clock = NOON + 10_000 * SECOND
        self.open()

    def open(self) -> None:
        self.buffer = Buffer("spool", Path(self.folder.name), max_size=self.max_size)
        self.spool = self.buffer.spool

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()
            self.folder.cleanup()

    def found(self) -> dict[Identity, bytes]:
        items = self.buffer.items
        found = {(item.kind, item.meter, item.time_us): item.payload for item in items}
        assert len(found) == len(items)
        return found

    def take(self, items: list[Item]) -> None:
        decimated = self.spool.decimated
        self.spool.append(items)
        for item in items:
            identity = (item.kind, item.meter, item.time_us)
            self.pending[identity] = item.payload
            self.written.setdefault(identity, set()).add(item.payload)
        found = self.found()
        assert found.items() <= self.pending.items()
        gone = self.pending.keys() - found.keys()
        assert all(kind is ItemKind.FRAME for kind, _, _ in gone)
        assert gone.isdisjoint((item.kind, item.meter, item.time_us) for item in items)
        if self.max_size == LARGE:
            assert not gone
        # A frame that was decimated and then replaced in the same call is counted, and here again.
        assert len(gone) <= self.spool.decimated - decimated <= len(gone) + len(items)
        for identity in gone:
            del self.pending[identity]

    @rule(items=st.lists(ITEMS, min_size=1, max_size=8))
    def append(self, items: list[Item]) -> None:
        self.take(items)

    @rule(count=st.integers(1, 130), size=st.sampled_from([1, 20]))
    def append_a_run(self, count: int, size: int) -> None:
        self.take([frame((self.clock - NOON) // SECOND + number, meter="A", size=size) for number in range(count)])
        self.clock += count * SECOND

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), many=st.booleans())
    def confirm(self, data: st.DataObject, many: bool) -> None:
        identities = list(self.pending)
        if not many:
            identities = [data.draw(st.sampled_from(identities))]
        for identity in identities:
            assert self.spool.has(*identity)
            assert self.spool.confirm(*identity)
            del self.pending[identity]
            assert not self.spool.confirm(*identity)

    @rule(kind=st.sampled_from(ItemKind), meter=METERS, key=KEYS)
    def confirm_what_may_not_be_here(self, kind: ItemKind, meter: str, key: int) -> None:
        here = (kind, meter, key) in self.pending
        assert self.spool.has(kind, meter, key) is here
        assert self.spool.confirm(kind, meter, key) is here
        self.pending.pop((kind, meter, key), None)

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.open()
        found = self.found()
        assert self.pending.items() <= found.items()
        assert all(payload in self.written[identity] for identity, payload in found.items())
        assert self.spool.set_aside is None
        self.pending = found

    @invariant()
    def is_what_the_model_says(self) -> None:
        if not hasattr(self, "spool"):
            return
        assert self.found() == self.pending
        keys = [key for kind, _, key in self.found() if kind is ItemKind.FRAME]
        assert self.spool.pending == len(keys)
        assert self.spool.oldest == (keys[0] if keys else None)
        assert bool(self.spool.size) is any(Path(self.folder.name).iterdir()) is bool(self.pending)
        assert self.spool.lost == 0


TestSpoolAgainstAModel = SpoolMachine.TestCase
TestSpoolAgainstAModel.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
