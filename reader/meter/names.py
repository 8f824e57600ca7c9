"""The names that people read: registers, tariff periods, contracts, colours; French and English."""

from collections.abc import Mapping
from typing import NamedTuple

from common.tariff import expand_abbreviations, sentence_case


class Text(NamedTuple):
    """The same in French and in English."""

    fr: str
    en: str

    def of(self, language: str) -> str:
        """Return the text in a language."""
        return self.fr if language == "fr" else self.en


# Registers, by the tariff they are.
_BASE = Text("Énergie option Base", "Flat tariff energy")
_OFF_PEAK, _PEAK = Text("Énergie heures creuses", "Off-peak energy"), Text("Énergie heures pleines", "Peak energy")
_NORMAL = Text("Énergie heures normales", "Normal hours energy")
_MOBILE_PEAK = Text("Énergie pointe mobile", "Mobile peak energy")
# Short: Home Assistant shows some twenty characters of a name, and the colour must be among them.
_TEMPO = tuple(
    Text(f"Énergie {hours.fr} {colour.fr}", f"{hours.en} energy {colour.en}")
    for colour in (
        Text("jours bleus", "blue days"),
        Text("jours blancs", "white days"),
        Text("jours rouges", "red days"),
    )
    for hours in (Text("HC", "Off-peak"), Text("HP", "Peak"))
)
#: In the order of the supplier's registers (54E, 6.1).
_REGISTERS = {"base": (_BASE,), "hchp": (_OFF_PEAK, _PEAK), "ejp": (_NORMAL, _MOBILE_PEAK), "tempo": _TEMPO}
_HISTORIC_REGISTERS = {
    "BASE": _BASE,
    "HCHC": _OFF_PEAK,
    "HCHP": _PEAK,
    "EJPHN": _NORMAL,
    "EJPHPM": _MOBILE_PEAK,
    **dict(zip(("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"), _TEMPO, strict=True)),
}
# The meter of whoever sells all that they produce: what their inverter draws, at night.
_NOT_CONSUMED = Text("Énergie soutirée hors consommation", "Energy imported, not for consumption")


# Choices: what the state says, and what people read.
_PERIODS = {
    "base": {"TH": Text("Base", "Flat")},
    "hchp": {"HC": Text("Heures creuses", "Off-peak"), "HP": Text("Heures pleines", "Peak")},
    "ejp": {"HN": Text("Heures normales", "Normal hours"), "PM": Text("Pointe mobile", "Mobile peak")},
    "tempo": {
        "HCJB": Text("Heures creuses jour bleu", "Off-peak blue"),
        "HPJB": Text("Heures pleines jour bleu", "Peak blue"),
        "HCJW": Text("Heures creuses jour blanc", "Off-peak white"),
        "HPJW": Text("Heures pleines jour blanc", "Peak white"),
        "HCJR": Text("Heures creuses jour rouge", "Off-peak red"),
        "HPJR": Text("Heures pleines jour rouge", "Peak red"),
    },
}
# The same in a schedule, by the supplier's register.
_BLOCKS = {
    "base": (Text("base", "flat"),),
    "hchp": (Text("HC", "off-peak"), Text("HP", "peak")),
    "ejp": (Text("heures normales", "normal"), Text("pointe mobile", "mobile peak")),
    "tempo": tuple(
        Text(f"{hours.fr} {colour.fr}", f"{hours.en} {colour.en}")
        for colour in (Text("bleu", "blue"), Text("blanc", "white"), Text("rouge", "red"))
        for hours in (Text("HC", "off-peak"), Text("HP", "peak"))
    ),
}
_COLOURS = {
    "blue": Text("Bleu", "Blue"),
    "white": Text("Blanc", "White"),
    "red": Text("Rouge", "Red"),
    "unknown": Text("Non annoncé", "Not announced"),  # Home Assistant shows its own "Unknown" for no state
}
_MODES = {"historic": Text("Historique", "Historic"), "standard": Text("Standard", "Standard")}
_CONTRACTS = {
    "base": Text("Base", "Flat"),
    "hchp": Text("Heures pleines / creuses", "Peak / off-peak"),
    "ejp": Text("EJP", "EJP"),
    "tempo": Text("Tempo", "Tempo"),
}
_CUTOFFS = {
    "closed": Text("Fermé", "Closed"),
    "open_overload": Text("Ouvert sur surpuissance", "Open: too much power"),
    "open_overvoltage": Text("Ouvert sur surtension", "Open: overvoltage"),
    "open_load_shedding": Text("Ouvert sur délestage", "Open: load shedding"),
    "open_remote_command": Text("Ouvert sur ordre", "Open: by order"),
    "open_overheating_overcurrent": Text(
        "Ouvert sur surchauffe avec surintensité", "Open: overheated, too much current"
    ),
    "open_overheating": Text("Ouvert sur surchauffe", "Open: overheated"),
}  # fmt: skip
_PLC = {
    "new_unlock": Text("Nouveau, libre", "New, unlocked"),
    "new_lock": Text("Nouveau, verrouillé", "New, locked"),
    "registered": Text("Enregistré", "Registered"),
}


