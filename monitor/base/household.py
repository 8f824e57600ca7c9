"""What the owner says of the home in `monitor.yaml`: contracts, meters, notes, alerts."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any, ClassVar

from common.contract.frame import METER
from common.contract.offers import BY_ID, Window
from common.settings.config import choice, list_of, option
from common.settings.lines import Mistakes, inside
from monitor.base.calendar import DIGESTS

log = logging.getLogger(__name__)

_WINDOW = re.compile(r"((?:[01]?\d|2[0-3]):[0-5]\d)-((?:[01]?\d|2[0-3]):[0-5]\d|24:00)")
_LONGEST_NAME, _LONGEST_NOTE = 40, 80  # characters
_SEASONS = ("winter", "summer")


@dataclass(frozen=True, slots=True)
class OffPeak:
    """Off-peak hours by the season: summer is from 1 April to 31 October."""

    winter: tuple[Window, ...]
    summer: tuple[Window, ...]

    def at(self, day: date) -> tuple[Window, ...]:
        """Return the windows of a day."""
        return self.summer if 4 <= day.month <= 10 else self.winter

    @property
    def moments(self) -> set[int]:
        """The minutes of a day at which one of them begins or ends."""
        ends = (moment for window in (*self.winter, *self.summer) for moment in (window.start, window.end))
        return {moment.hour * 60 + moment.minute for moment in ends}


@dataclass(frozen=True, slots=True)
class ContractLine:
    """One line of `contracts`: from that local day on, the meter has this offer and this subscribed power."""

    meter: str
    start: date
    offer: str
    power: int  # kVA
    off_peak: OffPeak | None = None  # as the bill says; None: as in the line before


@dataclass(frozen=True, slots=True)
class House:
    """One entry of `meters`: the name of a meter, and the meters that it replaced."""

    address: str  # of the meter that is there now
    name: str | None
    replaced: tuple[str, ...]  # addresses, the earliest first


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of `notes`: what changed in the home on a local day."""

    at: date
    text: str
    meter: str | None = None  # None: of all meters


