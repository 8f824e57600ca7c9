"""`status`: is all well? The way of a frame, yesterday's frames, what is kept, and the windows that were observed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from common.machine.version import full_version
from common.settings.language import French
from monitor.base.answer import Count, More, Share, answer_type, one_of
from monitor.base.calendar import midnight
from monitor.base.french import TEXTS
from monitor.live.chain import LINKS, STATES, UP
from monitor.live.live import Live
from monitor.live.state import Program
from monitor.money.data_quality import DAYS, MeterUpkeep
from monitor.money.off_peak import clocks
from monitor.readings.hours import Meter
from monitor.readings.power import VOLTAGE_HIGH, VOLTAGE_LOW
from monitor.sources.sources import UnseenExport, unseen_export
from monitor.web.parameters import METER
from monitor.web.route import ApiRequest, LiveRequest, Route

_LARGEST = 2**53  # what JSON keeps exact everywhere
_LONGEST_VERSION = 40  # characters; what a retained message holds is not sure
_Pair = Annotated[tuple[str, str], More(type="array", minItems=2, maxItems=2, items={"type": "string"})]


@answer_type
class Link:
    """A link of the way of a frame."""

    id: Annotated[str, one_of(*LINKS)]
    state: Annotated[str, one_of(*STATES)]
    last: datetime | None
    detail: str | None


@answer_type
class Spool:
    """What readers keep on disk."""

    frames: Count
    bytes: Count
    limit: Count | None


@answer_type
class Yesterday:
    """The frames of yesterday."""

    frames: Count
    expected: Count | None
    lost: Count | None
    recovered_wh: Count
    late_hours: Count
    coverage: Share


@answer_type
class Audit:
    """Frames counted by readers against those stored."""

    at: datetime
    days: Count
    ok: bool
    missing: Count


@answer_type
class DiskUse:
    """The disk of the database."""

    used: Count
    free: Count | None
    years: Count | None


@answer_type
class LastBackup:
    """The last backup."""

    at: datetime
    rows: Count


@answer_type
class Volts:
    """The voltage of the last days."""

    low: Count
    high: Count
    days: Count
    lowest: Count
    highest: Count
    outside_minutes: Count


@answer_type
class UnusedLine:
    """A line of the configuration that has no effect."""

    section: Annotated[str, one_of("contracts", "meters", "notes")]
    meter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The answer of `status`."""

    meter: str | None
    links: Annotated[Sequence[Link], "the way of a frame, in order"]
    spool: Annotated[
        Spool | None, "frames that readers keep on disk, and the bytes that they may take; null: not known"
    ]
    yesterday: Annotated[Yesterday | None, "the frames of yesterday; null: not known"] = None
    audit: Annotated[Audit | None, "frames counted by readers against those stored, up to `at`; null: not known"] = None
    disk: Annotated[DiskUse | None, "bytes of the tables; years until the disk is full; null: not known"] = None
    backup: Annotated[
        LastBackup | None,
        "the last backup: when it was made and read back, and the rows in its files of months; null: not known",
    ] = None
    volts: Annotated[Volts | None, "the last days, and minutes outside 230 V ± 10 %; null: not known"] = None
    unseen_export: Annotated[
        UnseenExport | None,
        "of the last 14 days: power flowed by day and no index moved, so that the home probably injects, and its"
        " meter is not in producer mode; null: nothing of that kind",
    ] = None
    windows: Annotated[
        Sequence[_Pair], "off-peak hours as the meter switched at the end of a month: 2026-11 and 22:00–06:00"
    ] = ()
    off_peak: Annotated[
        Sequence[str],
        "off-peak hours as the meter switched in the last days, as `contracts` has them: 22:30-06:30; empty: not known",
    ] = ()
    versions: Annotated[Sequence[_Pair], "name and version"]
    refused_topics: Annotated[Sequence[str], "of sources: the broker does not let the storer read them"]
    prices_error: Annotated[
        str | None,
        "a file of prices that is wrong, its line and what to correct: the prices from before are still used",
    ] = None
    unused: Annotated[
        Sequence[UnusedLine],
        "lines of the configuration that have no effect: they name a meter that the database does not know",
    ] = ()


def answer(request: ApiRequest) -> Status:
    """Return what is known of a meter, and of what all have in common."""
    # That there is no meter yet is no error here.
    meter = request.meter() if "meter" in request.parameters or request.home.meters() else None
    quality = MeterUpkeep(request.home)
    identifier = "" if meter is None else meter.identifier
    version, backup, disk = quality.server(), quality.backup(), quality.forecast(request.now)
    prices = request.home.prices
    newest = prices.newest_before(request.now.astimezone(request.config.time_zone).date())
    last = None if meter is None else request.home.last_frame(meter, request.now)
    states = {**request.live.links(identifier), "database": UP}
    return Status(
        meter=None if meter is None else meter.identifier,
        links=_links(request.live, identifier, states, request.now, f"MariaDB {version}", last),
        spool=_spool(request.live, identifier),
        **({} if meter is None or meter.first is None else _of_meter(request, meter, quality)),
        disk=None if disk is None else DiskUse(disk.disk.used, disk.disk.free, disk.years),
        backup=None if backup is None else LastBackup(backup[0].replace(microsecond=0), backup[1]),
        versions=[
            *_versions(request.live, identifier),
            *([("prices", newest.isoformat())] if newest else []),
            ("MariaDB", version),
        ],
        refused_topics=request.live.refused_topics(),
        prices_error=_in_language(prices.error, request.language),
        unused=[UnusedLine(one.section, one.meter) for one in request.home.unused()],
    )


