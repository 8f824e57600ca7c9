"""The section `sources` of the settings: values on MQTT topics that are stored beside the meter's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from common.contract.frame import METER
from common.settings.fields import Field, Problem, Section, Wrong


class Quantity(StrEnum):
    """What a value is, and the field with its place."""

    POWER = "power"
    ENERGY = "energy"
    TEMPERATURE = "temperature"


PRODUCTION, DEVICE, TEMPERATURE = "production", "device", "temperature"
_QUANTITIES = {
    PRODUCTION: (Quantity.POWER, Quantity.ENERGY),
    DEVICE: (Quantity.POWER, Quantity.ENERGY),
    TEMPERATURE: (Quantity.TEMPERATURE,),
}
#: What a unit is in W, Wh and °C. Shelly's first generation counts watt-minutes.
UNITS = {
    Quantity.POWER: {"W": 1.0, "kW": 1000.0},
    Quantity.ENERGY: {"Wh": 1.0, "kWh": 1000.0, "MWh": 1e6, "Wmin": 1 / 60},
    Quantity.TEMPERATURE: {"°C": 1.0},
}
#: Energy has none: Wh and kWh are equally common.
_DEFAULT_UNITS = {Quantity.POWER: "W", Quantity.TEMPERATURE: "°C"}
OURS = "teleinfo"  # the base topic of the programs
_TEXT_OR_EACH = {"type": ["string", "object"], "additionalProperties": {"type": "string"}}
_PLACE = {"type": ["string", "integer", "null"]}


def meter_field(fr: str, en: str, *, help_fr: str = "", help_en: str = "") -> Field:
    """Return the field of an address of a meter; a form asks for one of those that there are."""
    return Field(
        fr=fr, en=en, help_fr=help_fr, help_en=help_en, pattern=METER.pattern, example="031961123456", widget="meter"
    )


MeterAddress = Annotated[str, meter_field("Compteur", "Meter")]


def _topic(value: Any) -> Mapping[str, str]:
    """Read one topic for all values, or one for each."""
    topics = value if isinstance(value, dict) and value else {"": value}
    for name, topic in topics.items():
        _known(name)
        if (
            not isinstance(topic, str)
            or not topic
            or not topic.isprintable()
            or set(topic) & {"+", "#"}
            or topic.startswith("$share/")
        ):
            raise Wrong(
                "le topic entier est attendu, sans « + » ni « # »", "the whole topic is expected, without + and #"
            )
        if f"{topic}/".startswith(f"{OURS}/"):
            raise Wrong(
                f"{topic} est à TeleInfo Monitor, qui enregistre déjà le compteur : donnez celui d’un autre appareil",
                f"{topic} belongs to TeleInfo Monitor, which stores the meter already: give that of another device",
            )
    return dict(topics)


def _unit(value: Any) -> Mapping[str, str]:
    """Read one unit for all values, or one for each."""
    units = value if isinstance(value, dict) and value else {"": value}
    known = [unit for of_quantity in UNITS.values() for unit in of_quantity]
    for name, unit in units.items():
        _known(name)
        if unit not in known:
            raise Wrong(f"une unité parmi {', '.join(known)} est attendue", f"one of {', '.join(known)} is expected")
    return dict(units)


def _known(name: Any) -> None:
    if name and name not in list(Quantity):
        raise Wrong(
            f"{name} n’est pas une valeur : {', '.join(Quantity)}", f"{name} is no value: {', '.join(Quantity)}"
        )


def _path(value: Any) -> tuple[str, ...]:
    if type(value) is int and value >= 0:  # the place in a list
        return (str(value),)
    if not isinstance(value, str) or (value and "" in value.split(".")):
        raise Wrong(
            "le chemin vers la valeur est attendu, tel que aenergy.total ; rien si le message n’est que le nombre",
            "the way to the value is expected, such as aenergy.total; nothing if the message is only the number",
        )
    return tuple(value.split(".")) if value else ()


@dataclass(frozen=True, slots=True)
class Value:
    """Where a number is, and what it means."""

    quantity: Quantity
    topic: str
    path: tuple[str, ...]  # into a JSON message; empty: the message is the number
    factor: float  # to W, Wh or °C


def _place(fr: str, en: str) -> Field:
    return Field(
        fr=fr, en=en, widget="path", read=_path, schema=_PLACE,
        help_fr="Où est la valeur dans le message ; vide s’il n’est que le nombre.",
        help_en="Where the value is in the message; empty if it is only the number.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Something that sends power, energy or a temperature."""

    name: Annotated[str, Field(fr="Nom", en="Name", longest=40)]  # of the column
    kind: Annotated[
        Literal["production", "device", "temperature"],
        Field(
            fr="Nature",
            en="Kind",
            names={
                PRODUCTION: ("Production solaire", "Solar production"),
                DEVICE: ("Appareil", "Device"),
                TEMPERATURE: ("Température extérieure", "Outside temperature"),
            },
        ),
    ]
    topic: Annotated[
        Mapping[str, str],
        Field(fr="Topic MQTT", en="MQTT topic", widget="topic", read=_topic, schema=_TEXT_OR_EACH),
    ]
    power: Annotated[tuple[str, ...] | None, _place("Puissance", "Power")] = None
    energy: Annotated[tuple[str, ...] | None, _place("Énergie (compteur)", "Energy (counter)")] = None
    temperature: Annotated[tuple[str, ...] | None, _place("Température", "Temperature")] = None
    unit: Annotated[
        Mapping[str, str] | None,
        Field(
            fr="Unité", en="Unit", widget="unit", read=_unit,
            schema={**_TEXT_OR_EACH, "type": ["string", "object", "null"]},
            help_fr="Sans elle : W et °C ; l’énergie en demande une.", help_en="Without: W and °C; energy needs one.",
        ),
    ] = None  # fmt: skip
    meter: Annotated[
        str | None,
        meter_field(
            "Derrière le compteur", "Behind the meter",
            help_fr="S’il y en a plusieurs.", help_en="If there are several.",
        ),
    ] = None  # fmt: skip

    @property
    def values(self) -> tuple[Value, ...]:
        """What is read, once the section was checked."""
        return tuple(
            Value(one, _of(self.topic, one) or "", path, UNITS[one][self._unit(one) or ""])
            for one, path in self._paths()
        )

    @property
    def topics(self) -> set[str]:
        """The topics that it is read from."""
        return {value.topic for value in self.values}

    def _paths(self) -> Iterator[tuple[Quantity, tuple[str, ...]]]:
        for one in _QUANTITIES[self.kind]:
            path = {"power": self.power, "energy": self.energy, "temperature": self.temperature}[one]
            if path is not None:
                yield one, path

    def _unit(self, quantity: Quantity) -> str | None:
        unit = _of(self.unit or {}, quantity)
        # One unit for all is that of the values that it fits.
        fits = unit in UNITS[quantity] or quantity in (self.unit or {})
        return unit if fits else _DEFAULT_UNITS.get(quantity)

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """Yield what the fields together have wrong: the field, French, English."""
        present = [one for one, _ in self._paths()]
        allowed = _QUANTITIES[self.kind]
        for one in Quantity:
            if one not in allowed and getattr(self, one) is not None:
                yield one, "cette nature n’a pas cette valeur", "this kind does not have this value"
        if not present:
            yield allowed[0], "il faut au moins une valeur", "at least one value is needed"
        for one in present:
            if _of(self.topic, one) is None:
                yield "topic", f"il manque le topic de : {one}", f"the topic of {one} is missing"
            if (unit := self._unit(one)) is None:
                yield "unit", "Wh ou kWh est attendu, selon ce qui est envoyé", "Wh or kWh is expected, as it is sent"
            elif unit not in UNITS[one]:
                known = ", ".join(UNITS[one])
                yield "unit", f"une unité parmi {known} est attendue", f"one of {known} is expected"
        unit = (self.unit or {}).get("")
        if present and unit is not None and not any(unit in UNITS[one] for one in present):
            known = ", ".join(name for one in present for name in UNITS[one])
            yield "unit", f"une unité parmi {known} est attendue", f"one of {known} is expected"


