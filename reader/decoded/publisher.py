"""What a publisher is: how its messages are recognised, and which label each of its keys is. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from common.contract.labels import Mode


class Refusal(StrEnum):
    """Why a message is not read."""

    TOO_LONG = "too long"
    NOT_TEXT = "neither JSON nor text"
    NO_METER = "no meter is recognised in it"
    TOO_OLD = "written by a zigbee2mqtt of 2021 or older: update it"
    NO_LABELS = "which label each name stands for is not told"
    NO_MODE = "the mode of the meter is not known yet"
    NOTHING = "no value in it can be read"


class Message(NamedTuple):
    """A message, as far as it was parsed."""

    topic: str
    content: Mapping[str, object] | str  # an object of JSON, with `Decimal` for fractions; or a text, such as a number

    @property
    def keys(self) -> Mapping[str, object]:
        """What the object holds; nothing if it is none."""
        return {} if isinstance(self.content, str) else self.content

    def inside(self, key: str) -> Mapping[str, object]:
        """Return the object inside the object."""
        inside = self.keys.get(key)
        return inside if isinstance(inside, dict) else {}

    @property
    def name(self) -> str:
        """The last level of the topic."""
        return self.topic.rpartition("/")[2]


@dataclass
class Memory:
    """What earlier messages of a device told, and later ones do not repeat."""

    meter: str | None = None
    mode: Mode | None = None
    offer: str | None = None  # of common/contract/offers, historic mode
    three_phase: bool = False
    decimals: int = 0  # of its registers in kWh, the most that were seen


class Found(NamedTuple):
    """What a publisher found in a message, not checked yet."""

    sent: Mapping[str, object]  # by label of TIC, in its unit
    mode: Mode | None = None  # None: that of the labels
    steps: Mapping[str, int] = {}
    stamps: Mapping[str, datetime] = {}


def _whole_topic(topic: str) -> str:
    return topic


def parent(topic: str) -> str:
    """Return the topic without its last level: what the messages of a device have in common that has several topics."""
    return topic.rpartition("/")[0]


@dataclass(frozen=True)
class Publisher:
    """A kind of device or program that publishes what it decoded."""

    name: str
    recognises: Callable[[Message], bool]  # by this message alone
    find: Callable[[Message, Memory], Found | Refusal]
    device: Callable[[str], str] = _whole_topic  # by a topic: what tells its device from others
    #: What owners write for it instead of a topic, as a regular expression, and the filter of its topics.
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        """Whether a device has several topics, so that no message says all."""
        return self.device is not _whole_topic