def _of_meter(request: ApiRequest, meter: Meter, quality: MeterUpkeep) -> dict[str, Any]:
    volts, windows = quality.voltage(meter, request.now), quality.windows(meter, request.now)
    return {
        "yesterday": _yesterday(request, meter, quality),
        "audit": _audit(request, meter, quality),
        "volts": None
        if volts is None
        else Volts(VOLTAGE_LOW, VOLTAGE_HIGH, DAYS, volts.lowest, volts.highest, volts.outside_minutes),
        "unseen_export": unseen_export(request.home, meter, request.now),
        "windows": [(f"{one.month:%Y-%m}", clocks(one.windows)) for one in windows],
        "off_peak": [f"{start:%H:%M}-{end:%H:%M}" for start, end in windows[-1].windows] if windows else (),
    }


def _in_language(error: str | None, language: str) -> str | None:
    return French(TEXTS)(error) if error is not None and language == "fr" else error


def without_database(request: LiveRequest) -> Status:
    """Return what is known while the database is away: the links say so."""
    identifier = request.live.choose(request.parameters.get("meter"))
    states = {**request.live.links(identifier), "database": "down"}
    return Status(
        meter=identifier,
        links=_links(request.live, identifier, states, request.now, None, None),
        spool=_spool(request.live, identifier),
        versions=_versions(request.live, identifier),
        refused_topics=request.live.refused_topics(),
    )


def _links(
    live: Live,
    meter: str,
    states: Mapping[str, str],
    now: datetime,
    database: str | None,
    last_stored: datetime | None,
) -> list[Link]:
    own, storers = _programs(live, meter)
    last: dict[str, datetime | None] = {
        "meter": live.last_frame(meter) or last_stored,
        "reader": max((one.at for one in own), default=None),
        "storer": live.stored_at(meter) or max((one.at for one in storers), default=None),
        "database": now if states["database"] == UP else None,
    }
    detail = {"reader": _names(own), "storer": _names(storers), "database": database}
    return [
        Link(
            link, states[link], None if (at := last.get(link)) is None else at.replace(microsecond=0), detail.get(link)
        )
        for link in LINKS
    ]


def _names(programs: list[Program]) -> str | None:
    return ", ".join(one.name for one in programs) or None


def _programs(live: Live, meter: str) -> tuple[list[Program], list[Program]]:
    """Return the readers of a meter, all if none says that it reads it, and the storers."""
    readers = live.programs("reader")
    return [one for one in readers if meter in one.meters] or readers, live.programs("storer")


def _versions(live: Live, meter: str) -> list[tuple[str, str]]:
    """Return the versions of our programs; of several of a kind each with its name."""
    versions = []
    for kind, programs in zip(("reader", "storer"), _programs(live, meter), strict=True):
        for one in programs:
            version = (one.health or {}).get("version")  # earlier programs do not tell it
            if isinstance(version, str):
                name = f"teleinfo-{kind}" if len(programs) == 1 else f"teleinfo-{kind} {one.name}"
                versions.append((name, version[:_LONGEST_VERSION]))
    return [*versions, ("teleinfo-monitor", full_version())]


def _spool(live: Live, meter: str) -> Spool | None:
    """Return what the readers of a meter keep on disk; None: no reader told."""
    readers = live.programs("reader")
    spools = [spool for one in readers if meter in one.meters and (spool := _spool_of(one.health)) is not None]
    if not spools:
        return None
    limits = [limit for _, _, limit in spools]
    return Spool(
        frames=sum(frames for frames, _, _ in spools),
        bytes=sum(size for _, size, _ in spools),
        limit=None if None in limits else sum(limit for limit in limits if limit is not None),
    )


def _spool_of(health: Mapping[str, Any] | None) -> tuple[int, int, int | None] | None:
    # What a retained message holds is not sure.
    delivery = (health or {}).get("delivery")
    spool = delivery.get("spool") if isinstance(delivery, dict) else None
    if not isinstance(spool, dict):
        return None
    frames, size, limit = (_count(spool.get(key)) for key in ("frames", "bytes", "limit"))
    return None if frames is None or size is None else (frames, size, limit)


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= _LARGEST else None


def _yesterday(request: ApiRequest, meter: Meter, quality: MeterUpkeep) -> Yesterday | None:
    zone = request.config.time_zone
    today = request.now.astimezone(zone).date()
    start, end = midnight(today - timedelta(1), zone), midnight(today, zone)
    if meter.first is not None and meter.first >= end:
        return None  # it was not there yet
    counted = quality.counted(meter, start, end)
    energy = request.home.costs.energy(meter, "day", start, end, request.now).whole.energy
    return Yesterday(
        frames=counted.frames,
        expected=counted.expected,
        lost=None if counted.expected is None else counted.expected - counted.frames,
        recovered_wh=energy.recovered_wh,
        late_hours=counted.late_hours,
        coverage=round(energy.coverage, 4),
    )


def _audit(request: ApiRequest, meter: Meter, quality: MeterUpkeep) -> Audit | None:
    zone, until = request.config.time_zone, quality.audited_until(request.now)
    start = midnight(request.now.astimezone(zone).date() - timedelta(DAYS), zone)
    if until is None or until <= start:
        return None
    counted = quality.counted(meter, start, until)
    if counted.expected is None:
        return None
    return Audit(until, DAYS, ok=counted.incomplete == 0, missing=counted.expected - counted.frames)


ROUTE = Route(
    "status",
    "Is all well? Links, the frames of yesterday, the disk, the voltage.",
    (METER,),
    answer,
    without_database,
)