def _of(values: Mapping[str, str], quantity: Quantity) -> str | None:
    return values.get(quantity, values.get(""))


def _check(sources: Sequence[Source]) -> Iterable[Problem]:
    names: set[str] = set()
    for number, source in enumerate(sources):
        for field, fr, en in dict.fromkeys(source.mistakes()):
            yield Problem(f"sources[{number}].{field}", fr, en)
        if source.name in names:
            yield Problem(f"sources[{number}].name", "une autre source a ce nom", "another source has this name")
        names.add(source.name)


SOURCES: Section[tuple[Source, ...]] = Section(
    name="sources",
    kind=Annotated[tuple[Source, ...], Field(fr="Appareils et soleil", en="Devices and sun", longest=100)],
    default=[],
    fr="Appareils et soleil",
    en="Devices and sun",
    help_fr="Ce que d’autres appareils envoient par MQTT : onduleur, prise, thermomètre.",
    help_en="What other devices send over MQTT: an inverter, a plug, a thermometer.",
    check=_check,
)


def doubles(sources: Iterable[Source]) -> Iterator[tuple[Source, Source]]:
    """Yield sources that read the same value."""
    first: dict[tuple[str, tuple[str, ...]], Source] = {}
    for source in sources:
        for value in source.values:
            other = first.setdefault((value.topic, value.path), source)
            if other is not source:
                yield other, source
