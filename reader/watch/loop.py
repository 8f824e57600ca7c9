"""Handles the events of a source, and draws the meters at intervals."""

import queue
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime

from common.runtime.logs import printable
from reader.line.worker import FrameReceived, LinkChanged
from reader.watch.log_translations import translate_warning
from reader.watch.meter_view import MeterView
from reader.watch.plain import plain_line
from reader.watch.source import Cleared, Event, FrameSource, ParityErrors, SourceValues, SourceWarning
from reader.watch.texts import Translations
from reader.watch.view import SourceValue, View

_MIN_REDRAW = 0.5  # seconds between two pictures
_MAX_REDRAW = 1.0  # seconds
_ADVISE_AFTER = 15.0  # seconds without a frame
_LATEST_REPORT = 150.0  # seconds for which what a storer reports each minute is shown

Draw = Callable[[list[View]], None]


class WatchLoop:
    """Follows the meters of a source until it is stopped."""

    def __init__(
        self,
        source: FrameSource,
        translate: Translations,
        events: "queue.SimpleQueue[Event | None]",
        stop: threading.Event,
        *,
        only: str | None,
        note: str,
        advice: str,
    ) -> None:
        """`only` is the address of the one meter to show, `note` is shown while nothing is wrong."""
        self.source = source.name
        self.note = note
        self._default_note = note
        self._source = source
        self._translate = translate
        self._events = events
        self._stop = stop
        self._only = only
        self._advice = advice
        self._meters: dict[str, MeterView] = {}
        self._other_meters: set[str] = set()  # that are not to be shown
        self._reports: dict[str, tuple[float, SourceValues]] = {}  # when it came, by storer
        self._last_frame_at = time.monotonic()
        self._last_printed: dict[str, str] = {}

    @property
    def advice(self) -> str:
        """What to check when there was no frame for a while."""
        seconds = time.monotonic() - self._last_frame_at
        if seconds < _ADVISE_AFTER:
            return ""
        return self._translate("no_frame_for", seconds=int(seconds)) + " " + self._what_to_check()

    def _what_to_check(self) -> str:
        if not self._other_meters:
            return self._advice
        return self._translate("other_meters", meters=", ".join(sorted(self._other_meters)), wanted=self._only)

    def run(self, draw: Draw) -> None:
        """Handle events and draw until the stop."""
        self._source.start()
        drawn_at = float("-inf")
        while not self._stop.is_set():
            self._handle_next(_MAX_REDRAW)
            while self._handle_next(0):
                pass
            now = time.monotonic()
            if now - drawn_at >= _MIN_REDRAW and not self._stop.is_set():
                self._source.poll()
                drawn_at = now
                draw([meter.view(now, self._behind(address, now)) for address, meter in sorted(self._meters.items())])

    def print_changes(self, views: list[View]) -> None:
        """Print a line for each meter of which something has changed."""
        for view in views:
            line = plain_line(view, self._translate)
            if self._last_printed.get(view.meter) != line and (view.power is not None or view.online is False):
                self._last_printed[view.meter] = line
                print(f"{datetime.now().astimezone():%H:%M:%S} {line}", flush=True)  # noqa: T201 - the output
        self._print_warning("note", self.note)
        self._print_warning("advice", self._what_to_check() if self.advice else "")

    def _print_warning(self, kind: str, text: str) -> None:
        if self._last_printed.get(kind, "") != text:
            self._last_printed[kind] = text
            if text:
                print(text, file=sys.stderr, flush=True)  # noqa: T201 - for a person

    def _handle_next(self, timeout: float) -> bool:
        try:
            event = self._events.get(timeout=timeout) if timeout else self._events.get_nowait()
        except queue.Empty:
            return False
        match event:
            case FrameReceived(frame):
                if self._is_wanted(frame.meter):
                    self._meter(frame.meter).on_frame(frame, time.monotonic())
                    self._last_frame_at = time.monotonic()
                    self.note = self._default_note
            case LinkChanged(meter, online):
                if self._is_wanted(meter):
                    self._meter(meter).set_online(online)
            case Cleared(meter):
                self._meters.pop(meter, None)
                self._other_meters.discard(meter)
            case ParityErrors(meter, count):
                if meter in self._meters:
                    self._meters[meter].set_parity_errors(count)
            case SourceValues(storer):
                self._reports[storer] = time.monotonic(), event
            case SourceWarning(text):
                self.note = translate_warning(printable(text), self._translate) or self._default_note
            case None:
                pass
        return True

    def _behind(self, meter: str, now: float) -> list[SourceValue]:
        """Return what the sources behind a meter sent last; several storers may have the same ones."""
        is_only = len(self._meters.keys() | self._other_meters) == 1
        new = [report for at, report in self._reports.values() if now - at < _LATEST_REPORT]
        found = {
            value.name: value
            for report in new
            for value in report.values
            if (is_only if value.meter is None else value.meter == meter)
        }
        return list(found.values())

    def _is_wanted(self, meter: str) -> bool:
        if self._only in (None, meter):
            return True
        self._other_meters.add(meter)
        return False

    def _meter(self, meter: str) -> MeterView:
        if meter not in self._meters:
            self._meters[meter] = MeterView(meter, self._translate)
        return self._meters[meter]
