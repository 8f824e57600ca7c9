"""What a provider is asked, and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from monitor.base.fetch_settings import FetchSettings
from monitor.fetch.client import Client, FetchFailed


@dataclass(frozen=True, slots=True)
class Ask:
    """What a provider knows when it is asked."""

    now: datetime  # aware, UTC
    zone: ZoneInfo
    settings: FetchSettings
    token: str | None = None  # of Conso API, as the owner pasted it
    kept: Mapping[str, Any] = field(default_factory=dict)  # what this provider kept the last time
    missing: Sequence[tuple[date, date]] = ()  # local days without energy, [first, end), of the meter of `enedis`


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for the table `outside`; a row that is there with the same value changes nothing."""

    what: str  # of common.contract.outside.WHATS
    source: str  # the host that said it
    values: Mapping[datetime, float]  # by start, UTC


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file for the storer's import."""

    name: str
    content: bytes
    kind: str
    meter: str | None  # an address, or a PRM; None: the only one


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of an attempt that worked."""

    rows: Sequence[Rows] = ()
    files: Sequence[ImportFile] = ()
    kept: Mapping[str, Any] | None = None  # a small JSON object for the next time and for the page; None: as before
    again: float | None = None  # seconds until more can be had; None: the next day
    fr: str = ""  # what came, in a sentence
    en: str = ""
    problem: FetchFailed | None = None  # why the rest did not come; it is a failure, and what came is kept


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that can be asked."""

    name: str  # of a switch: a field of FetchSettings
    hosts: Sequence[str]  # all that it may call
    window: tuple[time, time]  # local time of a day in which the one random moment of its daily call lies
    most_a_day: int  # requests, tries included
    fetch: Callable[[Client, Ask], Fetched]  # raises FetchFailed
