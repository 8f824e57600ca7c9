"""Conditions, as rules see them at one moment; events, which begin and end; and what is notified of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

Figure = int | float | str | None
"""What a text says of an event: numbers in the units of the project, stamps and days as ISO 8601; JSON keeps it."""


class Holds(Enum):
    """Whether a condition holds."""

    YES = "yes"
    UNDECIDED = "between"  # neither begins nor ends an event: the band of a hysteresis
    NO = "no"
    UNKNOWN = "unknown"  # cannot be seen now: time that passes counts neither way


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule sees of one kind of alert, of one meter."""

    kind: str
    holds: Holds
    meter: str = ""  # identifier; "" concerns the whole installation
    key: str = ""  # notifies several of a kind and meter apart: a phase, the day that is red, when the power was cut
    since: datetime | None = None  # when it began, where that is known better than "when it was seen"
    figures: Mapping[str, Figure] = field(default_factory=dict)
    after: tuple[str, ...] = ()  # keys of which one must have been notified before, as this corrects it


BEGIN, END = "begin", "end"
"""What a notification is about: that an event begins (or happened), or that it is over."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that holds, or did."""

    kind: str
    meter: str
    key: str
    began: datetime  # UTC
    ended: datetime | None  # None: it holds; what does not last ends when it begins
    figures: Mapping[str, Figure]  # the newest

    @property
    def id(self) -> str:
        """Return what identifies the event, in file, API and MQTT."""
        return f"{self.kind}/{self.meter}/{self.key}/{int(self.began.timestamp())}"


@dataclass(frozen=True, slots=True)
class Notification:
    """What is to be sent now: that an event begins, or that it is over."""

    event: Event
    phase: str  # BEGIN or END
