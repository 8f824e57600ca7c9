"""What a screen shows of one meter: worked out from its frames, for any way to draw it. Pure: no I/O, no clock."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from common.frame import Frame, parse_time
from common.labels import Mode
from common.tariff import capitalise, expand_abbreviations
from reader.meter.names import (
    colour_name,
    contract_name,
    cutoff_name,
    historic_register_name,
    mode_name,
    period_name,
    register_name,
    switched_name,
)
from reader.meter.state import State
from reader.watch.texts import Translations

NEAR, HIGH = 0.7, 0.9  # shares of a limit
BUCKET = 5.0  # seconds that are one point of the history
SPANS = (2, 5, 10)  # minutes of history: the shortest that holds all there is, the longest once there is more
RATE_OVER = 30.0  # seconds over which frames are counted

_PHASES = (1, 2, 3)
_VOLTS = 200  # what the subscribed power is divided by for amperes
_NO_MESSAGE = "PAS DE MESSAGE"
_HISTORIC_REGISTERS = {
    "BASE": "TH", "HCHC": "HC", "HCHP": "HP", "EJPHN": "HN", "EJPHPM": "PM", "BBRHCJB": "HCJB", "BBRHPJB": "HPJB",
    "BBRHCJW": "HCJW", "BBRHPJW": "HPJW", "BBRHCJR": "HCJR", "BBRHPJR": "HPJR",
}  # fmt: skip
#: What the state says yes or no to, and how grave a yes is.
_ALERTS = (("overload", 2), ("overvoltage", 2), ("peak", 2), ("peak_notice", 1), ("cover_open", 1))


class Level(IntEnum):
    """How near something is to its limit."""

    CALM = 0
    NEAR = 1
    OVER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A value on its way to a limit."""

    name: str
    value: int
    limit: int | None
    unit: str
    level: Level
    more: tuple[str, ...] = ()  # what else there is to say of it, such as volts


@dataclass(frozen=True, slots=True)
class Register:
    """An index."""

    name: str
    energy: str
    running: bool = False
    total: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """What a householder should know now."""

    text: str
    level: Level


