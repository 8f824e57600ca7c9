"""Parses the bit fields of standard mode: the status register (STGE) and the relays (RELAIS).

Source: Enedis-NOI-CPT_54E v3, 6.2 (standard mode). Bit 0 is the lowest. The two have opposite polarity: bit 0 of STGE
is 1 when the dry contact is open, bit 0 of RELAIS is 1 when it is closed.
"""

from functools import lru_cache
from typing import NamedTuple

from common.contract.frame import Value
from common.contract.tariff import status_bits

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
