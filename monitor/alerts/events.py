"""Events, and what is to be told of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.alerts.signs import Figure

BEGIN, END = "begin", "end"
"""What a message is about: that an event begins (or happened), or that it is over."""


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
class Message:
    """What is to be told now: that an event begins, or that it is over."""

    event: Event
    phase: str  # BEGIN or END
