"""A simulated Linky: the frame that it sends at an instant, in bytes of 7 bits. Pure: no I/O, no clock.

Source: Enedis-NOI-CPT_54E v3: labels, their order and widths in 6.1 (historic) and 6.2 (standard).

::

    group    = LF label SP value SP checksum CR               historic mode
               LF label HT [stamp HT] value HT checksum CR    standard mode

A frame depends only on the kind, the seed and the instant, except for the position in a cycle of short frames. Meters
of one contract and seed measure the same household, in either mode.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime

from reader.simulator.contract import CONTRACTS, ejp_notice, tempo_days
from reader.simulator.french_calendar import legal_day, legal_day_at, mix, stamp, tempo_colour
from reader.simulator.household import FIRST_DAY, Household
from reader.simulator.measurements import Maximum, Measurements, Phase, total_power
from reader.simulator.summary import MinuteSummary, minutes
from reader.tic.decoder import checksum_of

#: Each contract, both modes with one and with three phases, and a producer.
KINDS = (
    "historic-single-phase-base",
    "historic-single-phase-hchp",
    "historic-single-phase-ejp",
    "historic-three-phase-tempo",
    "standard-single-phase-base",
    "standard-single-phase-tempo",
    "standard-single-phase-weekend",
    "standard-three-phase-producer",
)

_STX, _ETX = b"\x02", b"\x03"
_SUBSCRIBED_KVA = {1: 9, 3: 12}  # by number of phases
_SHORT_FRAMES = 20  # in a row, then a long one
_SHORT_FRAMES_AFTER = 60  # seconds after an overload for which a meter still sends short frames
# Reactive energy of Q1 to Q4, in thousandths of the active energy: drawn for Q1 and Q4, fed in for Q2 and Q3.
_REACTIVE = (329, 12, 95, 21)
_TEMPO_NAMES = ("----", "BLEU", "BLAN", "ROUG")
_NO_MESSAGE = "PAS DE          MESSAGE         "


class SimulatedMeter:
    """A meter of one kind; another seed gives another household and another address.

    A `sunny` household has panels and a car, whatever its contract.

    The first frame adds up the days since 2023, which takes 0.1 s on a PC; each further frame takes about 0.1 ms.
    """

    def __init__(self, kind: str, *, seed: int = 0, sunny: bool = False) -> None:
        if kind not in KINDS:
            raise ValueError(f"no simulated meter {kind!r}; there are: {', '.join(KINDS)}")
        self.mode, phases, _, contract = kind.split("-")
        self._contract = CONTRACTS[contract]
        self._produces = sunny or contract == "producer"
        self._phases = 1 if phases == "single" else 3
        self._subscribed = _SUBSCRIBED_KVA[self._phases]
        self._household = Household(self._contract, seed, sunny=sunny)
        self._seed = mix(seed, self._contract.number)
        self._measurements = Measurements(self._household, phases=self._phases, kva=self._subscribed, seed=self._seed)
        self._short_frames = 0
        number = 12 * (self.mode == "standard") + 6 * (self._phases == 3) + self._contract.number - 1  # below 24
        # 787 and 1,000,000 have no common factor, so the numbers are unique for seeds up to 40,000.
        serial = (24 * seed + number) * 787 + 104_729
        maker, device = ("03", "61") if self._phases == 1 else ("04", "76")
        self.address = f"{maker}{19 + self._seed % 4}{device}{serial % 1_000_000:06}"
        self._delivery_point = f"{25 * 10**12 + mix(self._seed, number) % 10**12:014}"

    def frame(self, now: datetime) -> bytes:
        """Return the frame of this instant.

        Raises:
            ValueError: `now` is a naive datetime.
        """
        if now.tzinfo is None:
            raise ValueError("'now' needs a time zone")
        instant = math.floor(now.timestamp())
        if self.mode == "standard":
            groups = self._standard(instant)
        elif self._is_short(instant):
            groups = self._short(instant)
        else:
            groups = self._historic(instant)
        return _STX + b"".join(groups) + _ETX

    def minutes(self, start: datetime, end: datetime) -> Iterator[MinuteSummary]:
        """Yield what the meter says in each minute of [start, end), much faster than by its frames.

        Raises:
            ValueError: one of the two is not at a whole minute, or before the household's first day.
        """
        instants = [math.floor(instant.timestamp()) for instant in (start, end)]
        if any(instant % 60 for instant in instants) or legal_day_at(instants[0]).number < FIRST_DAY:
            raise ValueError(f"whole minutes since 2023 are needed, not {start} to {end}")
        return minutes(self._contract, self._household, self._measurements, *instants)

    def overload(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Return start and end of the overload on the legal day of `now`, in its time zone.

        None on one day of eight.
        """
        day = legal_day_at(math.floor(now.timestamp()))
        overload = self._household.day_load(day.number).overload
        if not overload:
            return None
        start, end = (datetime.fromtimestamp(day.start + second, now.tzinfo) for second in overload)
        return start, end

    # Historic mode.

    def _is_short(self, instant: int) -> bool:
        """Return whether the next frame is a short one: three-phase meters send these during an overload."""
        day = legal_day_at(instant)
        overload = self._household.day_load(day.number).overload
        overloaded = overload and overload.start <= instant - day.start < overload.end + _SHORT_FRAMES_AFTER
        if self._phases == 1 or not overloaded or self._short_frames == _SHORT_FRAMES:
            self._short_frames = 0
            return False
        self._short_frames += 1
        return True

    def _short(self, instant: int) -> list[bytes]:
        phases = self._measurements.measure(instant)
        exceeded = self._measurements.exceeded(phases)
        return [
            *(_historic_group(f"ADIR{i}", f"{p.amperes:03}") for i, p in enumerate(phases, 1) if exceeded[i - 1]),
            _historic_group("ADCO", self.address),
            *(_historic_group(f"IINST{i}", f"{p.amperes:03}") for i, p in enumerate(phases, 1)),
        ]

    def _historic(self, instant: int) -> list[bytes]:
        contract, day, phases = self._contract, legal_day_at(instant), self._measurements.measure(instant)
        registers = self._household.registers(instant)
        supplier, _ = self._running(instant)
        groups = [
            ("ADCO", self.address),
            ("OPTARIF", contract.option),
            ("ISOUSC", f"{self._measurements.subscribed_amperes:02}"),
        ]
        groups += [
            (label, f"{index:09}") for label, index in zip(contract.index_labels, registers.supplier, strict=False)
        ]
        if contract.name == "ejp" and ejp_notice(instant):
            groups.append(("PEJP", "30"))
        groups.append(("PTEC", contract.periods[supplier - 1].code))
        if contract.name == "tempo":
            groups.append(("DEMAIN", _TEMPO_NAMES[self._colours(instant)[1]]))
        if self._phases == 1:
            amperes = f"{phases[0].amperes:03}"
            groups.append(("IINST", amperes))
            if self._measurements.exceeded(phases)[0]:
                groups.append(("ADPS", amperes))
            groups.append(("IMAX", "090"))  # a constant on a Linky
        else:
            groups += [(f"IINST{i}", f"{phase.amperes:03}") for i, phase in enumerate(phases, 1)]
            groups += [(f"IMAX{i}", "060") for i in range(1, 4)]
            yesterday = legal_day(day.number - 1)
            groups.append(("PMAX", f"{self._measurements.maxima(yesterday.number, yesterday.length)[0][0].power:05}"))
        groups += [("PAPP", f"{_rounded(total_power(phases)):05}"), ("HHPHC", "A"), ("MOTDETAT", "000000")]
        if self._phases > 1:
            groups.append(("PPOT", "00"))
        return [_historic_group(label, value) for label, value in groups]

    # Standard mode.

    def _standard(self, instant: int) -> list[bytes]:
        phases = self._measurements.measure(instant)
        return [
            _standard_group("ADSC", self.address),
            _standard_group("VTIC", "02"),
            _standard_group("DATE", "", instant),
            *self._registers(instant),
            *self._powers(instant, phases),
            *self._load_curves(instant),
            *self._mean_voltages(instant),
            _standard_group("STGE", f"{self._status(instant, phases):08X}"),
            *self._calendar(instant),
        ]

    def _registers(self, instant: int) -> list[bytes]:
        """Return the running period and the indexes."""
        registers, (supplier, _) = self._household.registers(instant), self._running(instant)
        groups = [
            _standard_group("NGTF", self._contract.calendar),
            _standard_group("LTARF", self._contract.periods[supplier - 1].label),
            _standard_group("EAST", f"{sum(registers.supplier):09}"),
            *(_standard_group(f"EASF{i:02}", f"{index:09}") for i, index in enumerate(registers.supplier, 1)),
            *(_standard_group(f"EASD{i:02}", f"{index:09}") for i, index in enumerate(registers.distributor, 1)),
        ]
        if self._produces:
            drawn, fed = registers.imported // 3600, registers.exported // 3600
            reactive = (rate * base // 1000 for rate, base in zip(_REACTIVE, (drawn, fed, fed, drawn), strict=True))
            groups.append(_standard_group("EAIT", f"{fed:09}"))
            groups += [_standard_group(f"ERQ{i}", f"{index:09}") for i, index in enumerate(reactive, 1)]
        return groups

    def _powers(self, instant: int, phases: Sequence[Phase]) -> list[bytes]:
        """Return currents, voltages and powers, and the maxima of today and yesterday."""
        day, total, numbered = legal_day_at(instant), total_power(phases), list(enumerate(phases, 1))
        yesterday = legal_day(day.number - 1)
        maxima, fed_maximum = self._measurements.maxima(day.number, instant - day.start)
        maxima_before, fed_maximum_before = self._measurements.maxima(yesterday.number, yesterday.length)
        groups = [_standard_group(f"IRMS{i}", f"{phase.amperes:03}") for i, phase in numbered]
        groups += [_standard_group(f"URMS{i}", f"{phase.volts:03}") for i, phase in numbered]
        groups += [_standard_group(label, f"{self._subscribed:02}") for label in ("PREF", "PCOUP")]
        groups.append(_standard_group("SINSTS", f"{max(0, total):05}"))
        if self._phases > 1:
            groups += [_standard_group(f"SINSTS{i}", f"{max(0, phase.drawn):05}") for i, phase in numbered]
        for of_day, suffix in ((maxima, ""), (maxima_before, "-1")):
            names = ("SMAXSN", "SMAXSN1", "SMAXSN2", "SMAXSN3")
            groups += [_maximum_group(name + suffix, maximum) for name, maximum in zip(names, of_day, strict=False)]
        if self._produces:
            groups.append(_standard_group("SINSTI", f"{max(0, -total):05}"))
            groups += [_maximum_group("SMAXIN", fed_maximum), _maximum_group("SMAXIN-1", fed_maximum_before)]
        return groups

    def _mean_voltages(self, instant: int) -> list[bytes]:
        slot, volts_at = instant // 600, self._measurements.mean_volts_at
        means = [(volts_at(slot - 1, phase) + volts_at(slot, phase)) / 2 for phase in range(self._phases)]
        return [_standard_group(f"UMOY{i}", f"{round(mean):03}", slot * 600) for i, mean in enumerate(means, 1)]

    def _calendar(self, instant: int) -> list[bytes]:
        """Return the mobile peaks, the message, and the programs of today and tomorrow."""
        contract, day, (supplier, _) = self._contract, legal_day_at(instant), self._running(instant)
        running, announced = contract.peaks(instant)
        next_profile, next_blocks = contract.day_profiles(legal_day(day.number + 1))
        groups = []
        # A peak may be running while another of the same number is announced: the announced one is sent.
        for peak in sorted({peak.number: peak for peak in (running, announced) if peak}.values()):
            for label, edge in (("DPM", peak.start), ("FPM", peak.end)):
                # The times of a peak have no season.
                groups.append(_standard_group(f"{label}{peak.number}", "00", stamp_text=" " + stamp(edge)[1:]))
        groups += [
            _standard_group("MSG1", _NO_MESSAGE),
            _standard_group("PRM", self._delivery_point),
            _standard_group("RELAIS", f"{contract.periods[supplier - 1].contact_closed:03}"),
            _standard_group("NTARF", f"{supplier:02}"),
            _standard_group("NJOURF", f"{contract.day_profiles(day)[0]:02}"),
            _standard_group("NJOURF+1", f"{next_profile:02}"),
            _standard_group("PJOURF+1", next_blocks),
        ]
        return groups + ([_standard_group("PPOINTE", announced.profile)] if announced else [])

    def _load_curves(self, instant: int) -> list[bytes]:
        """Return the mean active powers of the last two complete half hours, with their ends as stamps."""
        ends = [(instant // 1800 - back) * 1800 for back in (0, 1)]
        means = [self._household.mean_power(end - 1800, end) for end in ends]
        groups = [
            _standard_group(f"CCASN{s}", f"{m[0]:05}", end) for s, m, end in zip(("", "-1"), means, ends, strict=True)
        ]
        if self._produces:
            groups += [
                _standard_group(f"CCAIN{s}", f"{m[1]:05}", end)
                for s, m, end in zip(("", "-1"), means, ends, strict=True)
            ]
        return groups

    def _status(self, instant: int, phases: Sequence[Phase]) -> int:
        """Return the status register; fields that are not set here are zero: cover closed, supply on, clock right."""
        supplier, distributor = self._running(instant)
        running, announced = self._contract.peaks(instant)
        today, tomorrow = self._colours(instant)
        return (
            (not self._contract.periods[supplier - 1].contact_closed) << 0
            | any(self._measurements.exceeded(phases)) << 7
            | self._produces << 8
            | (total_power(phases) < 0) << 9
            | (supplier - 1) << 10
            | (distributor - 1) << 14
            | 1 << 17  # standard mode
            | 0b11 << 19  # Euridis with security
            | 0b10 << 21  # PLC: registered
            | 1 << 23  # PLC: synchronised
            | today << 24
            | tomorrow << 26
            | (announced.number if announced else 0) << 28
            | (running.number if running else 0) << 30
        )

    # Tariff.

    def _running(self, instant: int) -> tuple[int, int]:
        """Return the numbers of the supplier's and the distributor's running register."""
        day = legal_day_at(instant)
        switch = self._contract.running(day, instant - day.start)
        return switch.supplier, switch.distributor

    def _colours(self, instant: int) -> tuple[int, int]:
        """Return the Tempo colours of today and tomorrow; 0: none, or not announced."""
        if self._contract.name != "tempo":
            return 0, 0
        today, tomorrow = tempo_days(instant)
        return tempo_colour(today), 0 if tomorrow is None else tempo_colour(tomorrow)


def _rounded(power: int) -> int:
    """Round to 10 VA."""
    return (power + 5) // 10 * 10


def _maximum_group(label: str, maximum: Maximum) -> bytes:
    return _standard_group(label, f"{maximum.power:05}", maximum.instant)


def _historic_group(label: str, value: str) -> bytes:
    r"""Return a group of historic mode.

    >>> _historic_group("PAPP", "00750")
    b'\nPAPP 00750 -\r'
    """
    zone = f"{label} {value}".encode()
    return b"\n%b %c\r" % (zone, checksum_of(zone))


def _standard_group(label: str, value: str, instant: int | None = None, *, stamp_text: str = "") -> bytes:
    r"""Return a group of standard mode; with a stamp, if given as an instant or as text.

    >>> _standard_group("VTIC", "02")
    b'\nVTIC\t02\tJ\r'
    """
    stamped = stamp_text or (stamp(instant) if instant is not None else "")
    zone = f"{label}\t{stamped}\t{value}\t".encode() if stamped else f"{label}\t{value}\t".encode()
    return b"\n%b%c\r" % (zone, checksum_of(zone))