@dataclass(frozen=True, slots=True)
class Line:
    """What the line itself has given."""

    rate: float | None  # frames a second
    dropped: int  # groups, of
    groups: int
    parity_errors: int | None  # None: not known yet


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that is shown of one meter; texts are for people and in their language."""

    meter: str
    online: bool | None
    mode: str
    power: Gauge | None
    left: tuple[str, ...]  # what may still be drawn
    phases: tuple[Gauge, ...]
    exported: str
    tariff: tuple[str, ...]
    colours: tuple[tuple[str, str, str], ...]  # when, the colour in words, the colour as the state has it
    registers: tuple[Register, ...]
    highest: str
    history: tuple[int | None, ...]  # VA, the oldest first
    alerts: tuple[Alert, ...]
    line: Line


class MeterView:
    """Follows one meter."""

    def __init__(self, meter: str, words: Translations) -> None:
        self.meter = meter
        self.online: bool | None = None
        self._words = words
        self._state = State()
        self._mode = Mode.STANDARD
        self._times: deque[float] = deque()
        self._first = 0.0
        self._history: deque[tuple[int, int]] = deque()  # number of the bucket, the highest VA in it
        self._groups = self._dropped = 0
        self._parity_errors: int | None = None
        self._labels: dict[int, str] = {}  # what the meter calls its registers

    def take(self, frame: Frame, now: float) -> None:
        """Take a frame that came in at monotonic `now`."""
        if not self._times:
            self._first = now
        self._state.update(frame, now)
        self.link(True)
        self._mode = frame.mode
        self._groups += len(frame.values)
        self._dropped += frame.dropped or 0
        self._times.append(now)
        values = self._state.known()
        if (power := _power(values)) is not None:
            self._remember(power, now)
        label, number = values.get("LTARF"), values.get("supplier_index")
        if isinstance(label, str) and isinstance(number, int):
            self._labels[number] = expand_abbreviations(label)

    def link(self, online: bool) -> None:
        """Frames are coming, or have ceased."""
        self.online = online
        self._state.link(online)

    def parity(self, errors: int) -> None:
        """Take the number of bytes of wrong parity so far."""
        self._parity_errors = errors

    def view(self, now: float) -> View:
        """Return what is to be shown at monotonic `now`."""
        values = self._state.known()
        language = self._words.language
        return View(
            meter=self.meter,
            online=self.online,
            mode=mode_name(self._mode.value, language),
            power=self._power_gauge(values),
            left=tuple(self._left(values)),
            phases=tuple(self._phases(values)),
            exported=self._exported(values),
            tariff=self._tariff(values),
            colours=self._colours(values),
            registers=tuple(self._registers(values)),
            highest=self._highest(values),
            history=self._points(now),
            alerts=tuple(self._alerts(values)),
            line=Line(self._rate(now), self._dropped, self._groups + self._dropped, self._parity_errors),
        )

    # Power.

    def _power_gauge(self, values: dict[str, Any]) -> Gauge | None:
        power = _power(values)
        if power is None:
            return None
        limit = values.get("subscribed_power")
        level = Level.OVER if values.get("overload") else level_of(power, limit)
        return Gauge(name=self._words("power"), value=power, limit=limit, unit="VA", level=level)

    def _left(self, values: dict[str, Any]) -> Iterator[str]:
        words = self._words
        amounts = [
            f"{words.number(values[key])} {unit}"
            for key, unit in (("headroom_power", "VA"), ("headroom_current", "A"))
            if key in values
        ]
        if amounts:
            yield words("left", amount=", ".join(amounts))
        if not values.keys() & {"IRMS2", "IINST2", "SINSTS1", "URMS2"}:
            amperes, volts = values.get("IRMS1", values.get("IINST")), values.get("URMS1")
            if amperes is not None:
                yield words("drawn", amount=f"{amperes} A")
            if volts is not None:
                yield f"{volts} V"
        if (estimate := values.get("estimated_power")) is not None:
            yield words("estimate", amount=f"{words.number(estimate)} W")

    def _phases(self, values: dict[str, Any]) -> Iterator[Gauge]:
        if not values.keys() & {"IRMS2", "IINST2", "SINSTS1", "URMS2"}:
            return
        subscribed = values.get("subscribed_power")
        for n in _PHASES:
            amperes, volts = values.get(f"IRMS{n}", values.get(f"IINST{n}")), values.get(f"URMS{n}")
            if amperes is None:
                continue
            limit = round(subscribed / 3 / _VOLTS) if subscribed else None
            power = values.get(f"SINSTS{n}")
            # The first three-phase meters send nonsense for a single phase; see derived.py.
            if volts and power is not None and power > 1.1 * volts * (amperes + 2):
                power = None
            more = [f"{volts} V"] if volts is not None else []
            more += [f"{self._words.number(power)} VA"] if power is not None else []
            yield Gauge(
                name=self._words("phase", number=n),
                value=amperes,
                limit=limit,
                unit="A",
                level=level_of(amperes, limit),
                more=tuple(more),
            )

    def _exported(self, values: dict[str, Any]) -> str:
        power = values.get("SINSTI")
        return f"{self._words.number(power)} VA" if power else ""

    def _highest(self, values: dict[str, Any]) -> str:
        power, at = values.get("SMAXSN"), values.get("SMAXSN_at")
        if power is None:
            return ""
        text = f"{self._words.number(power)} VA"
        return text if at is None else self._words("at", what=text, time=_local(at))

    # Tariff.

    def _tariff(self, values: dict[str, Any]) -> tuple[str, ...]:
        language, contract, period = self._words.language, values.get("contract"), values.get("period")
        names = []
        if contract:
            names.append(contract_name(contract, language))
        if period and (name := period_name(contract, period, language)) not in names:
            names.append(name)
        return tuple(capitalise(name) for name in names)

    def _colours(self, values: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
        return tuple(
            (self._words(when), colour_name(values[key], self._words.language).lower(), values[key])
            for when, key in (("today", "tempo_today"), ("tomorrow", "tempo_tomorrow"))
            if key in values
        )

    # Indexes.

    def _registers(self, values: dict[str, Any]) -> Iterator[Register]:
        total = values.get("import_total")
        found = list(self._tariff_registers(values))
        if total is not None and (len(found) != 1 or found[0].energy != self._energy(total)):
            yield Register(self._words("imported"), self._energy(total), total=True)
        yield from found
        if (exported := values.get("export_total")) is not None:
            yield Register(self._words("exported"), self._energy(exported), total=True)

    def _tariff_registers(self, values: dict[str, Any]) -> Iterator[Register]:
        language, period = self._words.language, values.get("period")
        if self._mode is Mode.HISTORIC:
            for label, its in _HISTORIC_REGISTERS.items():
                name = historic_register_name(label)
                if label in values and name is not None:
                    yield Register(_short(name.of(language)), self._energy(values[label]), its == period)
            return
        for number in range(1, 11):
            energy = values.get(f"EASF{number:02}")
            running = values.get("supplier_index") == number
            if energy or (energy is not None and running):
                yield Register(
                    _short(register_name(values.get("contract"), self._labels, number).of(language)),
                    self._energy(energy),
                    running,
                )

    def _energy(self, watt_hours: int) -> str:
        return f"{self._words.kilo(watt_hours)} kWh"

    # What is wrong.

    def _alerts(self, values: dict[str, Any]) -> Iterator[Alert]:
        words = self._words
        for key, level in _ALERTS:
            if values.get(key) and not (key in ("peak", "peak_notice") and values.get("contract") == "tempo"):
                text = words("cover") if key == "cover_open" else switched_name(key, words.language)
                yield Alert(text, Level(level))
        cutoff = values.get("cutoff")
        if cutoff not in (None, "closed"):
            yield Alert(words("cutoff", what=cutoff_name(cutoff, words.language).lower()), Level.OVER)
        if values.get("clock_degraded"):
            yield Alert(words("clock"), Level.NEAR)
        if values.get("PPOT", "00") != "00":
            yield Alert(words("phase_missing"), Level.OVER)
        for label in ("MSG1", "MSG2"):
            message = values.get(label)
            if message and message != _NO_MESSAGE:
                yield Alert(words("message", text=message), Level.CALM)

    # Over time.

    def _remember(self, power: int, now: float) -> None:
        bucket = int(now // BUCKET)
        if self._history and self._history[-1][0] == bucket:
            power = max(power, self._history.pop()[1])
        self._history.append((bucket, power))
        while self._history[0][0] <= bucket - _buckets(SPANS[-1]):
            self._history.popleft()

    def _points(self, now: float) -> tuple[int | None, ...]:
        last, known = int(now // BUCKET), dict(self._history)
        age = last - min(known, default=last)
        count = next((_buckets(minutes) for minutes in SPANS if _buckets(minutes) > age), _buckets(SPANS[-1]))
        return tuple(known.get(bucket) for bucket in range(last - count + 1, last + 1))

    def _rate(self, now: float) -> float | None:
        while self._times and self._times[0] <= now - RATE_OVER:
            self._times.popleft()
        seconds = min(RATE_OVER, now - self._first)
        return (len(self._times) - (self._first > now - RATE_OVER)) / seconds if seconds > 3 else None


def _power(values: dict[str, Any]) -> int | None:
    """Return the apparent power that is drawn."""
    power = values.get("SINSTS", values.get("PAPP"))
    if power is None and {"subscribed_power", "headroom_power"} <= values.keys():
        power = values["subscribed_power"] - values["headroom_power"]  # of meters that never say it
    return power if isinstance(power, int) else None


def level_of(value: int, limit: int | None) -> Level:
    """Tell how near a value is to its limit."""
    if not limit or value < NEAR * limit:
        return Level.CALM
    return Level.NEAR if value < HIGH * limit else Level.OVER


def _buckets(minutes: int) -> int:
    return round(minutes * 60 / BUCKET)


def _short(name: str) -> str:
    """Leave out what all names of indexes begin with."""
    return capitalise(name.removeprefix("Énergie ").removeprefix("Energy ").replace(" energy", ""))


def _local(instant: str) -> str:
    return parse_time(instant).astimezone().strftime("%H:%M")


def plain_line(view: View, words: Translations) -> str:
    """Return one line without a time: the same as long as nothing that is shown changes."""
    parts = [view.meter, words("online") if view.online else words("offline")]
    if view.power is not None:
        of = f" {words('of', amount=words.number(view.power.limit))}" if view.power.limit else ""
        parts.append(f"{words.number(view.power.value)} {view.power.unit}{of}")
    parts += [f"{phase.name} {phase.value} {phase.unit}" for phase in view.phases]
    if view.exported:
        parts.append(f"{words('exporting')} {view.exported}")
    parts += view.tariff
    parts += [f"{when} {name}" for when, name, _ in view.colours]
    running = next((register for register in view.registers if register.running), None)
    parts += [f"{running.name} {running.energy}"] if running else []
    parts += [alert.text for alert in view.alerts]
    return "; ".join(parts).replace("\N{NO-BREAK SPACE}", " ")
