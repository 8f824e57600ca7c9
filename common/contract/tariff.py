"""Derives OPTARIF and PTEC of historic mode, the contract and the tariff period, from a frame of standard mode.

Source: Enedis-NOI-CPT_54E v3, 6.1 (which supplier register corresponds to which index of historic mode). Offers that
historic mode does not have get no such name.
"""

import re
from collections.abc import Mapping

from common.contract.frame import Value
from common.contract.offers import OFFERS, with_calendar

_STATUS_REGISTER = re.compile(r"[0-9A-Fa-f]{8}")

_ABBREVIATIONS = frozenset(["HC", "HP", "WE", "EJP", "PM"])
_WORDS = {
    "HC": "heures creuses",
    "HP": "heures pleines",
    "WE": "week-end",
    "PM": "pointe mobile",
    "CREU": "creuse",  # HEURE SUPER CREU: cut to 16 characters
}
# Of a producer's meter: what its inverter draws is not the consumption of a household.
_PHRASES = {"INDEX NON CONSO": "index unique (producteur)"}

#: The contracts of historic mode (OPTARIF; `BBR?` for Tempo): the register that runs in each tariff period (PTEC), in
#: the order of the supplier's registers of standard mode (NTARF).
HISTORIC_REGISTERS: Mapping[str, Mapping[str, str]] = {
    offer.option: {register.period: register.name for register in offer.registers if register.period is not None}
    for offer in OFFERS
    if offer.option is not None
}


def contract(values: Mapping[str, Value]) -> str | None:
    """Return the contract as OPTARIF names it; `BBR?` for Tempo, whose program standard mode does not have.

    >>> contract({"NGTF": "     TEMPO      "})
    'BBR?'
    """
    name = values.get("NGTF")
    offer = with_calendar(name) if isinstance(name, str) else None
    return None if offer is None else offer.option


def period(values: Mapping[str, Value]) -> str | None:
    """Return the current tariff period as PTEC names it.

    >>> period({"NGTF": "H PLEINE/CREUSE ", "NTARF": 2})
    'HP..'
    """
    periods = tuple(HISTORIC_REGISTERS.get(contract(values) or "", ()))
    number = supplier_register(values)
    return periods[number - 1] if number is not None and number <= len(periods) else None


def supplier_register(values: Mapping[str, Value]) -> int | None:
    """Return the number of the running supplier register, 1 to 10: NTARF, or bits 10 to 13 of STGE."""
    number = values.get("NTARF")
    if not isinstance(number, int):
        status = status_bits(values.get("STGE"))
        number = None if status is None else (status >> 10 & 0xF) + 1
    return number if number is not None and 1 <= number <= 10 else None


def distributor_register(values: Mapping[str, Value]) -> int | None:
    """Return the number of the running distributor register, 1 to 4: bits 14 and 15 of STGE."""
    status = status_bits(values.get("STGE"))
    return None if status is None else (status >> 14 & 0x3) + 1


def sentence_case(label: str) -> str:
    """Write the name of a calendar or tariff period (NGTF, LTARF), mostly in capitals, in lower case.

    >>> [sentence_case(label) for label in ("PRODUCTEUR", "HC et Week-End", "HEURE  WEEK-END", "H SUPER CREUSES")]
    ['producteur', 'HC et Week-End', 'heure week-end', 'heures super creuses']
    """
    words = ("HEURES" if word == "H" else word for word in label.split())
    return " ".join(word if word in _ABBREVIATIONS or not word.isupper() else word.lower() for word in words)


def expand_abbreviations(label: str) -> str:
    """Write the name of a tariff period (LTARF) without abbreviations.

    >>> [expand_abbreviations(label) for label in ("HEURE SUPER CREU", "HP WEEK-END", "INDEX NON CONSO")]
    ['heure super creuse', 'heures pleines week-end', 'index unique (producteur)']
    """
    words = " ".join(label.split())
    if words.upper() in _PHRASES:
        return _PHRASES[words.upper()]
    return " ".join(_WORDS.get(word) or sentence_case(word) for word in words.split())


def capitalise(text: str) -> str:
    """Write the first letter as a capital; the others stay as they are.

    >>> capitalise("heures pleines"), capitalise("HC et Week-End")
    ('Heures pleines', 'HC et Week-End')
    """
    return text[:1].upper() + text[1:]


def status_bits(text: Value | None) -> int | None:
    """Return a status register (STGE) as a number of 32 bits; None if `text` is not eight hexadecimal digits.

    >>> status_bits("003A0001")
    3801089
    """
    return int(text, 16) if isinstance(text, str) and _STATUS_REGISTER.fullmatch(text) else None
