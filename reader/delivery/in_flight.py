"""Publishes items, and keeps track of which of them the broker has not acknowledged yet. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from common.contract.block import MOST_FRAMES, write_block
from common.contract.topics import Topics
from common.mqtt.events import PublishToken
from reader.buffer.item import Item, ItemId, ItemKind
from reader.buffer.spool import Block, bits_of

MAX_IN_FLIGHT = 1000  # messages; no more are published until the broker, or a storer, has acknowledged some
MAX_UNACKNOWLEDGED = 10_000  # the same, with those that a storer has confirmed: the client keeps each until its PUBACK
ACK_TIMEOUT = 60.0  # seconds without a PUBACK while `full`, until the connection is replaced
BLOCK_SIZE = 200_000  # bytes of a message with several frames; usual limits of brokers and of the storer are higher
_OVERHEAD = 100  # bytes of a packet beside topic and payload, and more


class Publisher(Protocol):
    """What delivery needs of a connection to the broker."""

    def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribe to those filters that are new, now and at each later connection."""

    @property
    def max_packet_size(self) -> float:
        """The largest packet that the broker accepts, in bytes; infinite if it set no limit."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        """Send a message; None if there is no connection."""

    def reconnect(self) -> None:
        """Close the connection and make a new one."""


class BlockPart(NamedTuple):
    """The frames of a block of the spool that are in one message."""

    block: Block
    bits: int  # as in `Block.pending`


class InFlight:
    """The messages that were published and have no PUBACK yet."""

    def __init__(self, publisher: Publisher, topics: Topics) -> None:
        self._publisher = publisher
        self._topics = topics
        # What is in each; None: a storer has confirmed it meanwhile.
        self._messages: dict[PublishToken, ItemId | BlockPart | None] = {}
        self._tokens: dict[ItemId, list[PublishToken]] = {}  # of the items
        self._confirmed = 0  # how many are None
        self._stuck_since: float | None = None

    @property
    def full(self) -> bool:
        """Whether the broker is so far behind that nothing more is to be published."""
        count = len(self._messages)
        return count >= MAX_IN_FLIGHT and (count - self._confirmed >= MAX_IN_FLIGHT or count >= MAX_UNACKNOWLEDGED)

    @property
    def crowded(self) -> bool:
        """Whether nothing is to be replayed: the rest is for live frames."""
        return 2 * (len(self._messages) - self._confirmed) >= MAX_IN_FLIGHT or self.full

    def stuck(self, now: float) -> bool:
        """Whether it was full for a minute without any PUBACK; true once for each such minute."""
        if not self.full:
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since >= ACK_TIMEOUT:
            self._stuck_since = now
            return True
        return False

    def send_live(self, item: Item) -> bool:
        """Publish an item on the live topic; return whether that was possible."""
        kind, meter, _, _ = item
        return self._send(item, self._topics.frame(meter) if kind is ItemKind.FRAME else self._topics.tally(meter))

    def send_again(self, item: Item) -> bool:
        """Publish an item on the topic for storers only; return whether that was possible."""
        topics = self._topics
        return self._send(item, topics.replay(item.meter) if item.kind is ItemKind.FRAME else topics.tally(item.meter))

    def send_block(self, part: BlockPart, items: Sequence[Item]) -> list[PublishToken]:
        """Publish these frames of a block of the spool, in as few messages as their size allows.

        Returns the tokens of the messages, for `forget_messages`; fewer if the connection is lost meanwhile.
        """
        topic = self._topics.replay(part.block.meter)
        payloads, bits = [item.payload for item in items], list(bits_of(part.bits))
        tokens = []
        for start, end in _split(payloads, self._largest(topic)):
            message = write_block(payloads[start:end]) if end - start > 1 else payloads[start]
            token = self._publisher.publish(topic, message)
            if token is None:
                break
            self._messages[token] = BlockPart(part.block, sum(1 << bit for bit in bits[start:end]))
            tokens.append(token)
        return tokens

    def on_puback(self, token: PublishToken) -> ItemId | BlockPart | None:
        """Return the item, or the frames of a block, of a PUBACK; None if it is nothing pending."""
        if token not in self._messages:
            return None
        self._stuck_since = None
        message = self._messages.pop(token)
        if message is None:
            self._confirmed -= 1
        elif not isinstance(message, BlockPart):
            self._answered(message, token)
        return message

    def forget(self, identity: ItemId) -> None:
        """Ignore further PUBACKs for this item: it is confirmed, or replaced."""
        tokens = self._tokens.pop(identity, None)
        if tokens:
            self.forget_messages(tokens)

    def forget_messages(self, tokens: Iterable[PublishToken]) -> None:
        """Ignore the PUBACKs of these messages: all in them is confirmed, or will be sent again."""
        for token in tokens:
            if self._messages.get(token) is not None:
                self._messages[token] = None
                self._confirmed += 1

    def clear(self) -> None:
        """Forget everything: the connection is lost."""
        self._messages.clear()
        self._tokens.clear()
        self._confirmed, self._stuck_since = 0, None

    def _answered(self, identity: ItemId, token: PublishToken) -> None:
        tokens = self._tokens.get(identity)
        if tokens is None:
            return  # confirmed, or replaced
        tokens.remove(token)
        if not tokens:
            del self._tokens[identity]

    def _largest(self, topic: str) -> float:
        return min(BLOCK_SIZE, self._publisher.max_packet_size - len(topic) - _OVERHEAD)

    def _send(self, item: Item, topic: str) -> bool:
        token = self._publisher.publish(topic, item.payload)
        if token is None:
            return False
        identity = item.identity
        self._messages[token] = identity
        self._tokens.setdefault(identity, []).append(token)
        return True


def _split(payloads: Sequence[bytes], largest: float) -> Iterator[tuple[int, int]]:
    """Yield start and end of runs that fit into so many bytes, with separators, and have no more than MOST_FRAMES.

    A single payload may be larger.
    """
    start = size = 0
    for index, payload in enumerate(payloads):
        if index > start and (size + len(payload) >= largest or index - start >= MOST_FRAMES):
            yield start, index
            start, size = index, 0
        size += len(payload) + 1
    yield start, len(payloads)
