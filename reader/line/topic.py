"""Reads a port that is a topic, in a thread of its own: a meter that another device decodes.

The messages come over the reader's connection to the broker. What a line does with a reading is done here as well: a
frame gets a timestamp, and hidden labels are removed. What is wrong was held back before, by `reader.decoded`.

What is believed of a meter is saved with the journal every few minutes, and beside the spool at the end: so it is not
written to the disk in normal operation.
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from common.contract.frame import Frame
from common.contract.topic_port import read_topic_port
from common.contract.usual_interval import SILENT_INTERVALS
from common.machine.files import replace_file
from common.runtime.logs import ChangeLogger, RateLimiter
from common.runtime.shutdown import StopEvent
from common.settings.file_errors import reason
from reader.decoded.interval import LONGEST
from reader.decoded.meters import BelievedReading, DecodedMeters
from reader.line.health import LineHealth, Problem
from reader.line.inbox import Inbox, Received
from reader.line.pipeline import FramePipeline, TimeSource
from reader.line.worker import FrameReceived, LineEvent, LinkChanged, ProblemChanged

log = logging.getLogger(__name__)

SAVE_EVERY = 300.0  # seconds
UNREADABLE_AFTER = 60.0  # seconds of messages of which none is of a meter
_WAIT = 5.0  # seconds at most between two looks
_LARGEST_FILE = 1_000_000  # bytes
_FILES = "decoded-*.json"
_MOST_FILES = 16  # of ports that are or were read

#: Says whether frames are to be made of what a publisher sent of a meter at a monotonic time: only one port makes them.
MaySend = Callable[[str, LineHealth, str, float], bool]


def file_of(port: str) -> str:
    """Return the name of the file in which is saved what is believed of the meters of a port."""
    return f"decoded-{hashlib.sha256(port.encode()).hexdigest()[:12]}.json"


class TopicLine:
    """Makes frames of the messages of a port, and says whether its meters send."""

    # A table: a part a line, as an argument and as an attribute.
    def __init__(
        self,
        port: str,
        *,
        hide: frozenset[str],
        emit: Callable[[LineEvent], None],
        stop: StopEvent,
        time_source: TimeSource,
        folders: Sequence[Path],
        may_send: MaySend,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare the line of a port.

        Args:
            port: as the configuration has it.
            hide: labels that are not published.
            emit: takes the events.
            stop: ends `run`.
            time_source: gives the frames their times.
            folders: where to save what is believed, every few minutes and at the end.
            may_send: says whether to make frames of a meter: not while another port does.
            monotonic: returns seconds that never step.
            clock: returns the seconds of the host's clock.
        """
        self.health = LineHealth(port, last_loop_at=monotonic(), lost_after=SILENT_INTERVALS * LONGEST)
        self._port_name = port
        self._emit = emit
        self._stop = stop
        self._time_source = time_source
        self._files = [folder / file_of(port) for folder in folders]
        self._may_send = may_send
        self._monotonic = monotonic
        self._clock = clock
        self._inbox = Inbox()
        self._meters = DecodedMeters(read_topic_port(port))
        self._pipeline = FramePipeline(hide=hide, time_source=time_source, health=self.health, filtering=False)
        self._online: dict[str, bool] = {}  # by meter of which frames came, here or on another port
        self._silent_at: dict[str, float] = {}  # by meter
        self._fed_at = -math.inf  # monotonic: of the last reading that became a frame
        self._live_since: float | None = None  # the first message
        self._remembers = False  # what other ports have believed
        self._began_at = monotonic()
        self._save_due = monotonic() + SAVE_EVERY
        self._file_log = ChangeLogger(log)
        self._rate_limiter = RateLimiter()

    @property
    def clock(self) -> tuple[bool, int]:
        """Whether the clock is synchronised, and how often it was set back."""
        return self._time_source.synchronised, self._time_source.steps_back

    @property
    def filter(self) -> str:
        """The topics to subscribe to."""
        return self._meters.filter

    def receive(self, topic: str, payload: bytes, now: float, *, retained: bool) -> None:
        """Take a message of the broker, if it is of this port; for another thread."""
        if _matches(self.filter, topic):
            self._inbox.put(Received(topic, payload, retained, now))

    def run(self) -> None:
        """Read until the stop event is set."""
        self._resume()
        self.health.open = True
        log.info("Listening on %s", self._port_name)
        if self._meters.name is not None:
            log.warning(
                "%s: no label names the meter, so it is called %s; for its own address, let the device send ADSC or"
                " ADCO as a text, and add that label: what comes then is stored as another meter",
                self._port_name,
                self._meters.name,
            )
        while not self._stop.is_set():
            now = self._monotonic()
            self._inbox.wait(self._stop, min(max(self._meters.due_at - now, 0.0), _WAIT))
            self.work(self._monotonic())
        self._handle_frames(self._pipeline.flush())
        for meter in self._online:
            self._set_link(meter, False)
        self.health.open = False
        self._save(self._files[-1])
        for file in self._files:
            _drop_old_files(file.parent)

    def work(self, now: float) -> None:
        """Read what has come, and do what is due."""
        self.health.last_loop_at = now
        for message in self._inbox.take():
            self._on_message(message)
        for reading in self._meters.take(now):
            self._on_reading(reading)
        self._handle_frames(self._pipeline.poll())
        for meter, silent_at in self._silent_at.items():
            if self._online.get(meter) and now > silent_at:
                log.warning("%s: no message of the meter %s for %d intervals", self._port_name, meter, SILENT_INTERVALS)
                self._set_link(meter, False)
        self._update_problem(now)
        if now >= self._save_due:
            self._save_due = now + SAVE_EVERY
            self._save(self._files[0])

    def _on_message(self, message: Received) -> None:
        self.health.bytes += len(message.payload)
        if not self._remembers:
            self._remembers = True
            self._remember()
        if not message.retained and self._live_since is None:
            self._live_since = message.at
        if self._meters.read(message.topic, message.payload, message.at, retained=message.retained):
            self.health.last_byte_at = message.at
        meters, health = self._meters, self.health
        health.no_address, health.address_mismatch = meters.no_address, meters.address_mismatch
        health.refused = meters.too_many
        refused = {refusal.name.lower(): count for refusal, count in meters.refused.items()}
        health.decoded = {**health.decoded, "refused": refused, "overwritten": self._inbox.overwritten}

    def _on_reading(self, reading: BelievedReading) -> None:
        health, meter = self.health, reading.address
        self._count(reading)
        if reading.mode is None:
            return
        health.mode, health.meter, health.lost_after = reading.mode, meter, float(SILENT_INTERVALS * reading.interval)
        self._silent_at[meter] = reading.at + health.lost_after
        if not self._may_send(meter, health, reading.source, reading.at):
            if self._rate_limiter.allow(meter, reading.at):
                log.info("%s: stands by: another port has the frames of the meter %s", self._port_name, meter)
            self._set_link(meter, True)  # it stays online when the other port receives it no longer
            return
        health.last_frame_at = reading.at
        if meter in self._online:
            self._set_link(meter, True)
        if reading.due:
            self._fed_at = max(self._fed_at, reading.at)  # timestamps increase
            self._handle_frames(self._pipeline.feed(reading, self._fed_at))

    def _count(self, reading: BelievedReading) -> None:
        health = self.health
        health.groups += len(reading.values)
        health.decoded = {**health.decoded, "source": reading.source, "interval": reading.interval}
        if reading.held_back:
            health.dropped["implausible"] += reading.held_back
        for index in reading.implausible:
            if self._rate_limiter.allow(index.label, reading.at):
                log.warning(
                    "%s: %s: implausible value %d (last %d); held back until it goes on plausibly",
                    self._port_name,
                    index.label,
                    index.value,
                    index.accepted,
                )

    def _handle_frames(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self.health.frames += 1
            self._set_link(frame.meter, True)
            if frame.values:
                self._emit(FrameReceived(frame))

    def _set_link(self, meter: str, online: bool) -> None:
        if self._online.get(meter, False) is not online:
            self._online[meter] = online
            if online:
                log.info("%s: receiving the meter %s (%s mode)", self._port_name, meter, self.health.mode)
            self._emit(LinkChanged(meter, online, self._port_name))

    def _update_problem(self, now: float) -> None:
        problem = self._problem(now)
        if problem is not None and self._rate_limiter.allow(problem, now):
            log.warning("%s: %s", self._port_name, self._describe(problem))
        if problem is not self.health.problem:
            self.health.problem = problem
            self._emit(ProblemChanged(self._port_name, problem))

    def _problem(self, now: float) -> Problem | None:
        if math.isfinite(self.health.last_byte_at):
            return Problem.SILENT if now - self.health.last_byte_at > self.health.lost_after else None
        if self._live_since is not None:
            return Problem.UNREADABLE if now - self._live_since > UNREADABLE_AFTER else None
        return Problem.SILENT if now - self._began_at > LONGEST else None

    def _describe(self, problem: Problem) -> str:
        if problem is Problem.SILENT:
            return "no message arrives: check the adapter, the topic, and that the broker lets the reader read it"
        refusal = max(self._meters.refused, key=self._meters.refused.__getitem__, default=None)
        return f"messages arrive, and none is of a meter: {refusal or 'none names it'}"

    def _resume(self) -> None:
        """Go on with what was believed when it was saved last."""
        for saved in self._saved(self._files)[-1:]:
            self._meters.resume(saved, self._monotonic(), self._clock())

    def _remember(self) -> None:
        """Take over what other ports have believed; at the first message: a port that was left has saved it by then."""
        files = [file for own in self._files for file in own.parent.glob(_FILES) if file.name != own.name]
        for saved in self._saved(files):
            self._meters.remember(saved, self._monotonic(), self._clock())

    def _saved(self, files: Iterable[Path]) -> list[dict[str, Any]]:
        """Return what is in the files that can be read, the newest last."""
        contents = [content for file in files if (content := self._read(file)) is not None]
        return sorted(contents, key=lambda content: float(content["clock"]))

    def _read(self, file: Path) -> dict[str, Any] | None:
        try:
            content = json.loads(file.read_bytes()) if file.stat().st_size <= _LARGEST_FILE else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            log.warning("%s cannot be read: %s; what is believed of the meter begins again", file, error)
            return None
        return content if isinstance(content, dict) and type(content.get("clock")) in (int, float) else None

    def _save(self, file: Path) -> None:
        content = self._meters.to_json(self._monotonic(), self._clock())
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(file, json.dumps(content).encode(), mode=0o600)
        except OSError as error:
            text = (
                f"{file} cannot be written: {reason(error)}; after a restart what is believed of the meter begins again"
            )
            self._file_log.log(logging.WARNING, text)
        else:
            self._file_log.reset()


def _drop_old_files(folder: Path) -> None:
    """Delete what ports have saved that were read long ago."""
    with suppress(OSError):
        files = sorted(folder.glob(_FILES), key=lambda file: file.stat().st_mtime)
        for file in files[:-_MOST_FILES]:
            file.unlink()


def _matches(pattern: str, topic: str) -> bool:
    """Return whether a topic is one of a filter, which has no wildcard but `+`.

    >>> _matches("node/sensor/+/state", "node/sensor/east/state"), _matches("node/+", "node/sensor/east")
    (True, False)
    """
    expected, levels = pattern.split("/"), topic.split("/")
    return len(expected) == len(levels) and all(
        one in ("+", level) for one, level in zip(expected, levels, strict=True)
    )