def read_window(text: Any) -> Window | None:
    """Return a window such as 22:30-06:30, which may be past midnight; None: it is none, or has no length."""
    match = _WINDOW.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1] == match[2]:
        return None
    return Window(*(time(int(clock[:-3]) % 24, int(clock[-2:])) for clock in match.groups()))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert; its name is a key of `alerts.rules`, of the API and of MQTT."""

    name: str
    begins_after: int = 0  # seconds that it must hold without a pause
    ends_after: int = 0  # seconds that it must be over without a pause
    lasts: bool = True  # it is over at some time, and that is told; else it happened, and is told once a key
    urgent: bool = False  # quiet hours do not hold it back
    late: bool = False  # told however long ago it happened
    on: bool = True  # without a line in `alerts.rules`
    hours: int = 24  # for which its messages are news: one that cannot be sent for so long is given up


_KINDS = (
    Kind("overload", begins_after=10, ends_after=60, urgent=True, hours=1),
    Kind("silent", begins_after=300, ends_after=30),
    Kind("power_cut", lasts=False, late=True, hours=72),
    Kind("red", lasts=False, hours=9),
    Kind("white", lasts=False, on=False, hours=9),
    Kind("off_peak", lasts=False),
    Kind("budget"),
    Kind("feed_in"),
    Kind("backup"),
    Kind("disk"),
    Kind("loss", lasts=False, late=True, hours=72),
    Kind("prices"),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
_GONE = frozenset({"forgotten", "talon", "voltage"})  # of an earlier version: its file must go on to work


@dataclass(frozen=True, slots=True)
class Address:
    """Where messages go: an address of apprise, or a file with one; a secret, so it is never shown."""

    text: str | None = field(default=None, repr=False)
    file: Path | None = None


def _alert_address(value: Any) -> Address:
    if isinstance(value, str) and "://" in value:
        return Address(text=value)
    if isinstance(value, dict) and set(value) == {"file"}:
        file = value["file"]
        if isinstance(file, str) and file and "://" not in file:
            return Address(file=Path(file))
    raise ValueError("an address such as ntfy://..., or {file: /etc/teleinfo/mail} is expected")  # without the secret


_addresses = list_of(_alert_address, "a list such as [ntfy://..., {file: /etc/teleinfo/mail}]")


def _quiet(value: Any) -> Window:
    window = read_window(value)
    if window is None:
        raise ValueError(f'quiet hours are written "22:00-07:00", in quotes, not {value!r}')
    return window


def _budget(value: Any) -> int:
    if type(value) is not int or value <= 0:
        raise ValueError(f"the euros of a month such as 120 are expected, not {value!r}")
    return value


def _rules(value: Any) -> tuple[tuple[str, bool], ...]:
    if not isinstance(value, dict) or not all(type(on) is bool for on in value.values()):
        raise ValueError(f"rules that are on or off such as {{budget: false}} are expected, not {value!r}")
    if unknown := [name for name in value if name not in KINDS and name not in _GONE]:
        raise ValueError(f"there is no rule {unknown[0]!r}; there are {', '.join(KINDS)}")
    for name in sorted(_GONE.intersection(value)):
        log.warning("'alerts.rules.%s' has no effect any more: delete it", name)
    return tuple((name, on) for name, on in value.items() if name in KINDS)


def _url(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise ValueError(f"the address of the page such as https://energie.example.org is expected, not {value!r}")
    return value.rstrip("/")


@dataclass(frozen=True, kw_only=True)
class AlertsConfig:
    """Who is told what, and when."""

    to: tuple[Address, ...] = option((), read=_addresses)
    language: str | None = option(None, read=choice("fr", "en"))
    quiet: Window | None = option(None, read=_quiet)  # local times
    budget: int | None = option(None, read=_budget)  # euros a month
    rules: tuple[tuple[str, bool], ...] = option((), read=_rules)
    digest: str | None = option(None, read=choice(*DIGESTS))
    page: str | None = option(None, read=_url)  # for the links of messages
    GONE: ClassVar = {"away"}

    def is_on(self, kind: str) -> bool:
        """Tell whether a kind of alert is told."""
        return dict(self.rules).get(kind, KINDS[kind].on)


def _contract(line: Any) -> ContractLine:
    keys = {"meter", "from", "offer", "power"}
    if not isinstance(line, dict) or set(line) - {"off_peak"} != keys:
        raise ValueError(f"a line has the keys {', '.join(sorted(keys))}, and perhaps off_peak; this one is {line!r}")
    meter, start, offer, power = _address(line["meter"]), line["from"], line["offer"], line["power"]
    if type(start) is not date:
        raise ValueError(f"the day of `from` is written 2025-02-01, not {start!r}")
    if not isinstance(offer, str) or not offer:
        raise ValueError(f"an offer such as {', '.join(BY_ID)}, or one of your prices.yaml, is expected, not {offer!r}")
    if type(power) is not int or not 1 <= power <= 36:
        raise ValueError(f"the subscribed power in kVA, from 1 to 36, is expected, not {power!r}")
    off_peak = None if line.get("off_peak") is None else _off_peak(line["off_peak"])
    return ContractLine(meter, start, offer, power, off_peak)


def _off_peak(value: Any) -> OffPeak:
    seasons = dict.fromkeys(_SEASONS, value) if isinstance(value, list) else value
    if not isinstance(seasons, dict) or set(seasons) != set(_SEASONS):
        raise ValueError(
            'off_peak has the windows of all year, ["22:30-06:30"], or those of winter (from 1 November) and summer'
            f' (from 1 April): {{winter: ["22:30-06:30"], summer: ["02:00-07:00", "14:00-17:00"]}}; not {value!r}'
        )
    return OffPeak(**{season: _windows(windows) for season, windows in seasons.items()})


def _windows(value: Any) -> tuple[Window, ...]:
    windows = []
    for text in value if isinstance(value, list) and value else [value]:
        window = read_window(text)
        if window is None:
            raise ValueError(f'a window of off_peak is written "22:30-06:30", in quotes and in a list, not {text!r}')
        windows.append(window)
    return tuple(windows)


def read_meters(value: Any) -> tuple[House, ...]:
    """Read `meters`: a house for each meter that no other one replaced."""
    if not isinstance(value, dict):
        raise ValueError(f"names by address such as {{'031961123456': Maison}} are expected, not {value!r}")
    names: dict[str, str | None] = {}
    replaced: dict[str, str] = {}  # by the address of its successor
    mistakes = Mistakes()
    for key, entry in value.items():
        with mistakes.collect(), inside(value, key):
            address = _address(key)
            parts = {"name": entry} if isinstance(entry, str) else entry
            if not isinstance(parts, dict) or not parts or not set(parts) <= {"name", "replaces"}:
                raise ValueError(f"{address} has a name, or {{name: ..., replaces: ADDRESS}}, not {entry!r}")
            names[address] = _meter_name(parts["name"]) if "name" in parts else None
            if "replaces" in parts:
                replaced[address] = _address(parts["replaces"])
    mistakes.refuse()
    _refuse_twice("the meter", list(replaced.values()), "is replaced twice")
    for address in replaced:
        _chain(address, replaced)  # refuses a loop, in which no meter is the newest
    houses = [
        House(address, name, tuple(_chain(address, replaced)))
        for address, name in names.items()
        if address not in replaced.values()
    ]
    _refuse_twice("the name", [house.name.casefold() for house in houses if house.name], "is given twice")
    return tuple(houses)


def _address(value: Any) -> str:
    text = str(value) if type(value) is int else value  # without quotes
    if not isinstance(text, str) or not METER.fullmatch(text):
        raise ValueError(f"{value!r} is not a meter address such as '031961123456'")
    return text


def _meter_name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > _LONGEST_NAME:
        raise ValueError(f"a name such as Maison, of at most {_LONGEST_NAME} characters, is expected, not {value!r}")
    return value.strip()


def _chain(address: str, replaced: Mapping[str, str]) -> list[str]:
    """Return all that a meter replaced, the earliest first."""
    chain = [address]
    while (before := replaced.get(chain[0])) is not None:
        if before in chain:
            raise ValueError(f"{before} replaces itself")
        chain.insert(0, before)
    return chain[:-1]


def _note(line: Any) -> Note:
    if not isinstance(line, dict) or not {"at", "text"} <= set(line) <= {"at", "text", "meter"}:
        raise ValueError(f"a note is written {{at: 2026-10-03, text: Heat pump}}, with `meter` if needed, not {line!r}")
    at, text, meter = line["at"], line["text"], line.get("meter")
    if not isinstance(text, str) or not text.strip() or not text.isprintable() or len(text) > _LONGEST_NOTE:
        raise ValueError(f"the text of a note has 1 to {_LONGEST_NOTE} characters on one line, not {text!r}")
    return Note(_day(at), text.strip(), None if "meter" not in line else _address(meter))


def _day(value: Any) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"the day of a note is written at: 2026-10-03, not {value!r}") from None


def _refuse_twice(what: str, values: Sequence[str], why: str) -> None:
    if doubled := next((value for value in values if values.count(value) > 1), None):
        raise ValueError(f"{what} {doubled} {why}")


_contract_lines = list_of(_contract, "a list of lines such as {meter: ..., from: 2025-02-01, offer: tempo, power: 9}")
_note_lines = list_of(_note, "a list of lines such as {at: 2026-10-03, text: Heat pump}")


def read_contracts(value: Any) -> tuple[ContractLine, ...]:
    """Read `contracts`, by meter and day."""
    return tuple(sorted(_contract_lines(value), key=lambda line: (line.meter, line.start)))


def read_notes(value: Any) -> tuple[Note, ...]:
    """Read `notes`, by day."""
    return tuple(sorted(_note_lines(value), key=lambda note: note.at))
