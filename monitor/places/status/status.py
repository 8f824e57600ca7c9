"""`status`: is all well? The way of a frame, yesterday's frames, what is kept, and the windows that were observed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from common.contract.frame import write_stamp
from common.machine.version import full_version
from common.settings.language import French
from monitor.base.calendar import midnight
from monitor.base.french import TEXTS
from monitor.base.schemas import COUNT, FLAG, INSTANT, SHARE, TEXT, Schema, described, maybe, record, several, words
from monitor.live.answer import moment
from monitor.live.chain import LINKS, STATES, UP
from monitor.live.live import Live
from monitor.live.state import Program
from monitor.money import amounts as money
from monitor.money.data_quality import DAYS, DiskForecast, MeterUpkeep
from monitor.money.off_peak import clocks
from monitor.readings.hours import Meter
from monitor.readings.power import VOLTAGE_HIGH, VOLTAGE_LOW
from monitor.sources.sun import SunAnswers
from monitor.sources.unseen_injection import UnseenInjection
from monitor.web.call import Call, LiveCall, Route
from monitor.web.parameters import METER

_LARGEST = 2**53  # what JSON keeps exact everywhere
_LONGEST_VERSION = 40  # characters; what a retained message holds is not sure
_NOTHING = ("yesterday", "audit", "disk", "backup", "volts", "unseen_export")


def answer(call: Call) -> dict[str, Any]:
    """Return what is known of a meter, and of what all have in common."""
    # That there is no meter yet is no error here.
    meter = call.meter() if "meter" in call.parameters or call.home.meters() else None
    zone, upkeep = call.config.time_zone, MeterUpkeep(call.home)
    identifier = "" if meter is None else meter.identifier
    version = upkeep.server()
    found: dict[str, Any] = dict.fromkeys(_NOTHING) | {"windows": []}
    if meter is not None and meter.first is not None:
        found |= {
            "yesterday": _yesterday(call, meter),
            "audit": _audit(call, meter),
            "volts": _volts(call, meter),
            "unseen_export": _unseen(SunAnswers(call.home).unseen(meter, call.now)),
            "windows": [[f"{one.month:%Y-%m}", clocks(one.windows)] for one in upkeep.windows(meter, call.now)],
        }
    found["backup"] = _backup(upkeep.backup())
    found["disk"] = _disk(upkeep.forecast(call.now))
    states = call.live.links(identifier)
    prices = money.prices_object(call.home.prices, call.now.astimezone(zone).date())
    last = None if meter is None else call.home.last_frame(meter, call.now)
    return {
        "meter": None if meter is None else meter.identifier,
        "links": _links(call.live, identifier, {**states, "database": UP}, call.now, f"MariaDB {version}", last),
        "spool": _spool(call.live, identifier),
        **found,
        "versions": [
            *_versions(call.live, identifier),
            *([["prices", prices["version"]]] if prices["version"] else []),
            ["MariaDB", version],
        ],
        "prices_error": _said(prices["error"], call.language),
        "unused": [{"section": one.section, "meter": one.meter} for one in call.home.unused()],
    }


def _said(error: str | None, language: str) -> str | None:
    return French(TEXTS)(error) if error is not None and language == "fr" else error


def without_database(call: LiveCall) -> dict[str, Any]:
    """Return what is known while the database is away: the links say so."""
    identifier = call.live.choose(call.parameters.get("meter"))
    states = call.live.links(identifier)
    return {
        "meter": identifier,
        "links": _links(call.live, identifier, {**states, "database": "down"}, call.now, None, None),
        "spool": _spool(call.live, identifier),
        **dict.fromkeys(_NOTHING),
        "windows": [],
        "versions": _versions(call.live, identifier),
        "prices_error": None,
        "unused": [],
    }


def _links(
    live: Live,
    meter: str,
    states: Mapping[str, str],
    now: datetime,
    database: str | None,
    last_stored: datetime | None,
) -> list[dict[str, Any]]:
    own, storers = _programs(live, meter)
    last: dict[str, datetime | None] = {
        "meter": live.last_frame(meter) or last_stored,
        "reader": max((one.at for one in own), default=None),
        "storer": live.stored_at(meter) or max((one.at for one in storers), default=None),
        "database": now if states["database"] == UP else None,
    }
    detail = {"reader": _names(own), "storer": _names(storers), "database": database}
    return [
        {
            "id": link,
            "state": states[link],
            "last": None if (at := last.get(link)) is None else moment(at),
            "detail": detail.get(link),
        }
        for link in LINKS
    ]


def _names(programs: list[Program]) -> str | None:
    return ", ".join(one.name for one in programs) or None


def _programs(live: Live, meter: str) -> tuple[list[Program], list[Program]]:
    """Return the readers of a meter, all if none says that it reads it, and the storers."""
    readers = live.programs("reader")
    return [one for one in readers if meter in one.meters] or readers, live.programs("storer")


def _versions(live: Live, meter: str) -> list[list[str]]:
    """Return the versions of our programs; of several of a kind each with its name."""
    found = []
    for kind, programs in zip(("reader", "storer"), _programs(live, meter), strict=True):
        for one in programs:
            version = (one.health or {}).get("version")  # earlier programs do not tell it
            if isinstance(version, str):
                name = f"teleinfo-{kind}" if len(programs) == 1 else f"teleinfo-{kind} {one.name}"
                found.append([name, version[:_LONGEST_VERSION]])
    return [*found, ["teleinfo-monitor", full_version()]]


def _spool(live: Live, meter: str) -> dict[str, int | None] | None:
    """Return what the readers of a meter keep on disk; None: no reader told."""
    readers = live.programs("reader")
    found = [spool for one in readers if meter in one.meters and (spool := _spool_of(one.health)) is not None]
    if not found:
        return None
    limits = [limit for _, _, limit in found]
    return {
        "frames": sum(frames for frames, _, _ in found),
        "bytes": sum(size for _, size, _ in found),
        "limit": None if None in limits else sum(limit for limit in limits if limit is not None),
    }


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


def _yesterday(call: Call, meter: Meter) -> dict[str, Any] | None:
    zone = call.config.time_zone
    today = call.now.astimezone(zone).date()
    start, end = midnight(today - timedelta(1), zone), midnight(today, zone)
    if meter.first is not None and meter.first >= end:
        return None  # it was not there yet
    counted = MeterUpkeep(call.home).counted(meter, start, end)
    energy = call.home.costs.energy(meter, "day", start, end, call.now).whole.energy
    return {
        "frames": counted.frames,
        "expected": counted.expected,
        "lost": None if counted.expected is None else counted.expected - counted.frames,
        "recovered_wh": energy.recovered_wh,
        "late_hours": counted.late_hours,
        "coverage": round(energy.coverage, 4),
    }


def _audit(call: Call, meter: Meter) -> dict[str, Any] | None:
    zone, until = call.config.time_zone, MeterUpkeep(call.home).audited_until(call.now)
    if until is None:
        return None
    start = midnight(call.now.astimezone(zone).date() - timedelta(DAYS), zone)
    if until <= start:
        return None
    counted = MeterUpkeep(call.home).counted(meter, start, until)
    if counted.expected is None:
        return None
    return {
        "at": write_stamp(until),
        "days": DAYS,
        "ok": counted.incomplete == 0,
        "missing": counted.expected - counted.frames,
    }


def _volts(call: Call, meter: Meter) -> dict[str, Any] | None:
    found = MeterUpkeep(call.home).voltage(meter, call.now)
    if found is None:
        return None
    return {
        "low": VOLTAGE_LOW,
        "high": VOLTAGE_HIGH,
        "days": DAYS,
        "lowest": found.lowest,
        "highest": found.highest,
        "outside_minutes": found.outside_minutes,
    }


def _unseen(found: UnseenInjection | None) -> dict[str, Any] | None:
    return None if found is None else {"days": found.days, "minutes": found.minutes, "power": found.power}


def _disk(found: DiskForecast | None) -> dict[str, Any] | None:
    return None if found is None else {"used": found.disk.used, "free": found.disk.free, "years": found.years}


def _backup(found: tuple[datetime, int] | None) -> dict[str, Any] | None:
    return None if found is None else {"at": moment(found[0]), "rows": found[1]}


def _known(text: str, **properties: Schema) -> Schema:
    return maybe(record(properties), f"{text}; null: not known")


_MAYBE_COUNT = maybe(COUNT)
_PAIR = {"type": "array", "minItems": 2, "maxItems": 2, "items": TEXT}
_SCHEMA = record(
    {
        "meter": maybe(TEXT),
        "links": several(
            record({"id": words(*LINKS), "state": words(*STATES), "last": maybe(INSTANT), "detail": maybe(TEXT)}),
            "the way of a frame, in order",
        ),
        "spool": _known(
            "frames that readers keep on disk, and the bytes that they may take",
            frames=COUNT,
            bytes=COUNT,
            limit=_MAYBE_COUNT,
        ),
        "yesterday": _known(
            "the frames of yesterday",
            frames=COUNT,
            expected=_MAYBE_COUNT,
            lost=_MAYBE_COUNT,
            recovered_wh=COUNT,
            late_hours=COUNT,
            coverage=SHARE,
        ),
        "audit": _known(
            "frames counted by readers against those stored, up to `at`",
            at=INSTANT,
            days=COUNT,
            ok=FLAG,
            missing=COUNT,
        ),
        "disk": _known(
            "bytes of the tables; years until the disk is full", used=COUNT, free=_MAYBE_COUNT, years=_MAYBE_COUNT
        ),
        "backup": _known(
            "the last backup: when it was made and read back, and the rows in its files of months",
            at=INSTANT,
            rows=COUNT,
        ),
        "volts": _known(
            "the last days, and minutes outside 230 V ± 10 %",
            low=COUNT,
            high=COUNT,
            days=COUNT,
            lowest=COUNT,
            highest=COUNT,
            outside_minutes=COUNT,
        ),
        "unseen_export": maybe(
            record({"days": COUNT, "minutes": COUNT, "power": described("mean, VA, roughly", COUNT)}),
            "of the last 14 days: power flowed by day and no index moved, so that the home probably injects, and its"
            " meter is not in producer mode; null: nothing of that kind",
        ),
        "windows": several(
            _PAIR, "off-peak hours as the meter switched at the end of a month: 2026-11 and 22:00–06:00"
        ),
        "versions": several(_PAIR, "name and version"),
        "prices_error": maybe(
            TEXT, "a file of prices that is wrong, its line and what to correct: the prices from before are still used"
        ),
        "unused": several(
            record({"section": words("contracts", "meters", "notes"), "meter": TEXT}),
            "lines of the configuration that have no effect: they name a meter that the database does not know",
        ),
    }
)
ROUTE = Route(
    "status",
    "Is all well? Links, the frames of yesterday, the disk, the voltage.",
    (METER,),
    answer,
    _SCHEMA,
    without_database,
)
