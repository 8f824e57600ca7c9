"""The list `sources` of `storer.yaml`: values on MQTT topics that are stored beside the meter's. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.settings.lines import Mistakes, did_you_mean, inside

_LONGEST_NAME = 40  # characters: the column


class Kind(StrEnum):
    """What a source measures."""

    PRODUCTION = "production"
    DEVICE = "device"
    TEMPERATURE = "temperature"


class Quantity(StrEnum):
    """What a value is, and the option with its place."""

    POWER = "power"
    ENERGY = "energy"
    TEMPERATURE = "temperature"


_QUANTITIES = {
    Kind.PRODUCTION: (Quantity.POWER, Quantity.ENERGY),
    Kind.DEVICE: (Quantity.POWER, Quantity.ENERGY),
    Kind.TEMPERATURE: (Quantity.TEMPERATURE,),
}
#: What a unit is in W, Wh and °C. Shelly's first generation counts watt-minutes.
_UNITS = {
    Quantity.POWER: {"W": 1.0, "kW": 1000.0},
    Quantity.ENERGY: {"Wh": 1.0, "kWh": 1000.0, "Wmin": 1 / 60},
    Quantity.TEMPERATURE: {"°C": 1.0},
}
#: Energy has none: Wh and kWh are equally common.
_DEFAULT_UNITS = {Quantity.POWER: "W", Quantity.TEMPERATURE: "°C"}
_OPTIONS = ("name", "kind", "topic", "power", "energy", "temperature", "unit", "meter")


@dataclass(frozen=True, slots=True)
class Value:
    """Where a number is, and what it means."""

    quantity: Quantity
    topic: str
    path: tuple[str, ...]  # into a JSON message; empty: the message is the number
    factor: float  # to W, Wh or °C


@dataclass(frozen=True, slots=True)
class Source:
    """Something that sends power, energy or a temperature."""

    name: str
    kind: Kind
    values: tuple[Value, ...]
    meter: str | None = None  # the address of the meter it is behind; None: there is only one

    @property
    def topics(self) -> set[str]:
        """The topics that it is read from."""
        return {value.topic for value in self.values}


def read_sources(value: Any) -> tuple[Source, ...]:
    """Read the list.

    Raises:
        ValueError: with what to write.
        ConfigError: with the source and its line, too.
    """
    if not isinstance(value, list):
        raise ValueError("a list is expected, each with a name, a kind and a topic: see docs/sources.md")
    sources, mistakes = [], Mistakes()
    for number, options in enumerate(value, 1):
        with mistakes.collect(), inside(options):
            sources.append(_read_source(number, options))
    mistakes.refuse()
    names = [source.name for source in sources]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two are named {double!r}: give one of them another name")
    return tuple(sources)


def _read_source(number: int, options: Any) -> Source:
    if not isinstance(options, dict):
        raise ValueError(f"number {number}: options are expected, such as name: roof")
    name = options.get("name")
    if (
        not isinstance(name, str)
        or not name.isprintable()
        or name.strip() != name
        or not 0 < len(name) <= _LONGEST_NAME
    ):
        raise ValueError(
            f"number {number}: write name: with a text of at most {_LONGEST_NAME} characters, not {name!r}"
        )
    try:
        return _read_named(name, options)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _read_named(name: str, options: Mapping[Any, Any]) -> Source:
    if unknown := next((key for key in options if key not in _OPTIONS), None):
        raise ValueError(f"unknown option {unknown!r}, {did_you_mean(unknown, _OPTIONS)}")
    if options.get("kind") not in list(Kind):
        raise ValueError(f"kind: write one of {', '.join(Kind)}, not {options.get('kind')!r}")
    kind = Kind(options["kind"])
    allowed = _QUANTITIES[kind]
    if other := next((one for one in Quantity if one not in allowed and one in options), None):
        raise ValueError(f"{other}: a source of kind {kind} has {' and '.join(allowed)} only")
    present = [one for one in allowed if one in options]
    if not present:
        what = " or ".join(f"{one}:" for one in allowed)
        raise ValueError(f"write {what} with the way to the value, '' if the message is nothing but the number")
    topics, units = _by_quantity(options, "topic", present), _by_quantity(options, "unit", present)
    return Source(
        name,
        kind,
        tuple(
            Value(one, _topic(topics.get(one)), _path(one, options[one]), _factor(one, units.get(one)))
            for one in present
        ),
        _meter(options.get("meter")),
    )


def _by_quantity(options: Mapping[Any, Any], key: str, present: list[Quantity]) -> dict[Quantity, Any]:
    """Return an option for each value; it is given once for all of them, or for each."""
    said = options.get(key)
    if isinstance(said, dict):
        if unknown := next((one for one in said if one not in present), None):
            raise ValueError(f"{key}: {unknown}: there is no such value; there are {', '.join(present)}")
        return {Quantity(one): part for one, part in said.items()}
    if key == "unit":
        if said is not None and not any(said in _UNITS[one] for one in present):
            known = ", ".join(unit for one in present for unit in _UNITS[one])
            raise ValueError(f"unit: write one of {known}, not {said!r}")
        return {one: said for one in present if said in _UNITS[one]}
    return dict.fromkeys(present, said)


def _topic(value: Any) -> str:
    if not isinstance(value, str) or not value or any(c in value for c in "+#\0") or value.startswith("$share/"):
        raise ValueError(f"topic: write the whole topic, without '+' and '#', not {value!r}")
    return value


def _path(quantity: Quantity, value: Any) -> tuple[str, ...]:
    if type(value) is int:  # the place in a list, without quotes
        return (str(value),)
    if not isinstance(value, str) or (value and "" in value.split(".")):
        raise ValueError(
            f"{quantity}: write the way to the value, such as aenergy.total, or '' if the message is nothing but the"
            f" number, not {value!r}"
        )
    return tuple(value.split(".")) if value else ()


def _factor(quantity: Quantity, unit: Any) -> float:
    unit = _DEFAULT_UNITS.get(quantity) if unit is None else unit
    units = _UNITS[quantity]
    if unit is None:
        raise ValueError("unit: write Wh or kWh, as its energy is sent")
    if unit not in units:
        raise ValueError(f"unit: {quantity}: write one of {', '.join(units)}, not {unit!r}")
    return units[unit]


def _meter(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value) if type(value) is int else value  # without quotes
    if not isinstance(text, str) or not text.isalnum() or not text.isascii():
        raise ValueError(f'meter: the address of the meter such as "031961123456" is expected, not {value!r}')
    return text


def doubles(sources: tuple[Source, ...]) -> Iterator[tuple[Source, Source]]:
    """Yield sources that read the same value."""
    first: dict[tuple[str, tuple[str, ...]], Source] = {}
    for source in sources:
        for value in source.values:
            other = first.setdefault((value.topic, value.path), source)
            if other is not source:
                yield other, source
