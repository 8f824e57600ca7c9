"""The names that people read, in French and English: registers, tariff periods, contracts, colours. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from common.contract.tariff import HISTORIC_REGISTERS, expand_abbreviations, sentence_case


class Text(NamedTuple):
    """A text in French and in English."""

    fr: str
    en: str

    def of(self, language: str) -> str:
        """Return the text in a language."""
        return self.fr if language == "fr" else self.en


# Registers.
_BASE = Text("Énergie option Base", "Base option energy")
_OFF_PEAK, _PEAK = Text("Énergie heures creuses", "Off-peak energy"), Text("Énergie heures pleines", "Peak energy")
_NORMAL = Text("Énergie heures normales", "Normal hours energy")
_MOBILE_PEAK = Text("Énergie pointe mobile", "Mobile peak energy")
# Abbreviated: Home Assistant shows about twenty characters of a name, and the colour must be among them.
_TEMPO = tuple(
    Text(f"Énergie {hours.fr} {colour.fr}", f"{hours.en} energy {colour.en}")
    for colour in (
        Text("jours bleus", "blue days"),
        Text("jours blancs", "white days"),
        Text("jours rouges", "red days"),
    )
    for hours in (Text("HC", "Off-peak"), Text("HP", "Peak"))
)
#: By contract, in the order of the supplier's registers (54E, 6.1).
REGISTER_NAMES = {"base": (_BASE,), "hchp": (_OFF_PEAK, _PEAK), "ejp": (_NORMAL, _MOBILE_PEAK), "tempo": _TEMPO}
#: By label of historic mode.
HISTORIC_REGISTER_NAMES = {
    "BASE": _BASE,
    "HCHC": _OFF_PEAK,
    "HCHP": _PEAK,
    "EJPHN": _NORMAL,
    "EJPHPM": _MOBILE_PEAK,
    **dict(zip(HISTORIC_REGISTERS["BBR?"].values(), _TEMPO, strict=True)),
}
# Of a meter that only sells: what the inverter itself draws at night.
_OF_PRODUCER = Text("Énergie index unique du producteur", "Energy single register of the producer")


# Codes of the state, and what people read.

#: By contract and `period`.
PERIOD_NAMES = {
    "base": {"TH": Text("Base", "Base")},
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
#: The same in a schedule, where room is short; by contract, in the order of the supplier's registers.
SCHEDULE_NAMES = {
    "base": (Text("base", "base"),),
    "hchp": (Text("HC", "off-peak"), Text("HP", "peak")),
    "ejp": (Text("heures normales", "normal"), Text("pointe mobile", "mobile peak")),
    "tempo": tuple(
        Text(f"{hours.fr} {colour.fr}", f"{hours.en} {colour.en}")
        for colour in (Text("bleu", "blue"), Text("blanc", "white"), Text("rouge", "red"))
        for hours in (Text("HC", "off-peak"), Text("HP", "peak"))
    ),
}
COLOUR_NAMES = {
    "blue": Text("Bleu", "Blue"),
    "white": Text("Blanc", "White"),
    "red": Text("Rouge", "Red"),
    "unknown": Text("Non annoncé", "Not announced"),  # Home Assistant shows its own "Unknown" for no state
}
MODE_NAMES = {"historic": Text("Historique", "Historic"), "standard": Text("Standard", "Standard")}
CONTRACT_NAMES = {
    "base": Text("Base", "Base"),
    "hchp": Text("Heures pleines / creuses", "Peak / off-peak"),
    "ejp": Text("EJP", "EJP"),
    "tempo": Text("Tempo", "Tempo"),
}
CUTOFF_NAMES = {
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
PLC_NAMES = {
    "new_unlock": Text("Nouveau, libre", "New, unlocked"),
    "new_lock": Text("Nouveau, verrouillé", "New, locked"),
    "registered": Text("Enregistré", "Registered"),
}
#: What is true when a true/false of the state is true.
BINARY_NAMES = {
    "overload": Text("Dépassement de puissance", "Power limit exceeded"),
    "peak_notice": Text("Préavis de pointe mobile", "Mobile peak notice"),
    "peak": Text("Pointe mobile en cours", "Mobile peak running"),
    "overvoltage": Text("Surtension", "Overvoltage"),
    "producer": Text("Mode producteur", "Producer mode"),
    "cover_open": Text("Cache-bornes", "Terminal cover"),
    "clock_degraded": Text("Horloge du compteur", "Meter clock"),
    "plc_synchronised": Text("Courant porteur synchronisé", "Power line synchronised"),
}


def register_name(contract: str | None, labels: Mapping[int, str], number: int) -> Text:
    """Return the name of a supplier's register: of its tariff, else by its text (`labels`), else by its number."""
    registers = REGISTER_NAMES.get(contract or "", ())
    if number <= len(registers):
        return registers[number - 1]
    label = "" if registers else labels.get(number, "")
    if label == "index unique (producteur)" and list(labels.values()).count(label) == 1:
        return _OF_PRODUCER
    if not label:
        return Text(f"Énergie index {number}", f"Energy index {number}")
    if list(labels.values()).count(label) > 1:
        label = f"{label} (index {number})"
    return Text(f"Énergie {label}", f"Energy {label}")


def contract_name(contract: str, language: str) -> str:
    """Return the name of a contract: ours for the four of historic mode, the supplier's own for any other."""
    return CONTRACT_NAMES[contract].of(language) if contract in CONTRACT_NAMES else sentence_case(contract)


def period_name(contract: str | None, period: str, language: str) -> str:
    """Return the name of a tariff period."""
    name = PERIOD_NAMES.get(contract or "", {}).get(period)
    return expand_abbreviations(period) if name is None else name.of(language)
