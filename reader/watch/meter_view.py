"""Follows one meter by its frames, and makes what is shown of it. Pure: no I/O, no clock."""

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from common.contract.frame import Frame, parse_time
from common.contract.labels import Mode
from common.contract.phases import PHASES, VA_PER_AMPERE, is_three_phase
from common.contract.tariff import HISTORIC_REGISTERS, capitalise, expand_abbreviations
from common.runtime.logs import printable
from reader.meter.derived import phase_power
from reader.meter.names import (
    BINARY_NAMES,
    COLOUR_NAMES,
    CUTOFF_NAMES,
    HISTORIC_REGISTER_NAMES,
    MODE_NAMES,
    contract_name,
    period_name,
    register_name,
)
from reader.meter.state import MeterState
from reader.watch.power_history import PowerHistory
from reader.watch.texts import Translations
from reader.watch.view import Alert, Gauge, Level, LineQuality, Register, SourceValue, View, level_of

RATE_OVER = 30.0  # seconds over which frames are counted

_NO_MESSAGE = "PAS DE MESSAGE"
_PERIOD_OF_REGISTER = {
    label: period.rstrip(".") for registers in HISTORIC_REGISTERS.values() for period, label in registers.items()
}
#: Keys of the state that are an alert while they are true.
_ALERTS = {
    "overload": Level.OVER,
    "overvoltage": Level.OVER,
    "peak": Level.OVER,
    "peak_notice": Level.NEAR,
    "cover_open": Level.NEAR,
}


