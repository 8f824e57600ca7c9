"""A ZLinky_TIC in zigbee2mqtt, beside the line of the same meter: what it publishes, and when; and owners' faults."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from tests.support.decoded import Published

TOPIC = "zigbee2mqtt/Linky"
SERIAL = "021961000001"
POWER_EVERY = timedelta(seconds=60)  # at least, when it changed
REGISTERS_EVERY = timedelta(minutes=15)  # at most
REGISTERS_STEP = 100  # Wh, and they are reported earlier
POLLED_EVERY = timedelta(seconds=600)

_TIERS = [f"current_tier{tier}_summ_delivered" for tier in range(1, 7)]
TOTAL = "current_summ_delivered"
_POWER = "apparent_power"
#: By label: what is reported, and the rest, which is polled.
_REGISTERS = {
    Mode.HISTORIC: dict(zip(("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"), _TIERS, strict=True)),
    Mode.STANDARD: dict(zip((f"EASF{number:02}" for number in range(1, 7)), _TIERS, strict=True)) | {"EAST": TOTAL},
}
_MEASURED = {
    Mode.HISTORIC: {
        "PAPP": _POWER, "IINST1": "rms_current", "IINST2": "rms_current_ph_b", "IINST3": "rms_current_ph_c",
    },
    Mode.STANDARD: {
        "SINSTS": _POWER, "IRMS1": "rms_current", "URMS1": "rms_voltage", "CCASN": "active_power",
        "CCASN-1": "active_power_ph_b", "SMAXSN": "active_power_max",
    },
}  # fmt: skip
_POLLED = {
    Mode.HISTORIC: {
        "OPTARIF": "current_tarif", "PTEC": "active_register_tier_delivered", "ISOUSC": "available_power",
        "IMAX1": "rms_current_max",
    },
    Mode.STANDARD: {
        "NGTF": "current_tarif", "LTARF": "current_price", "NTARF": "current_index_tarif", "PREF": "available_power",
        "STGE": "status_register", "PRM": "site_id", "MSG1": "message1",
    },
}  # fmt: skip

Message = dict[str, Any]
Fault = Callable[[Message], Message]  # what a message becomes


@dataclass
class Zigbee2mqtt:
    """Follows the frames of a line in time, and publishes its whole cache whenever something is reported."""

    mode: Mode
    cache: Message = field(default_factory=dict)
    told: dict[str, list[tuple[datetime, int]]] = field(default_factory=dict)  # by label: what was published, in Wh
    fault: Fault = lambda message: message
    down: bool = False  # zigbee2mqtt is stopped: what is reported is lost
    _marks: dict[str, tuple[datetime, Value]] = field(default_factory=dict)  # by label, as it was reported last

    def messages(self, frame: Frame, *, read: bool = False) -> Iterator[Published]:
        """Go on to the next frame of the line; `read`: the owner has it read all."""
        at, values = frame.timestamp, frame.values
        reported = {label for label in self._registers(values) if read or self._is_due(label, at, values)}
        if read or self._power_is_due(at, values):
            reported |= _MEASURED[self.mode].keys() & values.keys()
        for label in reported:
            self._marks[label] = at, values[label]
        if self.down:
            return
        changed = {self._keys()[label]: self._written(label, values[label]) for label in reported}
        if read or not self.cache or _is_polled(at):
            changed |= {key: self._written(label, values[label]) for label, key in _POLLED[self.mode].items()}
            changed["meter_serial_number"] = SERIAL
        if not changed:
            return
        self.cache |= changed
        for label in reported & self._registers(values):
            self.told.setdefault(label, []).append((at, int(values[label])))
        yield self.publish(at)

    def publish(self, at: datetime) -> Published:
        """Publish the cache."""
        return Published(at, TOPIC, self.fault(dict(self.cache)))

    def told_before(self, label: str, limit: datetime) -> int:
        """Return what a register showed when it was published last before an instant."""
        return next(wh for at, wh in reversed(self.told[label]) if at < limit)

    def _keys(self) -> Mapping[str, str]:
        return _REGISTERS[self.mode] | _MEASURED[self.mode]

    def _registers(self, values: Mapping[str, Value]) -> set[str]:
        return _REGISTERS[self.mode].keys() & values.keys()

    def _is_due(self, label: str, at: datetime, values: Mapping[str, Value]) -> bool:
        if label not in self._marks:
            return True
        since, before = self._marks[label]
        return at - since >= REGISTERS_EVERY or int(values[label]) - int(before) >= REGISTERS_STEP

    def _power_is_due(self, at: datetime, values: Mapping[str, Value]) -> bool:
        label = next(iter(_MEASURED[self.mode]))
        since, before = self._marks.get(label, (None, None))
        return since is None or (at - since >= POWER_EVERY and values[label] != before)

    def _written(self, label: str, value: Value) -> Value | float:
        if label in _REGISTERS[self.mode]:
            return round(int(value) / 1000, 2)
        return " ".join(value.split()) if isinstance(value, str) else value


def _is_polled(at: datetime) -> bool:
    return at.timestamp() // 1 % POLLED_EVERY.total_seconds() == 0


def _registers_of(message: Message) -> list[str]:
    return [key for key in (TOTAL, *_TIERS) if message.get(key)]


def _scaled(factor: float) -> Callable[[Random, Message], Fault]:
    def begin(random: Random, cache: Message) -> Fault:
        key = random.choice(_registers_of(cache))
        return lambda message: message | {key: round(message[key] * factor, 2)}

    return begin


def _as_another(random: Random, cache: Message) -> Fault:
    one, other = random.sample(_registers_of(cache), 2)
    return lambda message: message | {one: message[other]}


def _without_value(random: Random, cache: Message) -> Fault:
    key = random.choice(_registers_of(cache))
    return lambda message: message | {key: None, _POWER: None}


def _always(changes: Message) -> Callable[[Random, Message], Fault]:
    return lambda _random, _cache: lambda message: message | changes


#: What owners met, from its beginning on. A restart is no change of a message: what was reported meanwhile is missing.
FAULTS: Mapping[str, Callable[[Random, Message], Fault]] = {
    "a register is 0": _scaled(0),
    "a register has the value of another": _as_another,
    "a tenth": _scaled(0.1),
    "Wh are called kWh": _scaled(1000),
    "codes for no value": _always({_POWER: 65_535, "rms_voltage": 65_535, "active_power": -32_768}),
    "null": _without_value,
    "keys of the other mode": lambda _random, cache: (
        lambda message: (
            message
            | ({"warn_d_p_s": 46, "active_register_tier_delivered": "HCJR"} if "current_price" in cache else {})
            | ({} if "current_price" in cache else {"injected_v_a": 310, "power_threshold": 9})
        )
    ),
    "the period is frozen": lambda _random, cache: (
        lambda message: message | ({"current_price": "HP BLEU"} if "current_price" in cache else {})
    ),
    "the total leaves Tempo out": lambda _random, _cache: (
        lambda message: message | {TOTAL: round(message[_TIERS[0]] + message[_TIERS[1]], 2)}
    ),
    "nothing is read": lambda _random, cache: (
        lambda message: message | dict.fromkeys(_registers_of(cache), 0) | {"current_tarif": "BASE", _POWER: 0}
    ),
}  # fmt: skip
RESTART = "a restart"


def with_a_fault_an_hour(
    adapter: Zigbee2mqtt, frames: Iterable[Frame], random: Random, reads: Iterable[datetime] = ()
) -> Iterator[Published]:
    """Yield what is published of a line, whose owner has all read at some times; faults last up to a quarter."""
    wanted, fault = set(reads), ""
    hour: datetime | None = None
    begin = end = hour
    names = [*FAULTS, RESTART]
    for frame in frames:
        at = frame.timestamp.replace(microsecond=0)
        if hour != (hour := at.replace(minute=0, second=0)):
            fault = names.pop(random.randrange(len(names)))
            names = names or [*FAULTS, RESTART]
            begin = hour + timedelta(minutes=random.randrange(3, 30))
            end = begin + timedelta(minutes=random.randrange(2, 15))
        if at == begin:
            adapter.down = fault == RESTART
            adapter.fault = (lambda message: message) if adapter.down else FAULTS[fault](random, dict(adapter.cache))
        if at == end:
            adapter.fault = lambda message: message
            if adapter.down:  # it sends what it had when it was stopped
                adapter.down = False
                yield adapter.publish(frame.timestamp)
        yield from adapter.messages(frame, read=at in wanted)
