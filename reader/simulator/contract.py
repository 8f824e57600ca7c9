"""The contracts of simulated meters: tariff periods, when they run, and their names. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from reader.simulator.french_calendar import BLUE, HOUR, RED, LegalDay, legal_day, legal_day_at, tempo_colour

TEMPO_ANNOUNCED_AT = 20 * HOUR
TEMPO_CHANGES_AT = 6 * HOUR
EJP_BEGINS_AT, EJP_ENDS_AT = 7 * HOUR, 1 * HOUR  # of the day after
_EJP_NOTICE = 30 * 60  # seconds
_PROFILE_BLOCKS = 11  # of PJOURF+1 and PPOINTE


class Period(NamedTuple):
    """A tariff period: one supplier register."""

    label: str  # LTARF, 16 characters; standard mode
    code: str  # PTEC; historic mode
    contact_closed: bool  # state of the dry contact, which switches a water heater
    share: int  # percent of the energy that was counted before the simulation


class Switch(NamedTuple):
    """From this legal time on, these registers are running (numbers from 1)."""

    clock: int
    supplier: int
    distributor: int


class Peak(NamedTuple):
    """A mobile peak, which is announced the evening before."""

    number: int  # of DPMn and FPMn
    start: int
    end: int
    profile: str  # PPOINTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The program of the meter."""

    name: str
    number: int
    calendar: str = ""  # NGTF, 16 characters; standard mode
    option: str = ""  # OPTARIF; historic mode
    index_labels: tuple[str, ...] = ()  # historic mode
    periods: tuple[Period, ...]
    switches: Callable[[LegalDay], tuple[Switch, ...]]  # of a day; the first is at midnight
    day_profiles: Callable[[LegalDay], tuple[int, str]] = lambda _: (0, _profile("00008001"))  # NJOURF, PJOURF
    peaks: Callable[[int], tuple[Peak | None, Peak | None]] = lambda _: (None, None)  # running, announced
    hot_water_at: int = 1 * HOUR + 30 * 60  # start of the water heater: at the off-peak hours, if any

    def running(self, day: LegalDay, elapsed: int) -> Switch:
        """Return the registers that run at a second of a day."""
        return next(switch for switch in reversed(self.switches(day)) if day.elapsed(switch.clock) <= elapsed)


def _profile(*blocks: str) -> str:
    """Format a day profile; a block is HHMM, the dry contact (8 open, C closed, 4 as for Tempo), and the register."""
    return " ".join([*blocks, *["NONUTILE"] * (_PROFILE_BLOCKS - len(blocks))])


def _high_season(day: LegalDay) -> bool:
    """Return whether the day is in the distributor's high season: November to March."""
    return day.date.month in (11, 12, 1, 2, 3)


def _distributor(day: LegalDay, *, off_peak: bool) -> int:
    """Return the distributor's register: off-peak and peak hours are 1 and 2 in the low season, 3 and 4 in the high."""
    return 1 + 2 * _high_season(day) + (not off_peak)


def _one_register(_: LegalDay) -> tuple[Switch, ...]:
    return (Switch(0, 1, 1),)


# Off-peak hours differ from meter to meter, and seldom start on the hour.
_OFF_PEAK_WINDOWS = ((1 * HOUR + 56 * 60, 6 * HOUR + 56 * 60), (14 * HOUR + 26 * 60, 17 * HOUR + 26 * 60))


@lru_cache(maxsize=4)
def _windows(day: LegalDay, *, off_peak: int, peak: int) -> tuple[Switch, ...]:
    low, high = (_distributor(day, off_peak=which) for which in (True, False))
    switches = [Switch(0, peak, high)]
    for start, end in _OFF_PEAK_WINDOWS:
        switches += [Switch(start, off_peak, low), Switch(end, peak, high)]
    return tuple(switches)


def _off_peak_and_peak(day: LegalDay) -> tuple[Switch, ...]:
    return _windows(day, off_peak=1, peak=2)


def _week_end(day: LegalDay) -> tuple[Switch, ...]:
    return _windows(day, off_peak=3, peak=3) if day.weekday >= 5 else _off_peak_and_peak(day)


@lru_cache(maxsize=4)
def _tempo(day: LegalDay) -> tuple[Switch, ...]:
    yesterday, today = tempo_colour(day.number - 1), tempo_colour(day.number)
    low, high = (_distributor(day, off_peak=which) for which in (True, False))
    return (
        Switch(0, 2 * yesterday - 1, low),
        Switch(TEMPO_CHANGES_AT, 2 * today, high),
        Switch(22 * HOUR, 2 * today - 1, low),
    )


