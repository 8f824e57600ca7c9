"""What `monitor.yaml` says of the house: contracts, names of meters and which replaced which, notes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from common.contract.frame import METER
from common.contract.offers import BY_ID, Window
from common.settings.config import list_of
from common.settings.lines import Mistakes, inside
from monitor.base.household import ContractLine, House, Note, OffPeak
from monitor.base.windows import read_window

_LONGEST_NAME, _LONGEST_NOTE = 40, 80  # characters
_SEASONS = ("winter", "summer")


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
