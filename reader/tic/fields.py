"""Parses the values of standard mode that have a structure of their own. Pure.

Source: Enedis-NOI-CPT_54E v3, 6.2.

Stamps are legal time of mainland France, with a letter for the season: `H` is winter (UTC+1), `E` summer (UTC+2), lower
case when the meter's clock is degraded; a space, sent with the mobile peaks, means that the calendar gives the season.

In the status register (STGE) and the relays (RELAIS), bit 0 is the lowest, with opposite polarity: bit 0 of STGE
is 1 when the dry contact is open, bit 0 of RELAIS is 1 when it is closed.

The profile of a day is that of PJOURF+1 and PPOINTE::

    profile = block SP block...        11 blocks; NONUTILE where there is none
    block   = HHMM SSSS                from this time of the meter's legal time on; SSSS is hexadecimal
    SSSS    = bits 15-14 dry contact: 00 as before, 01 as Tempo has it, 10 open, 11 closed
              bits 10-4  virtual contacts 7 to 1, 1 is closed
              bits 3-0   supplier's register 1 to 10; others: as before
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from common.contract.frame import Value
from common.contract.tariff import status_bits

WIDTH = 13  # characters: season, then YYMMDDhhmmss

_WINTER, _SUMMER = timedelta(hours=1), timedelta(hours=2)
_OFFSETS = {"H": _WINTER, "h": _WINTER, "E": _SUMMER, "e": _SUMMER}


@lru_cache(maxsize=256)
def clock_changes(year: int) -> tuple[datetime, datetime]:
    """Return when summer time of a year begins and ends: on the last Sundays of March and October, at 01:00 UTC.

    >>> [f"{change:%d.%m. %H:%M}" for change in clock_changes(2026)]
    ['29.03. 01:00', '25.10. 01:00']
    """
    return _last_sunday(year, 3), _last_sunday(year, 10)


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=last.isoweekday() % 7)


def parse_stamp(text: str) -> tuple[datetime, bool]:
    """Return the instant in UTC, and whether the meter's clock is degraded.

    Raises:
        ValueError: `text` is not a stamp.

    >>> parse_stamp("e210718001320")
    (datetime.datetime(2021, 7, 17, 22, 13, 20, tzinfo=datetime.timezone.utc), True)
    """
    season, digits = text[:1], text[1:]
    if len(text) != WIDTH or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"not a stamp: {text!r}")
    year, month, day, hour, minute, second = (int(digits[i : i + 2]) for i in range(0, 12, 2))
    local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    if season == " ":
        return local - _paris_offset(local), False
    if season not in _OFFSETS:
        raise ValueError(f"not a season: {season!r}")
    return local - _OFFSETS[season], season.islower()


def _paris_offset(local: datetime) -> timedelta:
    starts, ends = clock_changes(local.year)
    return _SUMMER if starts + _WINTER <= local < ends + _SUMMER else _WINTER


#: What the cut-off device does, by bits 3 to 1.
CUTOFF = (
    "closed",
    "open_overload",
    "open_overvoltage",
    "open_load_shedding",
    "open_remote_command",
    "open_overheating_overcurrent",
    "open_overheating",
)
#: State of the power line communication, by bits 22 and 21.
PLC = ("new_unlock", "new_lock", "registered")
#: Tempo colours, by bits 25 and 24 (today) and 27 and 26 (tomorrow); 0 is none, or not announced.
COLOURS = ("unknown", "blue", "white", "red")

RELAYS = 8


class StatusRegister(NamedTuple):
    """The fields of a status register."""

    contact_open: bool  # the dry contact
    cutoff: str | None  # None: a number that has no meaning
    cover_open: bool  # over the distributor's terminals
    overvoltage: bool  # on any phase
    overload: bool  # the reference power is exceeded
    producer: bool
    exporting: bool  # active energy is negative
    clock_degraded: bool
    plc: str | None  # None: a number that has no meaning
    plc_synchronised: bool
    tempo_today: str
    tempo_tomorrow: str
    peak_notice: int  # number of the mobile peak that is announced; 0: none
    peak: int  # number of the mobile peak that is running; 0: none


@lru_cache(maxsize=64)  # the register changes a few times an hour, and each frame is looked at several times
def parse_status(text: Value | None) -> StatusRegister | None:
    """Parse the text of STGE; None if it is not a status register.

    >>> status = parse_status("013AC401")
    >>> status.tempo_today, status.contact_open
    ('blue', True)
    """
    bits = status_bits(text)
    if bits is None:
        return None
    return StatusRegister(
        contact_open=bool(bits & 1),
        cutoff=_named(CUTOFF, bits >> 1 & 0b111),
        cover_open=bool(bits >> 4 & 1),
        overvoltage=bool(bits >> 6 & 1),
        overload=bool(bits >> 7 & 1),
        producer=bool(bits >> 8 & 1),
        exporting=bool(bits >> 9 & 1),
        clock_degraded=bool(bits >> 16 & 1),
        plc=_named(PLC, bits >> 21 & 0b11),
        plc_synchronised=bool(bits >> 23 & 1),
        tempo_today=COLOURS[bits >> 24 & 0b11],
        tempo_tomorrow=COLOURS[bits >> 26 & 0b11],
        peak_notice=bits >> 28 & 0b11,
        peak=bits >> 30 & 0b11,
    )


def parse_relays(number: Value | None) -> tuple[bool, ...] | None:
    """Return whether each relay is closed, from the value of RELAIS; None if it is not a byte.

    The first relay is the dry contact, the others are virtual.

    >>> [relay for relay, closed in enumerate(parse_relays(140), 1) if closed]  # the example of 54E
    [3, 4, 8]
    """
    if not isinstance(number, int) or not 0 <= number < 1 << RELAYS:
        return None
    return tuple(bool(number >> bit & 1) for bit in range(RELAYS))


def _named(names: tuple[str, ...], number: int) -> str | None:
    return names[number] if number < len(names) else None


UNUSED = "NONUTILE"
#: State of the dry contact, by bits 15 and 14; None: unchanged.
CONTACT = (None, "tempo", "open", "closed")

_BLOCK = re.compile(r"([01]\d|2[0-3])([0-5]\d)([0-9A-Fa-f]{4})", re.ASCII)
_VIRTUAL_CONTACTS = 7
_REGISTERS = 10


@dataclass(frozen=True, slots=True)
class ProfileBlock:
    """A part of the day, until the next block starts."""

    start: str  # HH:MM, legal time
    index: int | None  # the supplier's register, 1 to 10; None: unchanged
    contact: str | None  # of CONTACT
    relays: tuple[int, ...]  # numbers, 1 to 7, of the virtual contacts that are closed


def parse_day_profile(text: Value | None) -> list[ProfileBlock] | None:
    """Parse a profile into its blocks, in the order of the wire; None if `text` is not a profile.

    >>> for block in parse_day_profile("00004001 0600C012 NONUTILE"):
    ...     print(block)
    ProfileBlock(start='00:00', index=1, contact='tempo', relays=())
    ProfileBlock(start='06:00', index=2, contact='closed', relays=(1,))
    """
    if not isinstance(text, str) or not text.split():
        return None
    blocks = []
    for word in text.split():
        if word == UNUSED:
            continue
        match = _BLOCK.fullmatch(word)
        if match is None:
            return None
        hours, minutes, action = match.groups()
        bits = int(action, 16)
        index = bits & 0xF
        blocks.append(
            ProfileBlock(
                start=f"{hours}:{minutes}",
                index=index if 1 <= index <= _REGISTERS else None,
                contact=CONTACT[bits >> 14],
                relays=tuple(n for n in range(1, _VIRTUAL_CONTACTS + 1) if bits >> 3 + n & 1),
            )
        )
    return blocks