def _tempo_peak(number: int) -> Peak | None:
    """Return the mobile peak of a tariff day: 1 is white, 2 is red."""
    colour = tempo_colour(number)
    if colour == BLUE:
        return None
    day, after = legal_day(number), legal_day(number + 1)
    low, high = 2 * colour - 1, 2 * colour
    return Peak(
        colour - 1,
        day.start + day.elapsed(TEMPO_CHANGES_AT),
        after.start + after.elapsed(TEMPO_CHANGES_AT),
        _profile(f"0000400{low}", f"0600400{high}", f"2200400{low}"),
    )


def tempo_days(instant: int) -> tuple[int, int | None]:
    """Return the number of the current tariff day, and of the next one if its colour is announced."""
    day = legal_day_at(instant)
    since_midnight = instant - day.start
    if since_midnight < day.elapsed(TEMPO_CHANGES_AT):
        return day.number - 1, day.number
    return day.number, day.number + 1 if since_midnight >= day.elapsed(TEMPO_ANNOUNCED_AT) else None


def _tempo_peaks(instant: int) -> tuple[Peak | None, Peak | None]:
    today, tomorrow = tempo_days(instant)
    return _tempo_peak(today), None if tomorrow is None else _tempo_peak(tomorrow)


@lru_cache(maxsize=4)
def _ejp(day: LegalDay) -> tuple[Switch, ...]:
    # EJP has as many days as Tempo has red ones, in the same months; the simulator uses the same days.
    normal = Switch(0, 1, _distributor(day, off_peak=True))
    peak = Switch(0, 2, _distributor(day, off_peak=False))
    switches = [normal]
    if tempo_colour(day.number - 1) == RED:
        switches = [peak, normal._replace(clock=EJP_ENDS_AT)]
    if tempo_colour(day.number) == RED:
        switches.append(peak._replace(clock=EJP_BEGINS_AT))
    return tuple(switches)


def ejp_notice(instant: int) -> bool:
    """Return whether a peak of EJP starts within half an hour."""
    day = legal_day_at(instant)
    return tempo_colour(day.number) == RED and 0 < day.elapsed(EJP_BEGINS_AT) - (instant - day.start) <= _EJP_NOTICE


_WORKDAY = _profile("00008002", "0156C001", "06568002", "1426C001", "17268002")

_CONTRACTS = (
    Contract(
        name="base",
        number=1,
        calendar="      BASE      ",
        option="BASE",
        index_labels=("BASE",),
        periods=(Period("      BASE      ", "TH..", False, 100),),
        switches=_one_register,
    ),
    Contract(
        name="hchp",
        number=2,
        option="HC..",
        index_labels=("HCHC", "HCHP"),
        periods=(Period("", "HC..", True, 38), Period("", "HP..", False, 62)),
        switches=_off_peak_and_peak,
        hot_water_at=_OFF_PEAK_WINDOWS[0][0],
    ),
    Contract(
        name="tempo",
        number=3,
        calendar="     TEMPO      ",
        option="BBR(",
        index_labels=("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
        periods=(
            Period("    HC  BLEU    ", "HCJB", True, 34),
            Period("    HP  BLEU    ", "HPJB", False, 43),
            Period("   HC  BLANC    ", "HCJW", True, 6),
            Period("   HP  BLANC    ", "HPJW", False, 9),
            Period("   HC  ROUGE    ", "HCJR", True, 3),
            Period("   HP  ROUGE    ", "HPJR", False, 5),
        ),
        switches=_tempo,
        day_profiles=lambda _: (0, _profile("00004001", "06004002", "22004001")),
        peaks=_tempo_peaks,
        hot_water_at=22 * HOUR,
    ),
    Contract(
        name="ejp",
        number=4,
        option="EJP.",
        index_labels=("EJPHN", "EJPHPM"),
        periods=(Period("", "HN..", True, 93), Period("", "PM..", False, 7)),
        switches=_ejp,
    ),
    Contract(
        name="weekend",
        number=5,
        calendar="HC et Week-End  ",
        periods=(
            Period(" HEURE  CREUSE  ", "", True, 28),
            Period(" HEURE  PLEINE  ", "", False, 41),
            Period(" HEURE WEEK-END ", "", True, 31),
        ),
        switches=_week_end,
        day_profiles=lambda day: (1, _profile("0000C003")) if day.weekday >= 5 else (0, _WORKDAY),
        hot_water_at=_OFF_PEAK_WINDOWS[0][0],
    ),
    Contract(
        name="producer",
        number=6,
        calendar="   PRODUCTEUR   ",
        periods=(Period(" INDEX NON CONSO", "", False, 100),),
        switches=_one_register,
    ),
)

CONTRACTS = {contract.name: contract for contract in _CONTRACTS}
