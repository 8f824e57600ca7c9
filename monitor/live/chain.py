"""The links of the way of a frame, from the meter to the database, and the snapshot that rules of alerts read. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.live.meter import MeterView
from monitor.live.state import Program
from monitor.readings.curves import HOLD


@dataclass(frozen=True, slots=True)
class MeterSnapshot:
    """A meter at one moment; None: not known."""

    identifier: str
    speaking: bool  # frames come
    fresh: bool  # the last frame still tells the power of now
    decoded: bool  # by another device, which seldom sends
    last_frame: datetime | None  # when it arrived, by our clock
    reader: bool | None  # whether a reader is online that may read it; None: no reader says so
    power: int | None = None  # VA
    phases: tuple[int | None, ...] | None = None  # VA of each of three phases
    warned: tuple[int, ...] | None = None  # phases of which the meter says that too much is drawn; 0: of no single one
    limit: int | None = None  # the subscribed power, VA
    tomorrow: str | None = None  # the colour of the next Tempo day, as the meter says
    announced: str | None = None  # the same, as others say


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All meters at one moment."""

    at: datetime
    connected: bool | None  # whether the broker is; None: there is none to connect to
    meters: tuple[MeterSnapshot, ...] = ()


UP, DOWN, NEVER, UNKNOWN, STALLED = "up", "down", "never", "unknown", "stalled"
STATES = (UP, DOWN, STALLED, NEVER, UNKNOWN)
LINKS = ("meter", "reader", "mqtt", "storer", "database")


def links(
    view: MeterView | None,
    *,
    connected: bool,
    ever_stored: bool | None,
    readers: Sequence[Program],
    storers: Sequence[Program],
    database: str,
) -> dict[str, str]:
    """Return the state of each link: up, down, never (nothing came yet), unknown, of a storer also stalled.

    Args:
        view: the meter; None: the broker has nothing of it.
        connected: whether the broker is; else nothing is known of what speaks through it.
        ever_stored: whether the database has readings of the meter; None: unknown.
        readers: all readers.
        storers: all storers.
        database: up, down or unknown.
    """
    if not connected:
        return dict(zip(LINKS, (UNKNOWN, UNKNOWN, DOWN, UNKNOWN, database), strict=True))
    return dict(
        zip(LINKS, (_meter(view, ever_stored), _reader(view, readers), UP, _storer(storers), database), strict=True)
    )


def meter_snapshot(
    view: MeterView, readers: Sequence[Program], at: datetime, announced: str | None = None
) -> MeterSnapshot:
    """Return what rules of alerts look at, at our time `at`; `announced`: the colour that others say of tomorrow."""
    return MeterSnapshot(
        identifier=view.identifier,
        speaking=view.speaking,
        fresh=view.speaking and view.age is not None and view.age <= HOLD,
        decoded=view.adapter is not None,
        last_frame=None if view.age is None else at - timedelta(seconds=view.age),
        reader={UP: True, DOWN: False}.get(_reader(view, readers)),
        power=view.values.power,
        phases=view.values.phases,
        warned=view.values.warned,
        limit=view.tariff.subscribed,
        tomorrow=view.tariff.tomorrow,
        announced=announced,
    )


def _meter(view: MeterView | None, ever_stored: bool | None) -> str:
    if view is not None and view.speaking:
        return UP
    if ever_stored or (view is not None and view.received):
        return DOWN
    return NEVER


def _reader(view: MeterView | None, readers: Sequence[Program]) -> str:
    """Return the state of the meter's reader: of the one that is online, if several had the meter."""
    own = [reader for reader in readers if view is not None and view.identifier in reader.meters] or readers
    if not own:
        return UP if view is not None and view.speaking else NEVER
    return UP if any(reader.status == "online" for reader in own) else DOWN


def _storer(storers: Sequence[Program]) -> str:
    if not storers:
        return NEVER
    states = {storer.status for storer in storers}
    return UP if "online" in states else STALLED if "stalled" in states else DOWN