class MeterView:
    """Follows one meter."""

    def __init__(self, meter: str, translate: Translations) -> None:
        self.meter = printable(meter)
        self.online: bool | None = None
        self._translate = translate
        self._state = MeterState()
        self._mode = Mode.STANDARD
        self._frame_times: deque[float] = deque()
        self._first_at = 0.0
        self._history = PowerHistory()
        self._groups = self._dropped = 0
        self._parity_errors: int | None = None
        self._labels: dict[int, str] = {}  # what the meter calls its registers

    def on_frame(self, frame: Frame, now: float) -> None:
        """Handle a frame that arrived at monotonic `now`."""
        # What came over the broker must not control the terminal.
        values = {label: printable(value) if isinstance(value, str) else value for label, value in frame.values.items()}
        frame = dataclasses.replace(frame, values=values)
        if not self._frame_times:
            self._first_at = now
        self._state.update(frame, now)
        self.set_online(True)
        self._mode = frame.mode
        self._groups += len(frame.values)
        self._dropped += frame.dropped or 0
        self._frame_times.append(now)
        state = self._state.snapshot()
        if (power := _power(state)) is not None:
            self._history.add(power, now)
        label, number = state.get("LTARF"), state.get("supplier_index")
        if isinstance(label, str) and isinstance(number, int):
            self._labels[number] = expand_abbreviations(label)

    def set_online(self, online: bool) -> None:
        """Set whether frames are coming."""
        self.online = online
        self._state.set_online(online)

    def set_parity_errors(self, errors: int) -> None:
        """Set the number of bytes with wrong parity so far."""
        self._parity_errors = errors

    def view(self, now: float, sources: Iterable[SourceValue] = ()) -> View:
        """Return what is to be shown at monotonic `now`, with what the sources behind the meter sent."""
        state = self._state.snapshot()
        return View(
            meter=self.meter,
            online=self.online,
            mode=MODE_NAMES[self._mode.value].of(self._translate.language),
            power=self._power_gauge(state),
            details=tuple(self._details(state)),
            phases=tuple(self._phases(state)),
            exported=self._exported(state),
            sources=tuple(map(self._source, sources)),
            tariff=self._tariff(state),
            colours=self._colours(state),
            registers=tuple(self._registers(state)),
            highest=self._highest(state),
            history=self._history.points(now),
            alerts=tuple(self._alerts(state)),
            line=LineQuality(self._rate(now), self._dropped, self._groups + self._dropped, self._parity_errors),
        )

    # Power.

    def _power_gauge(self, state: Mapping[str, Any]) -> Gauge | None:
        power = _power(state)
        if power is None:
            return None
        limit = state.get("subscribed_power")
        level = Level.OVER if state.get("overload") else level_of(power, limit)
        return Gauge(name=self._translate("power"), value=power, limit=limit, unit="VA", level=level)

    def _details(self, state: Mapping[str, Any]) -> Iterator[str]:
        translate = self._translate
        amounts = [
            f"{translate.number(state[key])} {unit}"
            for key, unit in (("headroom_power", "VA"), ("headroom_current", "A"))
            if key in state
        ]
        if amounts:
            yield translate("available", amount=", ".join(amounts))
        if not is_three_phase(state):
            amperes, volts = state.get("IRMS1", state.get("IINST")), state.get("URMS1")
            if amperes is not None:
                yield translate("current", amount=f"{amperes} A")
            if volts is not None:
                yield f"{volts} V"
        if (estimate := state.get("estimated_power")) is not None:
            yield translate("estimate", amount=f"{translate.number(estimate)} W")

    def _phases(self, state: Mapping[str, Any]) -> Iterator[Gauge]:
        if not is_three_phase(state):
            return
        subscribed = state.get("subscribed_power")
        for n in PHASES:
            amperes, volts = state.get(f"IRMS{n}", state.get(f"IINST{n}")), state.get(f"URMS{n}")
            if amperes is None:
                continue
            limit = round(subscribed / 3 / VA_PER_AMPERE) if subscribed else None
            power = phase_power(state, n)
            details = [f"{volts} V"] if volts is not None else []
            details += [f"{self._translate.number(power)} VA"] if power is not None else []
            yield Gauge(
                name=self._translate("phase", number=n),
                value=amperes,
                limit=limit,
                unit="A",
                level=level_of(amperes, limit),
                details=tuple(details),
            )

    def _exported(self, state: Mapping[str, Any]) -> str:
        power = state.get("SINSTI")
        return f"{self._translate.number(power)} VA" if power else ""

    def _highest(self, state: Mapping[str, Any]) -> str:
        power, at = state.get("SMAXSN"), state.get("SMAXSN_at")
        if power is None:
            return ""
        text = f"{self._translate.number(power)} VA"
        return text if at is None else self._translate("at", what=text, time=_local_time(at))

    def _source(self, value: SourceValue) -> str:
        match value.quantity:
            case "power":
                amount = f"{self._translate.number(value.number)} W"
            case "energy":
                amount = self._energy(round(value.number))
            case _:
                amount = f"{self._translate.number(value.number, 1)} °C"
        return f"{printable(value.name)} {amount}"

    # Tariff.

    def _tariff(self, state: Mapping[str, Any]) -> tuple[str, ...]:
        language, contract, period = self._translate.language, state.get("contract"), state.get("period")
        names = []
        if contract:
            names.append(contract_name(contract, language))
        if period and (name := period_name(contract, period, language)) not in names:
            names.append(name)
        return tuple(capitalise(name) for name in names)

    def _colours(self, state: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
        return tuple(
            (self._translate(day), COLOUR_NAMES[state[key]].of(self._translate.language).lower(), state[key])
            for day, key in (("today", "tempo_today"), ("tomorrow", "tempo_tomorrow"))
            if key in state
        )

    # Indexes.

    def _registers(self, state: Mapping[str, Any]) -> Iterator[Register]:
        total = state.get("import_total")
        registers = list(self._tariff_registers(state))
        if total is not None and (len(registers) != 1 or registers[0].energy != self._energy(total)):
            yield Register(self._translate("imported"), self._energy(total), total=True)
        yield from registers
        if (exported := state.get("export_total")) is not None:
            yield Register(self._translate("exported"), self._energy(exported), total=True)

    def _tariff_registers(self, state: Mapping[str, Any]) -> Iterator[Register]:
        language, period = self._translate.language, state.get("period")
        if self._mode is Mode.HISTORIC:
            for label, name in HISTORIC_REGISTER_NAMES.items():
                if label in state:
                    running = _PERIOD_OF_REGISTER[label] == period
                    yield Register(_without_prefix(name.of(language)), self._energy(state[label]), running)
            return
        for number in range(1, 11):
            energy = state.get(f"EASF{number:02}")
            running = state.get("supplier_index") == number
            if energy or (energy is not None and running):
                name = register_name(state.get("contract"), self._labels, number)
                yield Register(_without_prefix(name.of(language)), self._energy(energy), running)

    def _energy(self, watt_hours: int) -> str:
        return f"{self._translate.kilo(watt_hours)} kWh"

    # Alerts.

    def _alerts(self, state: Mapping[str, Any]) -> Iterator[Alert]:
        translate = self._translate
        for key, level in _ALERTS.items():
            # Tempo's peaks are its white and red days, which the colours show.
            if state.get(key) and not (key in ("peak", "peak_notice") and state.get("contract") == "tempo"):
                text = translate("cover") if key == "cover_open" else BINARY_NAMES[key].of(translate.language)
                yield Alert(text, level)
        cutoff = state.get("cutoff")
        if cutoff not in (None, "closed"):
            yield Alert(translate("cutoff", what=CUTOFF_NAMES[cutoff].of(translate.language).lower()), Level.OVER)
        if state.get("clock_degraded"):
            yield Alert(translate("clock"), Level.NEAR)
        if state.get("PPOT", "00") != "00":
            yield Alert(translate("phase_missing"), Level.OVER)
        for label in ("MSG1", "MSG2"):
            message = state.get(label)
            if message and message != _NO_MESSAGE:
                yield Alert(translate("message", text=message), Level.CALM)

    # Line.

    def _rate(self, now: float) -> float | None:
        """Return frames a second; None in the first seconds."""
        while self._frame_times and self._frame_times[0] <= now - RATE_OVER:
            self._frame_times.popleft()
        seconds = min(RATE_OVER, now - self._first_at)
        return (len(self._frame_times) - (self._first_at > now - RATE_OVER)) / seconds if seconds > 3 else None


def _power(state: Mapping[str, Any]) -> int | None:
    """Return the apparent power drawn in VA."""
    power = state.get("SINSTS", state.get("PAPP"))
    if power is None and {"subscribed_power", "headroom_power"} <= state.keys():
        power = state["subscribed_power"] - state["headroom_power"]  # of meters that do not send it
    return power if isinstance(power, int) else None


def _without_prefix(name: str) -> str:
    """Return the name of a register without the word energy, which all of them begin with."""
    return capitalise(name.removeprefix("Énergie ").removeprefix("Energy ").replace(" energy", ""))


def _local_time(instant: str) -> str:
    return parse_time(instant).astimezone().strftime("%H:%M")
