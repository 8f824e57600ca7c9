"""What is sent: a text, to each address once."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A text that is sent, of an event or a digest."""

    id: str  # of the event and its phase, or of the digest's period: the same text is never put twice
    title: str
    body: str
    written: datetime  # UTC
    expires: datetime  # after it, nobody wants to read it any more: it is given up where it is not sent yet
    urgent: bool = False  # quiet hours do not hold it back
    after: str | None = None  # the id of the letter without which this one says nothing
