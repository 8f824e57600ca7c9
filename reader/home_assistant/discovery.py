"""Announces one meter to Home Assistant: one retained device message, extended rarely. Pure: no I/O, no clock.

    <prefix>/device/teleinfo_<meter>/config  {"dev", "o", "avty", "avty_mode", "stat_t", "cmps": {key: component}}

Home Assistant 2024.11 and later read it; it rejects all of a message with a key at the root that it does not know, so
there is nothing newer there. Both `obj_id` (until 2025.9) and `def_ent_id` (since 2025.10) are sent, unless the message
would be larger than LARGE: then without the former.

What happens to an entity that is not needed any more, after another contract or another mode:

- It is left out of the message when it is a register. Home Assistant keeps what is left out: entity, statistics and the
  energy of the years before stay in the Energy dashboard. Until its next start the entity is unknown, then it says that
  nobody provides it, and people delete it when they are done with it.
- Anything else is taken away, by a message in which it is nothing but `{"p": "sensor"}`, and a next one without it: a
  Tempo colour without Tempo is only in the way, and its history goes by itself after ten days. One that is disabled
  stays in Home Assistant's list, disabled, until people delete it.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from common.frame import Frame
from common.labels import LABELS
from common.tariff import expand_abbreviations
from common.topics import Topics
from reader.home_assistant.component import Entity, component
from reader.home_assistant.entities import MeterProfile, entities
from reader.meter.last_values import WholeFrames
from reader.meter.names import Text, is_off_peak
from reader.tic.address import parse_address
from reader.tic.status_register import RELAYS

#: Whole frames until the first message; then all labels are known that the meter always sends.
WHOLE_FRAMES = 3
#: Seconds for which a change must have been wanted, and between two messages. Home Assistant drops what follows a
#: component that it is still at work on.
MIN_INTERVAL = 30.0
#: Frames running with one register and one text, until that is its name, once a tariff was seen to change: LTARF may
#: lag behind NTARF.
LEARNED = 60
#: Bytes that a message should not exceed, for the sake of small brokers.
LARGE = 24_000

#: What the device of a simulated meter has for its hardware; a real one has none.
_SIMULATED = Text("simulé", "simulated")

DIGITS = 4  # of the address, in names; two more at a time where another meter ends with the same
_PATIENCE = 7  # how often the rest doubles for somebody who goes on emptying the topic: to an hour

_INDEXES = frozenset(label.name for labels in LABELS.values() for label in labels.values() if label.cumulative)
_REGISTER = "easf"  # begins the keys of the supplier's registers
_ENERGY = ("energy", "varh")  # class or unit of registers
_PREFIXES = ("Énergie ", "Energy ")
_LAST_WORD = re.compile(r"[0-9A-Za-z]+$")
_UNNAMED = re.compile(r"index \d+")


class Discovery:
    """What Home Assistant is told of one meter."""

    def __init__(self, meter: str, *, topics: Topics, prefix: str, reader: str, language: str, version: str) -> None:
        """Take the names; `language` is fr or en, `reader` the name of this reader."""
        self._meter = meter
        self.simulated = False
        self._id = device_id(meter)
        self.topic = device_topic(prefix, meter)
        self._topics = topics
        self._state_topic = f"{topics.base}/{meter}/state"
        self._reader = reader
        self._language = language
        self._version = version
        self._make = parse_address(meter)
        self._whole_frames = WholeFrames()
        self._mode = ""
        self._contract: str | None = None
        self._indexes: dict[str, int] = {}
        self._moved: set[str] = set()
        self._closed: set[int] = set()
        self._labels: dict[int, str] = {}
        self._candidate: tuple[int, str] | None = None  # a register and its text
        self._candidate_frames = 0
        self._switched = False  # to the candidate, from another one
        self._off_peak = self._exports = False
        self._announced: dict[str, tuple[str, bool]] = {}  # platform, and whether it is a register
        self._kept: frozenset[str] = frozenset()  # what stays although the meter does not send it at the moment
        self._facts: MeterProfile | None = None  # of which the wanted components were made
        self._wanted: dict[str, dict[str, Any]] | None = None
        self._published: dict[str, dict[str, Any]] | None = None
        self._differs_since: float | None = None
        self._last_sent: float | None = None
        self._message: bytes | None = None
        self._digits: str | None = None  # that stand for the meter in names; once announced, for ever
        self._withdrawals = 0

    def restore(self, payload: bytes) -> None:
        """Take the message that the broker retains of an earlier run, before the first frame.

        So what has been announced stays, names that took days to learn are known, and what is not needed any more is
        taken away. Anything that is no such message is ignored.
        """
        try:
            message = json.loads(payload)
            components, name = message["cmps"], str(message.get("dev", {}).get("name", ""))
            announced = {str(key): (str(config["p"]), _is_register(config)) for key, config in components.items()}
            labels = dict(_named_registers(components))
        except (ValueError, TypeError, KeyError, AttributeError):
            return
        self._announced = announced | self._announced
        self._kept = frozenset(self._announced)
        self._labels = labels | self._labels
        self._facts = self._wanted = None  # made of less, if there were frames before
        shown = _LAST_WORD.search(name)
        if shown is not None and len(shown[0]) >= DIGITS and _bare(self._meter).endswith(shown[0]):
            self._digits = shown[0]

    def update(self, frame: Frame, state: Mapping[str, object], monotonic: float) -> None:
        """Take a frame as published, and the state after it; nothing happens while that is empty."""
        if not state:
            return
        self._observe(state)
        self._whole_frames.take(frame)
        if self._whole_frames.count < WHOLE_FRAMES:
            return
        facts = self._current_facts(state)
        if facts != self._facts:
            self._facts = facts
            needed = {entity.key: self._component(entity) for entity in entities(facts, self._language)}
            self._wanted = needed | self._removals(needed)
        if self._wanted == self._published:
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = monotonic

    def due(self, monotonic: float, others: Collection[str] = ()) -> bytes | None:
        """Return the device message when it is to be published; it counts as published then.

        `others` are the addresses of the other meters that are known: the name must not be that of one of them.
        """
        if self._wanted is None or self._differs_since is None:
            return None
        rest = MIN_INTERVAL * 2 ** min(self._withdrawals - 1, _PATIENCE) if self.withdrawn else MIN_INTERVAL
        if self._last_sent is not None and monotonic - max(self._last_sent, self._differs_since) < rest:
            return None
        if self._digits is None:
            self._digits = _digits_apart(self._meter, others)
        self._published, self._last_sent, self._differs_since = self._wanted, monotonic, None
        self._announced = {
            key: (config["p"], _is_register(config)) for key, config in self._wanted.items() if len(config) > 1
        }
        self._kept = frozenset(self._announced)
        self._facts = None  # who has been taken away is not to be mentioned any more
        self._message = self._write(self._wanted)
        return self._message

    def message(self) -> bytes | None:
        """Return the last message, for a birth message or a reconnect; None before the first, or when withdrawn."""
        return self._message

    def on_cleared(self, monotonic: float) -> bool:
        """Take it that somebody has emptied the topic; return whether that is news.

        Home Assistant does so when somebody deletes the device, but also when they delete a single entity of it, and
        takes away all the others with it. So it is announced again after a rest, a longer one each time.
        """
        if self._message is None:
            return False
        self._published = self._message = None
        self._differs_since = monotonic
        self._withdrawals += 1
        return True

    @property
    def withdrawn(self) -> bool:
        """Tell whether somebody has emptied the topic, and it was not announced again."""
        return self._withdrawals > 0 and self._message is None

    @property
    def announced(self) -> bool:
        """Tell whether this run has announced it."""
        return self._last_sent is not None

    # -- what is seen --------------------------------------------------------------------------------------------------

    def _observe(self, state: Mapping[str, object]) -> None:
        mode, contract = str(state.get("mode", "")), _text(state.get("contract"))
        if (self._mode, self._contract) != (mode, contract):
            if self._mode:
                self._begin_contract()
            if self._mode != mode:
                self._whole_frames = WholeFrames()
            self._mode, self._contract = mode, contract
        for label in _INDEXES & state.keys():
            index = state[label]
            if not isinstance(index, int):
                continue
            if index > self._indexes.get(label, index):
                self._moved.add(label)
            self._indexes[label] = index
        self._closed |= {number for number in range(1, RELAYS + 1) if state.get(f"relay_{number}") is True}
        self._exports = self._exports or state.get("exporting") is True or state.get("producer") is True
        self._off_peak = (
            self._off_peak or contract in ("hchp", "tempo") or is_off_peak(_text(state.get("period")) or "")
        )
        self._learn(state)

    def _begin_contract(self) -> None:
        """Forget what was seen under another contract, or in the other mode."""
        self._labels, self._candidate = {}, None
        self._moved, self._closed = set(), set()
        self._indexes = {}
        self._off_peak = self._exports = False
        self._kept = frozenset(key for key, (_, register) in self._announced.items() if register)

    def _learn(self, state: Mapping[str, object]) -> None:
        """Learn what the meter calls the register that runs."""
        number, label = state.get("supplier_index"), _text(state.get("LTARF"))
        if not isinstance(number, int) or not label:
            return
        candidate = (number, expand_abbreviations(label))
        if candidate != self._candidate:
            self._switched = self._candidate is not None
            self._candidate, self._candidate_frames = candidate, 0
        self._candidate_frames += 1
        if self._candidate_frames == (LEARNED if self._switched else WHOLE_FRAMES):
            self._labels = self._labels | {number: candidate[1]}

    def _current_facts(self, state: Mapping[str, object]) -> MeterProfile:
        return MeterProfile(
            meter=self._meter,
            keys=frozenset(state),
            mode=self._mode,
            contract=self._contract,
            linky=self._make.linky,
            counting=frozenset(label for label, index in self._indexes.items() if index > 0),
            moved=frozenset(self._moved),
            closed=frozenset(self._closed),
            labels=self._labels,
            off_peak=self._off_peak,
            exports=self._exports,
            announced=self._kept,
            version=self._version,
        )

    # -- what is said --------------------------------------------------------------------------------------------------

    def _component(self, entity: Entity) -> dict[str, Any]:
        config = component(entity, self._language)
        config["uniq_id"] = f"{self._id}_{entity.key}"
        topics = self._topics
        if entity.attributes:
            config["json_attr_t"] = self._state_topic
            config["json_attr_tpl"] = entity.attributes
        if entity.source == "status":
            config["stat_t"] = topics.status("reader", self._reader)
        elif entity.source == "link":
            config["stat_t"] = topics.link(self._meter)
        elif entity.source == "health":
            config["stat_t"] = topics.health("reader", self._reader)
        if entity.source != "state":  # there, too, when the meter is not
            config["avty"] = [{"t": topics.status("reader", self._reader)}]
        return config

    def _removals(self, needed: Mapping[str, object]) -> dict[str, dict[str, Any]]:
        return {
            key: {"p": platform}
            for key, (platform, register) in self._announced.items()
            if key not in needed and not register
        }

    def _write(self, components: Mapping[str, Mapping[str, Any]]) -> bytes:
        named = {key: self._with_ids(key, config, slim=False) for key, config in components.items()}
        message = {
            "dev": self._device(),
            "o": {"name": "TeleInfo Monitor", "sw": self._version},
            "avty": [{"t": self._topics.status("reader", self._reader)}, {"t": self._topics.link(self._meter)}],
            "avty_mode": "all",
            "stat_t": self._state_topic,
            "cmps": named,
        }
        payload = _dump(message)
        if len(payload) > LARGE:  # then without what only older releases read, once, for the entity's first id
            named = {key: self._with_ids(key, config, slim=True) for key, config in components.items()}
            payload = _dump(message | {"cmps": named})
        return payload

    def _with_ids(self, key: str, config: Mapping[str, Any], *, slim: bool) -> dict[str, Any]:
        """Add what the entity is to be called in automations, unless it is taken away."""
        if len(config) == 1:
            return dict(config)
        # Not the address: entity ids stand in screenshots. The same in both languages: automations are shared.
        name = f"{'linky' if self._make.linky else 'compteur'}_{(self._digits or '').lower()}_{key}"
        ids = {"def_ent_id": f"{config['p']}.{name}"}
        if not slim:
            ids["obj_id"] = name
        return {**config, **ids}

    def _device(self) -> dict[str, Any]:
        kind = Text("Linky", "Linky") if self._make.linky else Text("Compteur", "Meter")
        if self.simulated:
            kind = Text(f"{kind.fr} simulé", "Simulated " + kind.en.replace("Meter", "meter"))
        device: dict[str, Any] = {
            "ids": [self._id],
            "name": f"{kind.of(self._language)} {self._digits}",
            "sn": self._meter,
        }
        if self.simulated:
            device["hw"] = _SIMULATED.of(self._language)
        if self._make.maker is not None:
            device["mf"] = self._make.maker
        if self._make.model is not None:
            device["mdl"] = Text(*self._make.model).of(self._language)
        return device


def device_id(meter: str) -> str:
    """Return what identifies a meter's device; a topic of discovery allows no dot."""
    return f"teleinfo_{meter.replace('.', '_')}"


