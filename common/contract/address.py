"""Maker and model of a meter, from its address. Pure.

address = CC AA TT NNNNNN      maker, year, type, serial number
Sources: Enedis-NOI-CPT_54E v3, 2.2 (types of Linky); Euridis' list of identifiers V3.04A (makers, other types)
"""

from typing import NamedTuple

_LENGTH = 12

# fmt: off
_MAKERS = {
    "01": "Crouzet", "02": "Sagemcom", "03": "Itron", "04": "Landis+Gyr", "05": "Sauter", "06": "Itron", "07": "MAEC",
    "08": "Enerdis", "10": "SEVME", "11": "Elster", "16": "Legrand", "18": "Schneider", "22": "EDF", "24": "Hager",
    "27": "Iskraemeco", "30": "Michaud", "31": "Hexing", "32": "Siame", "33": "Larsen & Toubro", "34": "Elster",
    "38": "Chint", "39": "ZIV", "70": "Landis+Gyr", "71": "Stepper Energie",
    "81": "Sagemcom", "82": "Landis+Gyr", "83": "Elster", "84": "Sagemcom", "85": "Itron",
}
_LINKY = {
    # type   in French                        in English
    "60": ("Linky monophasé 60 A G1",         "Linky single-phase 60 A G1"),
    "61": ("Linky monophasé 60 A G3",         "Linky single-phase 60 A G3"),
    "62": ("Linky monophasé 90 A G1",         "Linky single-phase 90 A G1"),
    "63": ("Linky triphasé 60 A G1",          "Linky three-phase 60 A G1"),
    "64": ("Linky monophasé 60 A G3",         "Linky single-phase 60 A G3"),
    "65": ("Linky monophasé 90 A",            "Linky single-phase 90 A"),
    "67": ("Linky pilote",                    "Linky, pilot"),
    "68": ("Linky pilote",                    "Linky, pilot"),
    "70": ("Linky monophasé 60 A G3",         "Linky single-phase 60 A G3"),
    "71": ("Linky triphasé 60 A G3",          "Linky three-phase 60 A G3"),
    "75": ("Linky monophasé 90 A G3",         "Linky single-phase 90 A G3"),
    "76": ("Linky triphasé 60 A G3",          "Linky three-phase 60 A G3"),
    "86": ("Linky 60 Hz",                     "Linky 60 Hz"),
    "87": ("Linky 60 Hz",                     "Linky 60 Hz"),
    "92": ("Linky ORES",                      "Linky ORES"),
    "93": ("Linky ORES",                      "Linky ORES"),
    "94": ("Linky ORES",                      "Linky ORES"),
}
_ELECTRONIC_SINGLE = ("Compteur électronique monophasé", "Electronic single-phase meter")
_ELECTRONIC_THREE = ("Compteur électronique triphasé", "Electronic three-phase meter")
_OTHERS = {
    **dict.fromkeys(("22", "23", "25", "28", "29"), _ELECTRONIC_SINGLE),
    **dict.fromkeys(("26", "27", "30", "31"), _ELECTRONIC_THREE),
}
# fmt: on


class MeterModel(NamedTuple):
    """Maker and model of a meter; None if unknown."""

    maker: str | None
    model: tuple[str, str] | None  # in French, in English
    linky: bool


def parse_address(address: str) -> MeterModel:
    """Look up maker and model by the digits of an address.

    >>> parse_address("031961123456")
    MeterModel(maker='Itron', model=('Linky monophasé 60 A G3', 'Linky single-phase 60 A G3'), linky=True)
    """
    if len(address) != _LENGTH:
        return MeterModel(None, None, linky=False)
    kind = address[4:6]
    return MeterModel(_MAKERS.get(address[:2]), _LINKY.get(kind) or _OTHERS.get(kind), linky=kind in _LINKY)
