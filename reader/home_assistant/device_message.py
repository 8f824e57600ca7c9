"""Writes and reads device messages, by which Home Assistant discovers a meter. Pure.

    <prefix>/device/teleinfo_<meter>/config  {"dev", "o", "avty", "avty_mode", "stat_t", "cmps": {key: component}}

Home Assistant 2024.11 and later read it. It rejects all of a message with a key at the root that it does not know, so
there is nothing newer there. Both `obj_id` (until 2025.9) and `def_ent_id` (since 2025.10) are sent, unless the message
would be larger than MAX_SIZE: then without the former.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from common.contract.address import parse_address
from common.contract.topics import Topics, device_id
from reader.home_assistant.entity_table import Entity, Trait
from reader.meter.names import Text

#: Seconds until a live value that is not updated becomes unavailable: three refreshes of the state. A reader or meter
#: that stops is reported within seconds by the last will and the meter's link; this is for what they do not cover.
EXPIRE_AFTER = 900

_DECIMALS = {"%": 1, "A": 0, "EUR/kWh": 4}  # where Home Assistant's default is another

#: Bytes that a message should not exceed, for the sake of small brokers.
MAX_SIZE = 24_000
#: Digits of the address in names; two more at a time where another meter ends with the same.
DIGITS = 4
Components = Mapping[str, Mapping[str, Any]]  # by key

#: The hardware of a simulated meter's device; a real one has none.
_SIMULATED = Text("simulé", "simulated")
_REGISTER_KEY = "easf"  # with which the keys of the supplier's registers begin
_ENERGY = ("energy", "varh")  # device class or unit of registers
_REGISTER_PREFIXES = ("Énergie ", "Energy ")
_UNNAMED = re.compile(r"index \d+")
_LAST_WORD = re.compile(r"[0-9A-Za-z]+$")
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def component(entity: Entity, language: str) -> dict[str, Any]:
    """Return the component of an entity, without identifiers and topics."""
    config: dict[str, Any] = {"p": entity.platform, "name": entity.name.of(language), "val_tpl": entity.template}
    quantity = entity.quantity
    device_class = entity.device_class if quantity is None else quantity.device_class
    if device_class:
        config["dev_cla"] = device_class
    if quantity is not None:
        if quantity.unit:
            config["unit_of_meas"] = quantity.unit
        if quantity.state_class:
            config["stat_cla"] = quantity.state_class
        if quantity.live:
            config["exp_aft"] = EXPIRE_AFTER
        if quantity.unit in _DECIMALS:
            config["sug_dsp_prc"] = _DECIMALS[quantity.unit]
    if entity.options:
        config["ops"] = [text.of(language) for text in entity.options]
    if entity.icon:
        config["ic"] = entity.icon
    if Trait.DIAGNOSTIC in entity.flags:
        config["ent_cat"] = "diagnostic"
    if Trait.DISABLED in entity.flags:
        config["en"] = False
    return config


class DeviceMessageWriter:
    """Writes the device messages of one meter."""

    def __init__(self, meter: str, *, topics: Topics, reader: str, language: str, version: str) -> None:
        self._meter = meter
        self._topics = topics
        self._reader = reader
        self._language = language
        self._version = version
        self._model = parse_address(meter)

    @property
    def linky(self) -> bool:
        """Whether the meter is a Linky."""
        return self._model.linky

    def component(self, entity: Entity) -> dict[str, Any]:
        """Return the component of an entity, without what it is called."""
        config = component(entity, self._language)
        config["uniq_id"] = f"{device_id(self._meter)}_{entity.key}"
        topics = self._topics
        if entity.attributes:
            config["json_attr_t"] = topics.state(self._meter)
            config["json_attr_tpl"] = entity.attributes
        if entity.source == "status":
            config["stat_t"] = topics.status("reader", self._reader)
        elif entity.source == "link":
            config["stat_t"] = topics.link(self._meter)
        elif entity.source == "health":
            config["stat_t"] = topics.health("reader", self._reader)
        if entity.source != "state":  # available even when the meter is not
            config["avty"] = [{"t": topics.status("reader", self._reader)}]
        return config

    def write(self, components: Components, *, digits: str, simulated: bool) -> bytes:
        """Return a message; `digits` stand for the meter in names. A component that is only `p` removes its entity."""
        message = {
            "dev": self._device(digits, simulated=simulated),
            "o": {"name": "TeleInfo Monitor", "sw": self._version},
            "avty": [{"t": self._topics.status("reader", self._reader)}, {"t": self._topics.link(self._meter)}],
            "avty_mode": "all",
            "stat_t": self._topics.state(self._meter),
        }
        payload = _dump(message | {"cmps": self._with_ids(components, digits, for_old_releases=True)})
        if len(payload) > MAX_SIZE:
            payload = _dump(message | {"cmps": self._with_ids(components, digits, for_old_releases=False)})
        return payload

    def _with_ids(self, components: Components, digits: str, *, for_old_releases: bool) -> dict[str, dict[str, Any]]:
        """Add the entity ids that Home Assistant is to use at first."""
        named = {}
        for key, config in components.items():
            named[key] = dict(config)
            if len(config) > 1:
                # Not the address: screenshots show entity ids. The same in both languages: people share automations.
                name = f"{'linky' if self.linky else 'compteur'}_{digits.lower()}_{key}"
                named[key]["def_ent_id"] = f"{config['p']}.{name}"
                if for_old_releases:
                    named[key]["obj_id"] = name
        return named

    def _device(self, digits: str, *, simulated: bool) -> dict[str, Any]:
        kind = Text("Linky", "Linky") if self.linky else Text("Compteur", "Meter")
        if simulated:
            kind = Text(f"{kind.fr} simulé", "Simulated " + kind.en.replace("Meter", "meter"))
        device: dict[str, Any] = {
            "ids": [device_id(self._meter)],
            "name": f"{kind.of(self._language)} {digits}",
            "sn": self._meter,
        }
        if simulated:
            device["hw"] = _SIMULATED.of(self._language)
        if self._model.maker is not None:
            device["mf"] = self._model.maker
        if self._model.model is not None:
            device["mdl"] = Text(*self._model.model).of(self._language)
        return device


class Announced(NamedTuple):
    """What an earlier device message has announced."""

    platforms: Mapping[str, str] = MappingProxyType({})  # by key
    registers: frozenset[str] = frozenset()  # keys
    labels: Mapping[int, str] = MappingProxyType({})  # what the meter calls its registers
    digits: str | None = None  # that stand for the meter in names


def announced_by(components: Components) -> Announced:
    """Return what components announce, but for what removes entities."""
    present = {key: config for key, config in components.items() if len(config) > 1}
    return Announced(
        platforms={key: str(config["p"]) for key, config in present.items()},
        registers=frozenset(key for key, config in present.items() if _is_register(config)),
    )


def read_device_message(meter: str, payload: bytes) -> Announced | None:
    """Read a message of an earlier run; None if it is none."""
    try:
        message = json.loads(payload)
        components, name = message["cmps"], str(message.get("dev", {}).get("name", ""))
        digits = _LAST_WORD.search(name)
        digits_match = digits is not None and len(digits[0]) >= DIGITS and _bare(meter).endswith(digits[0])
        return Announced(
            platforms={str(key): str(config["p"]) for key, config in components.items()},
            registers=frozenset(str(key) for key, config in components.items() if _is_register(config)),
            labels=dict(_named_registers(components)),
            digits=digits[0] if digits is not None and digits_match else None,
        )
    except _MALFORMED:
        return None


def is_of_simulated_meter(payload: bytes) -> bool:
    """Return whether a device message is that of a simulated meter."""
    try:
        return json.loads(payload)["dev"].get("hw") in _SIMULATED
    except _MALFORMED:
        return False


def announcing_reader(payload: bytes, topics: Topics, reader: str) -> tuple[str, bool]:
    """Return the meter that a reader's device message announces, and whether `reader` has sent it.

    Raises:
        ValueError: it is not a reader's device message.
    """
    status = topics.status("reader", reader)
    try:
        message = json.loads(payload)
        meter = str(message["dev"]["sn"])
        ours = any(source["t"] == status for source in message["avty"])
        return meter, ours and message["stat_t"] == topics.state(meter)
    except _MALFORMED as error:
        raise ValueError(str(error)) from error


def distinct_digits(meter: str, others: Collection[str]) -> str:
    """Return the end of an address, long enough to differ from those of other meters."""
    address = _bare(meter)
    for length in range(DIGITS, len(address), 2):
        if not any(_bare(other).endswith(address[-length:]) for other in others if other != meter):
            return address[-length:]
    return address


def _bare(meter: str) -> str:
    return "".join(character for character in meter if character.isalnum())


def _dump(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _is_register(config: Mapping[str, Any]) -> bool:
    return config.get("dev_cla") in _ENERGY or config.get("unit_of_meas") in _ENERGY


def _named_registers(components: Components) -> Iterator[tuple[int, str]]:
    """Yield what registers are called, unless it is only their number."""
    for key, config in components.items():
        name = str(config.get("name", ""))
        for prefix in _REGISTER_PREFIXES:
            if key.startswith(_REGISTER_KEY) and name.startswith(prefix):
                label = name.removeprefix(prefix).split(" (", maxsplit=1)[0]
                if not _UNNAMED.fullmatch(label):
                    yield int(key.removeprefix(_REGISTER_KEY)), label
