"""The live line of the demo: counters and the last frame, fitted to the width of the terminal. Pure: no I/O."""

import contextlib
import json
import textwrap
from datetime import UTC, datetime

from common.contract.frame import Frame, parse_time
from common.contract.offers import BY_REGISTER
from common.contract.topics import Topics
from common.errors import MessageError
from common.mqtt.events import Message

TOPICS = Topics("teleinfo")
_GAP = "  "


class Show:
    """Counts frames and confirmations, and keeps the last frame."""

    def __init__(self) -> None:
        self.decoded = self.stored = 0
        self.reader_decoded: int | None = None  # the reader's own count, from its health
        self.storer_online = False
        self.problem = ""  # of the line, from the reader's health
        self.frame: Frame | None = None
        self.progress = ""  # of what is done beside, as its last column
        self.delay: float | None = None  # seconds from the frame's last byte to its confirmation

    def on_message(self, message: Message) -> None:
        """Handle a message of reader or storer."""
        last = message.topic.rpartition("/")[2]
        if last == "frame":
            with contextlib.suppress(MessageError):
                self.frame = Frame.from_json(message.payload)
                self.decoded += 1
        elif last == "stored":
            stored = json.loads(message.payload)["timestamps"]
            self.stored += len(stored)
            if stored:
                self.delay = (datetime.now(UTC) - parse_time(stored[-1])).total_seconds()
        elif message.topic == TOPICS.status("storer", "demo"):
            self.storer_online = json.loads(message.payload)["status"] == "online"
        elif message.topic == TOPICS.health("reader", "demo") and not message.retained:
            health = json.loads(message.payload)
            delivery, lines = health["delivery"], health["lines"]
            self.problem = ", ".join(f"{line['port']} is {line['problem']}" for line in lines if line["problem"])
            self.reader_decoded = delivery["decoded"] - delivery["recovered"]  # left by the previous run

    @property
    def begun(self) -> bool:
        """Whether there is a frame or a problem to show."""
        return self.frame is not None or bool(self.problem)

    def line(self, width: int | None = None) -> str:
        """Return the live line, cut to a width."""
        if self.problem:
            return f"no frames: {self.problem}"[:width]
        if self.frame is None:
            return "waiting for the first frame …"[:width]
        delay = "–" if self.delay is None else f"{self.delay * 1000:.0f} ms"
        columns = (
            f"{self.frame.timestamp.astimezone():%H:%M:%S}",
            f"{_power(self.frame):>6} VA",
            f"{_tariff(self.frame):<14}",
            f"{_index(self.frame):>13} kWh",
            f"decoded {self.decoded}",
            f"stored {self.stored}",
            f"byte to row {delay}",
            self.progress,
        )
        return _GAP.join(columns).rstrip()[:width]


def picture(line: str, warning: str, columns: int) -> list[str]:
    """Return the rows for a terminal: the live line, and below it the warning, wrapped."""
    width = columns - 1  # a terminal may wrap after its last column
    return [line, *textwrap.wrap(warning, width, initial_indent=_GAP, subsequent_indent=_GAP, break_on_hyphens=False)]


def _power(frame: Frame) -> str:
    return str(frame.values.get("SINSTS", frame.values.get("PAPP", "–")))


def _tariff(frame: Frame) -> str:
    return " ".join(str(frame.values.get("LTARF", frame.values.get("PTEC", "–"))).split())


def _index(frame: Frame) -> str:
    total = frame.values.get("EAST")
    if total is None:
        numbers = [value for label in BY_REGISTER if isinstance(value := frame.values.get(label), int)]
        total = sum(numbers) if numbers else None
    return "–" if not isinstance(total, int) else f"{total / 1000:,.3f}".replace(",", " ")
