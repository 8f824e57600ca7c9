"""Turns what rules see into events, and events into messages. Pure: the caller gives the time and keeps the memory.

- A sign that holds long enough begins an event, and one that is over long enough ends it (`Kind`).
- A message is held back in quiet hours, and where the event was told on the same local day already. When that is over,
  it is told if it still holds; so nothing that lasts remains untold.
- Seconds are counted from step to step: neither a clock that is set nor a machine that slept makes an event begin or
  end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.contract.frame import format_time, parse_time
from common.contract.offers import Window
from monitor.alerts.events import BEGIN, END, Event, Holds, Message, Sign
from monitor.alerts.store import as_json, fields_of
from monitor.base.household import KINDS, Kind

LISTED = 30  # events that are over
_LONGEST_STEP = timedelta(seconds=10)  # between two steps that are further apart, nobody watched, or the clock was set
_ABSENT = 86400.0  # seconds without any sign after which an event ends
_PAUSE = 60.0  # seconds for which a sign may be unknown before its event has begun
_STALE = timedelta(hours=1)  # what ended longer ago, while nobody watched, is not told
_SEEN_EVERY = timedelta(minutes=15)  # so often it is written down that somebody watches
_NEWS = timedelta(days=1)  # what could not be told for so long is no news any more
_KNOWN_FOR = timedelta(days=400)
_DAY = timedelta(days=1)

_Key = tuple[str, str, str]  # kind, meter and key of a sign


@dataclass(slots=True)
class _Watch:
    """Follows a sign from when it holds until its event is over."""

    holds: Holds
    at: datetime  # since when it is so
    seconds: float = 0.0  # the same, counted
    paused: bool = False  # it was not known at the last step
    unseen: float = 0.0  # seconds since it was known
    step: int = 0  # the last one that had the sign
    event: Event | None = None
    told: bool = False
    resumed: bool = False  # its event is from before the start, and was not seen to hold since


class Engine:
    """Follows signs. `active` and `past` may be read in any thread, all else belongs to one."""

    def __init__(
        self,
        is_on: Callable[[str], bool],
        quiet: Window | None,
        zone: ZoneInfo,
        *,
        tells: bool = True,
    ) -> None:
        """Prepare.

        Args:
            is_on: tells whether there are events of a kind.
            quiet: local times between which only what is urgent is told.
            zone: the local time.
            tells: whether there is anybody to tell; what still holds when there is will be told then.
        """
        self._on = frozenset(name for name in KINDS if is_on(name))
        self._quiet = quiet
        self._zone = zone
        self._tells = tells
        self._created: datetime | None = None
        self._before: datetime | None = None  # the last step
        self._seen: datetime | None = None  # the last step that is written down
        self._was_away = False  # for so long, before the start, that what ended meanwhile is not told
        self._steps = 0
        self._watches: dict[_Key, _Watch] = {}
        self._waiting: list[Message] = []  # ends, and what happened, until quiet hours are over
        self._told: dict[_Key, datetime] = {}  # when the beginning of what lasts was last told
        self._known: dict[_Key, datetime] = {}  # what happened, and when it was found
        self.active: tuple[Event, ...] = ()
        self.past: tuple[Event, ...] = ()
        self.version = 0
        """Raised when `active` or `past` changes."""
        self.changed = False
        """Whether `to_json` has something new to keep."""

    def step(self, now: datetime, signs: Sequence[Sign]) -> list[Message]:
        """Follow the signs of this moment; return what is to be told, once `to_json` is kept."""
        if self._created is None:
            self._created, self.changed = now, True
        passed = 0.0
        if self._before is None:
            self._was_away = self._seen is not None and now - self._seen > _STALE
        elif timedelta(0) <= now - self._before <= _LONGEST_STEP:
            passed = (now - self._before).total_seconds()
        self._before = now
        self._steps += 1
        version = self.version
        for sign in signs:
            if sign.kind not in self._on:
                continue
            kind = KINDS[sign.kind]
            if kind.lasts:
                self._follow(kind, sign, now, passed)
            elif sign.holds is Holds.YES:
                self._happen(sign, now)
        if self._watches:
            self._end_absent(signs, now, passed)
        if version != self.version:
            self.active = tuple(watch.event for watch in self._watches.values() if watch.event is not None)
        self._note_seen(now)
        return self._tell(signs, now) if self._tells else []

    # -- what lasts ----------------------------------------------------------------------------------------------------

    def _follow(self, kind: Kind, sign: Sign, now: datetime, passed: float) -> None:
        key = sign.kind, sign.meter, sign.key
        watch = self._watches.get(key)
        if watch is None:
            if sign.holds is not Holds.YES:
                return
            watch = self._watches[key] = _Watch(Holds.YES, now, paused=True)
        watch.step = self._steps
        if sign.holds is Holds.UNKNOWN:
            watch.paused = True
            watch.unseen += passed
            if watch.event is None and watch.unseen > _PAUSE:
                del self._watches[key]
            return
        if sign.holds is not watch.holds:
            watch.holds, watch.at, watch.seconds = sign.holds, now, 0.0
        elif not watch.paused:
            watch.seconds += passed
        watch.paused, watch.unseen = False, 0.0
        if sign.holds is Holds.YES:
            self._hold(kind, sign, watch, now)
        elif watch.event is None:
            del self._watches[key]
        elif sign.holds is Holds.NO and watch.seconds >= kind.ends_after:
            # What is seen each second may be over since long; what follows from days is over now, as far as we know.
            is_old = watch.resumed and self._was_away and kind.begins_after > 0
            self._end(key, watch.event, max(watch.at, watch.event.began), tell=watch.told and not is_old)
        if sign.holds is not Holds.NO:
            watch.resumed = False

    def _hold(self, kind: Kind, sign: Sign, watch: _Watch, now: datetime) -> None:
        if watch.event is not None:
            if sign.figures != watch.event.figures:
                watch.event = replace(watch.event, figures=sign.figures)
                self.version += 1
        elif watch.seconds >= kind.begins_after:
            began = min(sign.since or watch.at, now)
            watch.event = Event(sign.kind, sign.meter, sign.key, began, None, sign.figures)
            self._change()

    def _end(self, key: _Key, event: Event, at: datetime, *, tell: bool) -> None:
        del self._watches[key]
        ended = replace(event, ended=at)
        self._list(ended)
        if tell and self._tells:
            self._waiting.append(Message(ended, END))

    def _end_absent(self, signs: Sequence[Sign], now: datetime, passed: float) -> None:
        """End, without a message, what no rule speaks of any more: the month is over, the meter is gone."""
        absent = [(key, watch) for key, watch in self._watches.items() if watch.step != self._steps]
        if not absent:
            return
        known = {(sign.kind, sign.meter) for sign in signs if sign.holds is not Holds.UNKNOWN}
        for key, watch in absent:
            watch.paused = True
            watch.unseen += passed
            if watch.event is None:
                if watch.unseen > _PAUSE:
                    del self._watches[key]
            elif key[:2] in known or watch.unseen > _ABSENT:
                self._end(key, watch.event, max(now, watch.event.began), tell=False)

    # -- what happens --------------------------------------------------------------------------------------------------

    def _happen(self, sign: Sign, now: datetime) -> None:
        key = sign.kind, sign.meter, sign.key
        if key in self._known or (sign.since is not None and self._created is not None and sign.since < self._created):
            return
        for old in [old for old, at in self._known.items() if now - at > _KNOWN_FOR]:
            del self._known[old]
        self._known[key] = now
        began = min(sign.since or now, now)
        event = Event(sign.kind, sign.meter, sign.key, began, began, sign.figures)
        self._list(event)
        if self._tells:
            self._waiting.append(Message(event, BEGIN))

    # -- what is told --------------------------------------------------------------------------------------------------

    def _tell(self, signs: Sequence[Sign], now: datetime) -> list[Message]:
        untold = [(key, watch) for key, watch in self._watches.items() if watch.event is not None and not watch.told]
        if not untold and not self._waiting:
            return []
        quiet = self.is_quiet(now)
        messages = self._release(signs, now, quiet=quiet)
        for key, watch in untold:
            if watch.event is None or (quiet and not KINDS[key[0]].urgent) or self._was_told(key, now):
                continue
            watch.told = True
            self._told = {other: at for other, at in self._told.items() if abs(now - at) <= 2 * _DAY} | {key: now}
            messages.append(Message(watch.event, BEGIN))
        self.changed = self.changed or bool(messages)
        return messages

    def _release(self, signs: Sequence[Sign], now: datetime, *, quiet: bool) -> list[Message]:
        """Return what waits and may be told now."""
        holding = {(sign.kind, sign.meter, sign.key) for sign in signs if sign.holds is Holds.YES}
        released, waiting = [], []
        for message in self._waiting:
            event, kind = message.event, KINDS[message.event.kind]
            key = event.kind, event.meter, event.key
            if quiet and not kind.urgent:
                waiting.append(message)
            elif message.phase == END:
                if event.ended is None or now - event.ended <= _NEWS:
                    released.append(message)
            elif kind.late or key in holding:
                released.append(message)
            elif now - self._known.get(key, now) <= _NEWS:
                waiting.append(message)
        self.changed = self.changed or len(waiting) != len(self._waiting)
        self._waiting = waiting
        return released

    def is_quiet(self, now: datetime) -> bool:
        """Tell whether only what is urgent may be told."""
        return self._quiet is not None and self._quiet.holds(now.astimezone(self._zone).time())

    def _was_told(self, key: _Key, now: datetime) -> bool:
        """Tell whether the key was told on this local day already, or later: then the clock was set back."""
        at = self._told.get(key)
        if at is None:
            return False
        return timedelta(0) < at - now < _DAY or at.astimezone(self._zone).date() == now.astimezone(self._zone).date()

    # -- memory --------------------------------------------------------------------------------------------------------

    def _change(self) -> None:
        self.version += 1
        self.changed = True

    def _list(self, event: Event) -> None:
        self.past = (event, *self.past)[:LISTED]
        self._change()

    def _note_seen(self, now: datetime) -> None:
        """Have it written from time to time that what is seen each second was watched until now."""
        if self._seen is not None and timedelta(0) <= now - self._seen < _SEEN_EVERY:
            return
        if any(KINDS[event.kind].begins_after for event in self.active):
            self.changed = True

    def to_json(self) -> dict[str, Any]:
        """Return what is to be kept over a restart."""
        self._seen = self._before
        return {
            "created": _written(self._created),
            "seen": _written(self._seen),
            "active": [
                as_json(watch.event) | {"told": watch.told}
                for watch in self._watches.values()
                if watch.event is not None
            ],
            "waiting": [as_json(message.event) | {"phase": message.phase} for message in self._waiting],
            "past": [as_json(event) for event in self.past],
            "told": _keys_to_json(self._told),
            "known": _keys_to_json(self._known),
        }

    def saved(self) -> None:
        """Take note that `to_json` is kept."""
        self.changed = False

    def from_json(self, kept: Mapping[str, Any]) -> None:
        """Go on where `to_json` was kept: all of it, or nothing.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it is no such memory.
            MessageError: a time in it cannot be read.
        """
        created, seen = _time(kept.get("created")), _time(kept.get("seen"))
        watches = {}
        for found in map(fields_of, kept.get("active", ())):
            notified, event = found.pop("told"), Event(**found)
            if event.kind in self._on:
                watch = _Watch(Holds.YES, event.began, paused=True, event=event, told=notified, resumed=True)
                watches[event.kind, event.meter, event.key] = watch
        waiting = [
            Message(phase=found.pop("phase"), event=Event(**found)) for found in map(fields_of, kept.get("waiting", ()))
        ]
        past = [Event(**fields_of(found)) for found in kept.get("past", ())]
        told, known = _keys_from_json(kept.get("told", ())), _keys_from_json(kept.get("known", ()))
        self._created, self._seen = created, seen
        self._watches, self._told, self._known = watches, told, known
        self._waiting = [message for message in waiting if message.event.kind in self._on]
        self.active = tuple(watch.event for watch in watches.values() if watch.event is not None)
        self.past = tuple(event for event in past if event.kind in KINDS)
        self.version += 1


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _keys_to_json(times: Mapping[_Key, datetime]) -> list[list[str]]:
    return [[*key, format_time(at)] for key, at in times.items()]


def _keys_from_json(rows: Sequence[Sequence[str]]) -> dict[_Key, datetime]:
    return {(kind, meter, key): parse_time(at) for kind, meter, key, at in rows}
