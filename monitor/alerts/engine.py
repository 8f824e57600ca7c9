"""Turns conditions into events, and events into notifications. Pure: the caller gives the time and keeps the state.

- A condition that holds long enough begins an event, and one that is over long enough ends it (`Kind`).
- A notification is held back in quiet hours, and where the event was notified on the same local day already. When that
  is over, it is sent if the event still holds; so nothing that lasts remains pending.
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
from monitor.alerts.events import BEGIN, END, Condition, Event, Holds, Notification
from monitor.alerts.store import as_json, fields_of
from monitor.base.alert_settings import KINDS, Kind

LISTED = 30  # events that are over
_LONGEST_STEP = timedelta(seconds=10)  # between two steps that are further apart, nobody watched, or the clock was set
_ABSENT = 86400.0  # seconds without any condition after which an event ends
_PAUSE = 60.0  # seconds for which a condition may be unknown before its event has begun
_STALE = timedelta(hours=1)  # what ended longer ago, while nobody watched, is not sent
_SEEN_EVERY = timedelta(minutes=15)  # so often it is written down that somebody watches
_NEWS = timedelta(days=1)  # what could not be sent for so long is no news any more
_KNOWN_FOR = timedelta(days=400)
_ONCE_FOR = timedelta(days=40)  # longer than a month, which is the key of what is told once
_DAY = timedelta(days=1)

_Key = tuple[str, str, str]  # kind, meter and key of a condition


@dataclass(slots=True)
class _Watch:
    """Follows a condition from when it holds until its event is over."""

    holds: Holds
    at: datetime  # since when it is so
    seconds: float = 0.0  # the same, counted
    paused: bool = False  # it was not known at the last step
    unseen: float = 0.0  # seconds since it was known
    step: int = 0  # the last one that had the condition
    event: Event | None = None
    notified: bool = False
    resumed: bool = False  # its event is from before the start, and was not seen to hold since


class Engine:
    """Follows conditions. `active` and `past` may be read in any thread, all else belongs to one."""

    def __init__(
        self,
        is_on: Callable[[str], bool],
        quiet: Window | None,
        zone: ZoneInfo,
        *,
        notifies: bool = True,
    ) -> None:
        """Prepare.

        Args:
            is_on: notifies whether there are events of a kind.
            quiet: local times between which only what is urgent is sent.
            zone: the local time.
            notifies: whether there are addresses; what still holds when there are will be sent then.
        """
        self.use(is_on, quiet, notifies=notifies)
        self._zone = zone
        self._created: datetime | None = None
        self._before: datetime | None = None  # the last step
        self._seen: datetime | None = None  # the last step that is written down
        self._was_away = False  # for so long, before the start, that what ended meanwhile is not sent
        self._steps = 0
        self._watches: dict[_Key, _Watch] = {}
        self._waiting: list[Notification] = []  # ends, and what happened, until quiet hours are over
        self._notified: dict[_Key, datetime] = {}  # when the beginning of what lasts was last sent
        self._known: dict[_Key, datetime] = {}  # what happened, and when it was found
        self.active: tuple[Event, ...] = ()
        self.past: tuple[Event, ...] = ()
        self.version = 0
        """Raised when `active` or `past` changes."""
        self.changed = False
        """Whether `to_json` has something new to keep."""

    def use(self, is_on: Callable[[str], bool], quiet: Window | None, *, notifies: bool) -> None:
        """Follow other settings from the next step on: what a rule that is off found is over."""
        self._on = frozenset(name for name in KINDS if is_on(name))
        self._quiet = quiet
        self._notifies = notifies

    def step(self, now: datetime, conditions: Sequence[Condition]) -> list[Notification]:
        """Follow the conditions of this moment; return what is to be sent, once `to_json` is kept."""
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
        for condition in conditions:
            if condition.kind not in self._on:
                continue
            kind = KINDS[condition.kind]
            if kind.lasts:
                self._follow(kind, condition, now, passed)
            elif condition.holds is Holds.YES:
                self._happen(condition, now)
        if self._watches:
            self._end_absent(conditions, now, passed)
        if version != self.version:
            self.active = tuple(watch.event for watch in self._watches.values() if watch.event is not None)
        self._note_seen(now)
        return self._notifications(conditions, now) if self._notifies else []

    # -- what lasts ----------------------------------------------------------------------------------------------------

    def _follow(self, kind: Kind, condition: Condition, now: datetime, passed: float) -> None:
        key = condition.kind, condition.meter, condition.key
        watch = self._watches.get(key)
        if watch is None:
            if condition.holds is not Holds.YES:
                return
            watch = self._watches[key] = _Watch(Holds.YES, now, paused=True)
        watch.step = self._steps
        if condition.holds is Holds.UNKNOWN:
            watch.paused = True
            watch.unseen += passed
            if watch.event is None and watch.unseen > _PAUSE:
                del self._watches[key]
            return
        if condition.holds is not watch.holds:
            watch.holds, watch.at, watch.seconds = condition.holds, now, 0.0
        elif not watch.paused:
            watch.seconds += passed
        watch.paused, watch.unseen = False, 0.0
        if condition.holds is Holds.YES:
            self._hold(kind, condition, watch, now)
        elif watch.event is None:
            del self._watches[key]
        elif condition.holds is Holds.NO and watch.seconds >= kind.ends_after:
            # What is seen each second may be over since long; what follows from days is over now, as far as we know.
            is_old = watch.resumed and self._was_away and kind.begins_after > 0
            notify = watch.notified and not is_old and not kind.once
            self._end(key, watch.event, max(watch.at, watch.event.began), notify=notify)
        if condition.holds is not Holds.NO:
            watch.resumed = False

    def _hold(self, kind: Kind, condition: Condition, watch: _Watch, now: datetime) -> None:
        if watch.event is not None:
            if condition.figures != watch.event.figures:
                watch.event = replace(watch.event, figures=condition.figures)
                self.version += 1
        elif watch.seconds >= kind.begins_after:
            began = min(condition.since or watch.at, now)
            watch.event = Event(condition.kind, condition.meter, condition.key, began, None, condition.figures)
            self._change()

    def _end(self, key: _Key, event: Event, at: datetime, *, notify: bool) -> None:
        del self._watches[key]
        ended = replace(event, ended=at)
        self._list(ended)
        if notify and self._notifies:
            self._waiting.append(Notification(ended, END))

    def _end_absent(self, conditions: Sequence[Condition], now: datetime, passed: float) -> None:
        """End, without a notification, what no rule speaks of any more: the month is over, the meter is gone."""
        absent = [(key, watch) for key, watch in self._watches.items() if watch.step != self._steps]
        if not absent:
            return
        known = {(condition.kind, condition.meter) for condition in conditions if condition.holds is not Holds.UNKNOWN}
        for key, watch in absent:
            watch.paused = True
            watch.unseen += passed
            if watch.event is None:
                if watch.unseen > _PAUSE:
                    del self._watches[key]
            elif key[:2] in known or watch.unseen > _ABSENT:
                self._end(key, watch.event, max(now, watch.event.began), notify=False)

    # -- what happens --------------------------------------------------------------------------------------------------

    def _happen(self, condition: Condition, now: datetime) -> None:
        key = condition.kind, condition.meter, condition.key
        if key in self._known or (
            condition.since is not None and self._created is not None and condition.since < self._created
        ):
            return
        if condition.after and not any(self._is_past(condition.kind, condition.meter, one) for one in condition.after):
            return
        for old in [old for old, at in self._known.items() if now - at > _KNOWN_FOR]:
            del self._known[old]
        self._known[key] = now
        began = min(condition.since or now, now)
        event = Event(condition.kind, condition.meter, condition.key, began, began, condition.figures)
        self._list(event)
        if self._notifies:
            self._waiting.append(Notification(event, BEGIN))

    def _is_past(self, kind: str, meter: str, key: str) -> bool:
        """Tell whether something happened, and does not wait to be notified."""
        waiting = {(one.event.kind, one.event.meter, one.event.key) for one in self._waiting}
        return (kind, meter, key) in self._known and (kind, meter, key) not in waiting

    # -- what is notified ----------------------------------------------------------------------------------------------

    def _notifications(self, conditions: Sequence[Condition], now: datetime) -> list[Notification]:
        pending = [
            (key, watch) for key, watch in self._watches.items() if watch.event is not None and not watch.notified
        ]
        if not pending and not self._waiting:
            return []
        quiet = self.is_quiet(now)
        notifications = self._release(conditions, now, quiet=quiet)
        for key, watch in pending:
            if watch.event is None or (quiet and not KINDS[key[0]].urgent) or self._was_notified(key, now):
                continue
            watch.notified = True
            recent = {other: at for other, at in self._notified.items() if abs(now - at) <= _notified_for(other[0])}
            self._notified = recent | {key: now}
            notifications.append(Notification(watch.event, BEGIN))
        self.changed = self.changed or bool(notifications)
        return notifications

    def _release(self, conditions: Sequence[Condition], now: datetime, *, quiet: bool) -> list[Notification]:
        """Return what waits and may be sent now."""
        holding = {
            (condition.kind, condition.meter, condition.key) for condition in conditions if condition.holds is Holds.YES
        }
        released, waiting = [], []
        for notification in self._waiting:
            event, kind = notification.event, KINDS[notification.event.kind]
            key = event.kind, event.meter, event.key
            if quiet and not kind.urgent:
                waiting.append(notification)
            elif notification.phase == END:
                if event.ended is None or now - event.ended <= _NEWS:
                    released.append(notification)
            elif kind.late or key in holding:
                released.append(notification)
            elif now - self._known.get(key, now) <= _NEWS:
                waiting.append(notification)
        self.changed = self.changed or len(waiting) != len(self._waiting)
        self._waiting = waiting
        return released

    def is_quiet(self, now: datetime) -> bool:
        """Tell whether only what is urgent may be sent."""
        return self._quiet is not None and self._quiet.holds(now.astimezone(self._zone).time())

    def _was_notified(self, key: _Key, now: datetime) -> bool:
        """Tell whether the key was notified on this local day already, or later: then the clock was set back."""
        at = self._notified.get(key)
        if at is None or KINDS[key[0]].once:
            return at is not None
        return timedelta(0) < at - now < _DAY or at.astimezone(self._zone).date() == now.astimezone(self._zone).date()

    # -- state ---------------------------------------------------------------------------------------------------------

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
                as_json(watch.event) | {"told": watch.notified}
                for watch in self._watches.values()
                if watch.event is not None
            ],
            "waiting": [as_json(notification.event) | {"phase": notification.phase} for notification in self._waiting],
            "past": [as_json(event) for event in self.past],
            "told": _keys_to_json(self._notified),
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
                watch = _Watch(Holds.YES, event.began, paused=True, event=event, notified=notified, resumed=True)
                watches[event.kind, event.meter, event.key] = watch
        waiting = [
            Notification(phase=found.pop("phase"), event=Event(**found))
            for found in map(fields_of, kept.get("waiting", ()))
        ]
        past = [Event(**fields_of(found)) for found in kept.get("past", ())]
        told, known = _keys_from_json(kept.get("told", ())), _keys_from_json(kept.get("known", ()))
        self._created, self._seen = created, seen
        self._watches, self._notified, self._known = watches, told, known
        self._waiting = [notification for notification in waiting if notification.event.kind in self._on]
        self.active = tuple(watch.event for watch in watches.values() if watch.event is not None)
        self.past = tuple(event for event in past if event.kind in KINDS)
        self.version += 1


def _notified_for(kind: str) -> timedelta:
    return _ONCE_FOR if kind in KINDS and KINDS[kind].once else 2 * _DAY


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _keys_to_json(times: Mapping[_Key, datetime]) -> list[list[str]]:
    return [[*key, format_time(at)] for key, at in times.items()]


def _keys_from_json(rows: Sequence[Sequence[str]]) -> dict[_Key, datetime]:
    return {(kind, meter, key): parse_time(at) for kind, meter, key, at in rows}
