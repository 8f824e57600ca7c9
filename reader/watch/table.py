"""What a meter sends now, as a table on the terminal, with rich."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from logging import LogRecord
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from common.contract.frame import Frame, Value, parse_time
from common.contract.labels import LABELS, Mode
from common.errors import MessageError
from common.mqtt.events import Connected, Message
from common.runtime.logs import printable
from reader.line.worker import FrameReceived, LinkChanged
from reader.meter.names import MODE_NAMES
from reader.meter.names import Text as Words

_QUANTITIES = {"power": "W", "energy": "Wh", "temperature": "°C"}
_WAITING = Words("En attente d’une trame…", "Waiting for a frame…")
_QUIT = Words("q : quitter", "q: quit")
_METER, _SOURCES = Words("Compteur", "Meter"), Words("Sources", "Sources")
_STATES = {True: Words("en ligne", "online"), False: Words("aucune trame", "no frames")}
_DROPPED = Words("groupes rejetés : {}", "groups dropped: {}")
_MORE = Words("{} de plus : agrandissez la fenêtre", "{} more: enlarge the window")
_BLANK = "\N{NO-BREAK SPACE}"
_TITLE, _OFFLINE = "bold", "bold red"  # styles

_Row = tuple[str, str, str, str, str, str]  # label, value, unit, meaning, age, style


@dataclass(slots=True)
class _Meter:
    mode: Mode = Mode.HISTORIC
    online: bool = True
    dropped: int = 0
    values: dict[str, tuple[Value, datetime | None, datetime]] = field(default_factory=dict)
    """By label: the value, the meter's own time of it, when it was received."""

    def update(self, frame: Frame) -> None:
        if frame.mode is not self.mode:
            self.values.clear()
            self.mode = frame.mode
        self.online = True
        self.dropped += frame.dropped or 0
        stamps = frame.stamps or {}
        self.values |= {label: (value, stamps.get(label), frame.timestamp) for label, value in frame.values.items()}


class Meters:
    """Follows meters, and what sources of the storers sent, by the events of ports or of a broker."""

    def __init__(self, language: str, source: str, *, only: str | None = None) -> None:
        """`source` says where the frames come from; `only` is the address of the one meter to show."""
        self._language = language
        self._source = source
        self._only = only
        self._warning = ""
        self._meters: dict[str, _Meter] = {}
        self._sources: dict[str, list[dict[str, Any]]] = {}  # by storer

    def handle(self, event: object) -> None:
        """Take over a frame, a change of the link, a message of the broker, or a warning of the log."""
        match event:
            case FrameReceived(frame):
                self._meter(frame.meter).update(frame)
                self._warning = ""
            case LinkChanged(meter, online):
                self._meter(meter).online = online
            case Connected():
                self._warning = ""
            case Message():
                try:
                    self._on_message(event)
                except (MessageError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                    self._warning = f"{event.topic}: {error}"
            case LogRecord():
                self._warning = event.getMessage()

    def _on_message(self, message: Message) -> None:
        *_, first, second, what = message.topic.split("/")
        if what == "frame":
            self.handle(FrameReceived(Frame.from_json(message.payload)))
        elif what == "link" and message.payload:
            self._meter(second).online = message.payload == b"online"
        elif what == "link":  # cleared: it is no longer read
            self._meters.pop(second, None)
        elif what == "health" and first == "storer":
            report = json.loads(message.payload) if message.payload else {}
            sources = report.get("sources", {}).get("sources", [])
            for source in sources:
                parse_time(source["last"])
            self._sources[second] = sources

    def _meter(self, address: str) -> _Meter:
        return self._meters.setdefault(address, _Meter())

    def draw(self, now: datetime, height: int) -> RenderableType:
        """Lay out the meters on a screen of this height, at `now`."""
        shown = [meter for meter in sorted(self._meters) if self._only in (None, meter)]
        rows = [row for meter in shown for row in self._labels(meter, self._meters[meter], now)]
        if readings := self._readings(now):
            rows += [(_SOURCES.of(self._language), "", "", "", "", _TITLE), *readings]
        table = Table.grid(expand=True, padding=(0, 1))
        table.add_column(width=10, style="cyan", no_wrap=True)
        table.add_column(width=20, style="bold", justify="right", no_wrap=True)
        table.add_column(width=4, no_wrap=True)
        table.add_column(ratio=1, no_wrap=True)
        table.add_column(width=6, style="bright_black", justify="right", no_wrap=True)
        room = height - 1 - (not shown)
        for *texts, style in rows if len(rows) <= room else rows[: room - 1]:
            table.add_row(*map(Text, texts), style=style)
        parts: list[RenderableType] = [table]
        if not shown:
            others = f" ({', '.join(sorted(self._meters))})" if self._meters else ""
            parts.insert(0, Text(f"{_WAITING.of(self._language)}{others}"))
        if len(rows) > room:
            parts.append(Text(_MORE.of(self._language).format(len(rows) - room + 1), "bright_black"))
        where = Text(printable(self._warning), "yellow") if self._warning else Text(self._source, "bright_black")
        parts.append(Text.assemble(_QUIT.of(self._language), "  ", where, no_wrap=True, overflow="ellipsis"))
        return Group(*parts)

    def _labels(self, address: str, meter: _Meter, now: datetime) -> list[_Row]:
        """Return a title and a row a label: first what differs from frame to frame, then the indexes, then the rest."""
        facts = [MODE_NAMES[meter.mode].of(self._language).lower(), _STATES[meter.online].of(self._language)]
        if meter.dropped:
            facts.append(_DROPPED.of(self._language).format(meter.dropped))
        style = _TITLE if meter.online else _OFFLINE
        known, ranked = LABELS[meter.mode], []
        for label, (value, stamp, received) in meter.values.items():
            about = known.get(label)
            meaning = (about.meaning_fr if self._language == "fr" else about.meaning_en) if about else ""
            if stamp is not None:
                meaning = f"{meaning} ({stamp.astimezone():%Y-%m-%d %H:%M:%S})"
            rank = 2 if about is None or not about.volatile else 1 if about.cumulative else 0
            row = (label, self._amount(value), about.unit if about else "", meaning, _age(now - received), "")
            ranked.append((rank, row))
        title = (_METER.of(self._language), printable(address), "", " · ".join(facts), "", style)
        return [title, *(row for _, row in sorted(ranked, key=lambda pair: pair[0]))]

    def _readings(self, now: datetime) -> list[_Row]:
        """Return a row a source; several storers may have the same ones."""
        rows = {}
        for source in (source for sources in self._sources.values() for source in sources):
            for quantity, unit in _QUANTITIES.items():
                if quantity in source:
                    meaning = printable(str(source.get("meter") or ""))
                    age = _age(now - parse_time(source["last"]))
                    amount = self._amount(round(float(source[quantity]), 1))
                    rows[source["name"], quantity] = printable(str(source["name"])), amount, unit, meaning, age, ""
        return list(rows.values())

    def _amount(self, value: float | str) -> str:
        if isinstance(value, str):
            return printable(" ".join(value.split()))
        text = f"{value:,}"
        return text if self._language == "en" else text.replace(",", _BLANK).replace(".", ",")


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))  # the clock of a reader elsewhere may be ahead
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


@contextmanager
def screen() -> Iterator[Callable[[Meters], None]]:
    """Give what draws meters on the terminal's alternate screen; restore the terminal afterwards."""
    console = Console()
    with Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:

        def show(meters: Meters) -> None:
            live.update(meters.draw(datetime.now(UTC), console.height), refresh=True)

        yield show