#: What is the case when a yes-or-no of the state is yes.
SWITCHES = {
    "overload": Text("Dépassement de puissance", "Power limit exceeded"),
    "peak_notice": Text("Préavis de pointe mobile", "Mobile peak notice"),
    "peak": Text("Pointe mobile en cours", "Mobile peak running"),
    "overvoltage": Text("Surtension", "Overvoltage"),
    "producer": Text("Mode producteur", "Producer mode"),
    "cover_open": Text("Cache-bornes", "Terminal cover"),
    "clock_degraded": Text("Horloge du compteur", "Meter clock"),
    "plc_synchronised": Text("Courant porteur synchronisé", "Power line synchronised"),
}


def is_off_peak(label: str) -> bool:
    """Tell whether a tariff period is one of off-peak hours, by its name."""
    words = label.upper().replace("HCJ", "HC ").split()
    return "HC" in words or "CREU" in label.upper()  # HEURE SUPER CREU: there is room for 16 characters


def register_name(contract: str | None, labels: Mapping[int, str], number: int) -> Text:
    """Return what to call a register of the supplier: its tariff, what the meter calls it, or its number."""
    known = _REGISTERS.get(contract or "", ())
    if number <= len(known):
        return known[number - 1]
    label = "" if known else labels.get(number, "")
    if label == "hors consommation" and list(labels.values()).count(label) == 1:
        return _NOT_CONSUMED
    if not label:
        return Text(f"Énergie index {number}", f"Energy index {number}")
    if list(labels.values()).count(label) > 1:
        label = f"{label} (index {number})"
    return Text(f"Énergie {label}", f"Energy {label}")


def historic_register_name(label: str) -> Text | None:
    """Return what to call an index of historic mode; None if it is none."""
    return _HISTORIC_REGISTERS.get(label)


def contract_name(contract: str, language: str) -> str:
    """Return what to call a contract: one of the four of old in words, any other as its supplier does."""
    return _CONTRACTS[contract].of(language) if contract in _CONTRACTS else sentence_case(contract)


def period_name(contract: str | None, period: str, language: str) -> str:
    """Return what to call a tariff period."""
    name = _PERIODS.get(contract or "", {}).get(period)
    return expand_abbreviations(period) if name is None else name.of(language)


def colour_name(colour: str, language: str) -> str:
    """Return what to call a colour of Tempo, as the state has it."""
    return _COLOURS[colour].of(language)


def cutoff_name(cutoff: str, language: str) -> str:
    """Return what to say of the cut-off device, as the state has it."""
    return _CUTOFFS[cutoff].of(language)


def mode_name(mode: str, language: str) -> str:
    """Return what to call a mode."""
    return _MODES[mode].of(language)


def switched_name(key: str, language: str) -> str:
    """Return what is the case when a yes-or-no of the state is yes."""
    return SWITCHES[key].of(language)
