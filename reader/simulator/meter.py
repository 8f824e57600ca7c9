"""A simulated Linky: what a meter of some kind would say at some instant. Pure: no I/O, no clock; bytes of 7 bits.

    frame    = STX group... ETX
    group    = LF label SP value SP checksum CR               historic mode
               LF label HT [stamp HT] value HT checksum CR    standard mode
    checksum = (sum of the bytes before it & 0x3F) + 0x20
               historic mode leaves the last SP out of the sum
    Source: Enedis-NOI-CPT_54E v3: labels, their order and widths in 6.1 (historic) and 6.2 (standard).

What the meter says is a function of its kind, its seed and the instant, whatever it was asked before; only where it is
in a cycle of short frames is remembered. Meters of one contract and seed measure the same household, in either mode.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from reader.simulator.calendar import legal_day, legal_day_at, mix, stamp, tempo_colour
from reader.simulator.contract import CONTRACTS, tempo_days
from reader.simulator.household import DailyMaximum, DayLoad, Household

KINDS: tuple[str, ...] = tuple(
    f"{mode}-{phases}-phase-{contract}"
    for mode in ("historic", "standard")
    for phases in ("single", "three")
    for contract in CONTRACTS
)

_STX, _ETX = b"\x02", b"\x03"
_SUBSCRIBED = {1: 9, 3: 12}  # kVA, by number of phases
_SHORT_FRAMES = 20  # of a cycle; then comes a long frame
_OVERLOAD_ECHO = 60  # seconds for which short frames go on after an overload
_PEJP_NOTICE = 30 * 60  # seconds
_SHARES = (0.46, 0.31, 0.23)  # of the load, by phase
_OVERLOAD_SHARES = (0.44, 0.40, 0.16)  # these move on by a phase from day to day
_POWER_FACTOR_DRAWN, _POWER_FACTOR_FED = 0.95, 0.98
# Reactive energy in thousandths of active energy: Q1 and Q4 go with what is drawn, Q2 and Q3 with what is fed in.
_REACTIVE = (329, 12, 95, 21)
_TEMPO_NAMES = ("----", "BLEU", "BLAN", "ROUG")
_NO_MESSAGE = "PAS DE          MESSAGE         "


class _Phase(NamedTuple):
    """What is measured on one phase within a second."""

    volts: int
    amperes: int
    drawn: int  # VA; negative when the phase feeds in


class _Maximum(NamedTuple):
    power: int  # VA
    instant: int


class SimulatedMeter:
    """A meter of one kind. Another seed is another household, and another address.

    The first frame sums up the days since 2023, a tenth of a second on a PC; each other takes about 0.1 ms.
    """

    def __init__(self, kind: str, *, seed: int = 0) -> None:
        if kind not in KINDS:
            raise ValueError(f"no simulated meter {kind!r}; there are: {', '.join(KINDS)}")
        self.mode, phases, _, contract = kind.split("-")
        self._contract = CONTRACTS[contract]
        self._produces = contract == "producer"
        self._phases = 1 if phases == "single" else 3
        self._subscribed = _SUBSCRIBED[self._phases]
        self._amperes = self._subscribed * 1000 // 200 // self._phases  # subscribed, by phase
        self._household = Household(self._contract, seed)
        self._seed = mix(seed, self._contract.number)
        self._maxima_of = lru_cache(maxsize=4)(self._maxima_of_day)
        self._short_frames = 0
        # 787 has no factor in common with 1,000,000: kinds and the seeds up to 40,000 all get numbers of their own.
        serial = (len(KINDS) * seed + KINDS.index(kind)) * 787 + 104_729
        maker, device = ("03", "61") if self._phases == 1 else ("04", "76")
        self.address = f"{maker}{19 + self._seed % 4}{device}{serial % 1_000_000:06}"
        self._delivery_point = f"{25 * 10**12 + mix(self._seed, KINDS.index(kind)) % 10**12:014}"

    def frame(self, now: datetime) -> bytes:
        """Say what the meter says at this instant; a naive datetime is a ValueError."""
        if now.tzinfo is None:
            raise ValueError("the meter needs to know the time zone of 'now'")
        instant = math.floor(now.timestamp())
        if self.mode == "standard":
            groups = self._standard(instant)
        elif self._is_short(instant):
            groups = self._short(instant)
        else:
            groups = self._historic(instant)
        return _STX + b"".join(groups) + _ETX

    def overload(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Start and end of the overload on the legal day of `now`, in its time zone; one day of eight has none."""
        day = legal_day_at(math.floor(now.timestamp()))
        overload = self._household.day_load(day.number).overload
        if not overload:
            return None
        start, end = (datetime.fromtimestamp(day.start + second, now.tzinfo) for second in overload)
        return start, end

    # What is measured.

    def _volts(self, instant: int, phase: int) -> float:
        """Voltage wanders between a value every ten minutes, and trembles."""
        slot, within = divmod(instant, 600)
        before, after = self._slow_volts(slot, phase), self._slow_volts(slot + 1, phase)
        return before + (after - before) * within / 600 + (mix(self._seed, instant, phase) % 1001 - 500) / 500

    def _slow_volts(self, slot: int, phase: int) -> float:
        return 230 + (mix(self._seed, slot, phase + 10) % 1001 - 500) / 100

    def _active(self, load: DayLoad, step: int, factor: float = 1.0) -> list[float]:
        """W on each phase; negative where the panels give more than the phase takes. They serve all phases alike."""
        drawn, sun = load.drawn[step] * factor, load.sunshine[step]
        if self._phases == 1:
            return [drawn - sun]
        shares: Sequence[float] = _SHARES
        if load.overload and load.overload.start <= load.starts[step] < load.overload.end:
            first = load.chance % 3
            shares = (*_OVERLOAD_SHARES[first:], *_OVERLOAD_SHARES[:first])
        return [drawn * share - sun / 3 for share in shares]

    def _measure(self, instant: int) -> list[_Phase]:
        day = legal_day_at(instant)
        load = self._household.day_load(day.number)
        # Two seconds and the energy of the step is right again: what one has more, the other has less.
        tremble = (mix(self._seed, instant // 2) % 401 - 200) / 10_000 * (1 if instant % 2 else -1)
        active = self._active(load, load.step_at(instant - day.start), 1 + tremble)
        phases = []
        for phase, power in enumerate(active):
            volts, apparent = self._volts(instant, phase), _apparent(power)
            phases.append(_Phase(round(volts), round(abs(apparent) / volts), round(apparent)))
        return phases

    def _maxima(self, day: int, until: int) -> tuple[list[_Maximum], _Maximum]:
        """Highest filtered powers of a day until some second of it: drawn in all and by phase, and fed in."""
        *drawn, fed = (track.until(until) for track in self._maxima_of(day))
        start = legal_day(day).start
        return [_Maximum(power, start + second) for power, second in drawn], _Maximum(fed[0], start + fed[1])

    def _maxima_of_day(self, day: int) -> list[DailyMaximum]:
        load = self._household.day_load(day)
        phases = [[_apparent(power) for power in self._active(load, step)] for step in range(len(load.starts))]
        total = [sum(step) for step in phases]
        drawn = [total, *zip(*phases, strict=True)] if self._phases > 1 else [total]
        tracks = [[max(0.0, power) for power in powers] for powers in drawn] + [[max(0.0, -power) for power in total]]
        return [DailyMaximum(load, track) for track in tracks]

    def _exceeded(self, phases: Sequence[_Phase]) -> list[bool]:
        return [phase.drawn > 0 and phase.amperes > self._amperes for phase in phases]

    # Historic mode.

    def _is_short(self, instant: int) -> bool:
        """Count through the cycles of an overload: three-phase meters hurry then."""
        day = legal_day_at(instant)
        overload = self._household.day_load(day.number).overload
        hurry = overload and overload.start <= instant - day.start < overload.end + _OVERLOAD_ECHO
        if self._phases == 1 or not hurry or self._short_frames == _SHORT_FRAMES:
            self._short_frames = 0
            return False
        self._short_frames += 1
        return True

    def _short(self, instant: int) -> list[bytes]:
        phases = self._measure(instant)
        exceeded = self._exceeded(phases)
        return [
            *(_historic(f"ADIR{i}", f"{p.amperes:03}") for i, p in enumerate(phases, 1) if exceeded[i - 1]),
            _historic("ADCO", self.address),
            *(_historic(f"IINST{i}", f"{p.amperes:03}") for i, p in enumerate(phases, 1)),
        ]

    def _historic(self, instant: int) -> list[bytes]:
        contract, day, phases = self._contract, legal_day_at(instant), self._measure(instant)
        registers = self._household.registers(instant)
        supplier, _ = self._running(instant)
        labels = contract.index_labels
        # A contract that historic mode does not know has one index, the total.
        indexes = registers.supplier if len(labels) > 1 else (sum(registers.supplier),)
        groups = [("ADCO", self.address), ("OPTARIF", contract.option), ("ISOUSC", f"{self._amperes:02}")]
        groups += [(label, f"{index:09}") for label, index in zip(labels, indexes, strict=False)]
        _, announced = contract.peaks(instant)
        if contract.name == "ejp" and announced and announced.start - instant <= _PEJP_NOTICE:
            groups.append(("PEJP", "30"))
        groups.append(("PTEC", contract.periods[supplier - 1].code))
        if contract.name == "tempo":
            groups.append(("DEMAIN", _TEMPO_NAMES[self._colours(instant)[1]]))
        if self._phases == 1:
            amperes = f"{phases[0].amperes:03}"
            groups.append(("IINST", amperes))
            if self._exceeded(phases)[0]:
                groups.append(("ADPS", amperes))
            groups.append(("IMAX", "090"))  # what a Linky says, whatever was drawn
        else:
            groups += [(f"IINST{i}", f"{phase.amperes:03}") for i, phase in enumerate(phases, 1)]
            groups += [(f"IMAX{i}", "060") for i in range(1, 4)]
            yesterday = legal_day(day.number - 1)
            groups.append(("PMAX", f"{self._maxima(yesterday.number, yesterday.length)[0][0].power:05}"))
        groups += [("PAPP", f"{_rounded(max(0, _total(phases))):05}"), ("HHPHC", "A"), ("MOTDETAT", "000000")]
        if self._phases > 1:
            groups.append(("PPOT", "00"))
        return [_historic(label, value) for label, value in groups]

    # Standard mode.

    def _standard(self, instant: int) -> list[bytes]:
        contract, day, phases = self._contract, legal_day_at(instant), self._measure(instant)
        yesterday, tomorrow = legal_day(day.number - 1), legal_day(day.number + 1)
        registers = self._household.registers(instant)
        supplier, _ = self._running(instant)
        period = contract.periods[supplier - 1]
        running, announced = contract.peaks(instant)
        total = _total(phases)
        numbered = list(enumerate(phases, 1))
        maxima, fed_maximum = self._maxima(day.number, instant - day.start)
        maxima_before, fed_maximum_before = self._maxima(yesterday.number, yesterday.length)
        next_profile, next_blocks = contract.day_profiles(tomorrow)

        groups = [
            _standard("ADSC", self.address),
            _standard("VTIC", "02"),
            _standard("DATE", "", instant),
            _standard("NGTF", contract.calendar),
            _standard("LTARF", period.label),
            _standard("EAST", f"{sum(registers.supplier):09}"),
            *(_standard(f"EASF{i:02}", f"{index:09}") for i, index in enumerate(registers.supplier, 1)),
            *(_standard(f"EASD{i:02}", f"{index:09}") for i, index in enumerate(registers.distributor, 1)),
        ]
        if self._produces:
            drawn, fed = registers.imported // 3600, registers.exported // 3600
            reactive = (rate * base // 1000 for rate, base in zip(_REACTIVE, (drawn, fed, fed, drawn), strict=True))
            groups.append(_standard("EAIT", f"{fed:09}"))
            groups += [_standard(f"ERQ{i}", f"{index:09}") for i, index in enumerate(reactive, 1)]
        groups += [_standard(f"IRMS{i}", f"{phase.amperes:03}") for i, phase in numbered]
        groups += [_standard(f"URMS{i}", f"{phase.volts:03}") for i, phase in numbered]
        groups += [_standard(label, f"{self._subscribed:02}") for label in ("PREF", "PCOUP")]
        groups.append(_standard("SINSTS", f"{max(0, total):05}"))
        if self._phases > 1:
            groups += [_standard(f"SINSTS{i}", f"{max(0, phase.drawn):05}") for i, phase in numbered]
        for of_day, suffix in ((maxima, ""), (maxima_before, "-1")):
            names = ("SMAXSN", "SMAXSN1", "SMAXSN2", "SMAXSN3")
            groups += [_maximum(name + suffix, maximum) for name, maximum in zip(names, of_day, strict=False)]
        if self._produces:
            groups.append(_standard("SINSTI", f"{max(0, -total):05}"))
            groups += [_maximum("SMAXIN", fed_maximum), _maximum("SMAXIN-1", fed_maximum_before)]
        groups += self._load_curves(instant)
        slot = instant // 600
        for i, _ in numbered:
            mean = (self._slow_volts(slot - 1, i - 1) + self._slow_volts(slot, i - 1)) / 2
            groups.append(_standard(f"UMOY{i}", f"{round(mean):03}", slot * 600))
        groups.append(_standard("STGE", f"{self._status(instant, phases):08X}"))
        # One peak may run while another of the same number is announced: the next one is what there is to tell.
        for peak in sorted({peak.number: peak for peak in (running, announced) if peak}.values()):
            for label, edge in (("DPM", peak.start), ("FPM", peak.end)):
                # A peak's times carry no season.
                groups.append(_standard(f"{label}{peak.number}", "00", stamp_text=" " + stamp(edge)[1:]))
        groups += [
            _standard("MSG1", _NO_MESSAGE),
            _standard("PRM", self._delivery_point),
            _standard("RELAIS", f"{period.contact_closed:03}"),
            _standard("NTARF", f"{supplier:02}"),
            _standard("NJOURF", f"{contract.day_profiles(day)[0]:02}"),
            _standard("NJOURF+1", f"{next_profile:02}"),
            _standard("PJOURF+1", next_blocks),
        ]
        if announced:
            groups.append(_standard("PPOINTE", announced.profile))
        return groups

    def _load_curves(self, instant: int) -> list[bytes]:
        """Mean active powers of the last two half hours that are complete, stamped with their ends."""
        ends = [(instant // 1800 - back) * 1800 for back in (0, 1)]
        means = [self._household.mean_power(end - 1800, end) for end in ends]
        groups = [_standard(f"CCASN{s}", f"{m[0]:05}", end) for s, m, end in zip(("", "-1"), means, ends, strict=True)]
        if self._produces:
            groups += [
                _standard(f"CCAIN{s}", f"{m[1]:05}", end) for s, m, end in zip(("", "-1"), means, ends, strict=True)
            ]
        return groups

    def _status(self, instant: int, phases: Sequence[_Phase]) -> int:
        """Status register, by bit; what is not here is zero: covers closed, supply on, clock right."""
        supplier, distributor = self._running(instant)
        running, announced = self._contract.peaks(instant)
        today, tomorrow = self._colours(instant)
        return (
            (not self._contract.periods[supplier - 1].contact_closed) << 0
            | any(self._exceeded(phases)) << 7
            | self._produces << 8
            | (_total(phases) < 0) << 9
            | (supplier - 1) << 10
            | (distributor - 1) << 14
            | 1 << 17  # standard mode
            | 0b11 << 19  # Euridis with security
            | 0b10 << 21  # registered on the power line network
            | 1 << 23  # and in step with it
            | today << 24
            | tomorrow << 26
            | (announced.number if announced else 0) << 28
            | (running.number if running else 0) << 30
        )

    # What the clock decides.

    def _running(self, instant: int) -> tuple[int, int]:
        """Numbers of the supplier's and the distributor's register that count now."""
        day = legal_day_at(instant)
        switches = self._contract.switches(day)
        edges = [day.elapsed(switch.clock) for switch in switches]
        switch = switches[bisect_right(edges, instant - day.start) - 1]
        return switch.supplier, switch.distributor

    def _colours(self, instant: int) -> tuple[int, int]:
        """Tempo colours of today and tomorrow; 0 is none, or not announced."""
        if self._contract.name != "tempo":
            return 0, 0
        today, tomorrow = tempo_days(instant)
        return tempo_colour(today), 0 if tomorrow is None else tempo_colour(tomorrow)


def _apparent(active: float) -> float:
    """VA of a power in W; negative when it is fed in."""
    return active / (_POWER_FACTOR_DRAWN if active >= 0 else _POWER_FACTOR_FED)


def _total(phases: Sequence[_Phase]) -> int:
    return sum(phase.drawn for phase in phases)


def _rounded(power: int) -> int:
    """Round to 10 VA."""
    return (power + 5) // 10 * 10


def _maximum(label: str, maximum: _Maximum) -> bytes:
    return _standard(label, f"{maximum.power:05}", maximum.instant)


def _historic(label: str, value: str) -> bytes:
    body = f"{label} {value}".encode()
    return b"\n%b %c\r" % (body, _checksum(body))


def _standard(label: str, value: str, instant: int | None = None, *, stamp_text: str = "") -> bytes:
    stamped = stamp_text or (stamp(instant) if instant is not None else "")
    body = f"{label}\t{stamped}\t{value}\t".encode() if stamped else f"{label}\t{value}\t".encode()
    return b"\n%b%c\r" % (body, _checksum(body))


def _checksum(body: bytes) -> int:
    return (sum(body) & 0x3F) + 0x20
