"""Parses the profile of a day of the supplier's calendar: PJOURF+1 and PPOINTE. Pure.

::

    profile = block SP block...        11 blocks; NONUTILE where there is none
    block   = HHMM SSSS                from this time of the meter's legal time on; SSSS is hexadecimal
    SSSS    = bits 15-14 dry contact: 00 as before, 01 as Tempo has it, 10 open, 11 closed
              bits 10-4  virtual contacts 7 to 1, 1 is closed
              bits 3-0   supplier's register 1 to 10; others: as before
    Source: Enedis-NOI-CPT_54E v3, 6.2 (standard mode).
"""

import re
from dataclasses import dataclass

from common.contract.frame import Value

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