def device_topic(prefix: str, meter: str) -> str:
    """Return where a meter is announced."""
    return f"{prefix}/device/{device_id(meter)}/config"


def says_simulated(payload: bytes) -> bool:
    """Tell whether a device message is that of a simulated meter."""
    try:
        return json.loads(payload)["dev"].get("hw") in _SIMULATED
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False


def _bare(meter: str) -> str:
    return "".join(character for character in meter if character.isalnum())


def _digits_apart(meter: str, others: Collection[str]) -> str:
    """Return the end of an address, as long as it takes to tell it from those of others."""
    address = _bare(meter)
    for length in range(DIGITS, len(address), 2):
        if not any(_bare(other).endswith(address[-length:]) for other in others if other != meter):
            return address[-length:]
    return address


def _dump(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _is_register(config: Mapping[str, Any]) -> bool:
    return config.get("dev_cla") in _ENERGY or config.get("unit_of_meas") in _ENERGY


def _named_registers(components: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """Yield what the registers of an earlier message are called, unless it was only by their numbers."""
    for key, config in components.items():
        name = str(config.get("name", ""))
        for prefix in _PREFIXES:
            if key.startswith(_REGISTER) and name.startswith(prefix):
                label = name.removeprefix(prefix).split(" (", maxsplit=1)[0]
                if not _UNNAMED.fullmatch(label):
                    yield int(key.removeprefix(_REGISTER)), label


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
