"""`off_peak`: whether the off-peak hours changed or differ from those of the bill, what that costs, and the proof."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from common.contract.offers import Window
from monitor.api.call import Call, Route
from monitor.api.parameters import METER
from monitor.api.schemas import COUNT, DAY, FLAG, NUMBER, TEXT, described, maybe, record, several
from monitor.cost.contracts import written_off_peak
from monitor.cost.windows_effect import WindowsEffect
from monitor.patterns.off_peak_change import Night, OffPeakChange, same_windows
from monitor.patterns.off_peak_windows import Windows, clocks, times
from monitor.readings.periods import ContractLine, OffPeak
from monitor.text.formats import ten_thousandths

_BEFORE = timedelta(days=14)  # nights before a change, that show what was usual
_USUAL = 30  # nights, where nothing changed


def answer(call: Call) -> dict[str, Any]:
    """Return the last change of the off-peak hours, and the nights that show it."""
    meter, upkeep = call.meter(), call.answers.upkeep
    lines = call.answers.costs.lines(meter)
    nights = upkeep.off_peak_nights(meter, call.now)
    change = upkeep.off_peak_change(nights)
    against = upkeep.off_peak_against_contract(meter, nights, call.now)
    effect, differs = None, change or against
    if differs is not None:
        before = differs.since - timedelta(1) if change is not None else differs.since
        old = _seasons(lines, differs.old, before) or OffPeak(*[_windows(differs.old)] * 2)
        new = _seasons(lines, differs.new, differs.since) or OffPeak(*[_windows(differs.new)] * 2)
        effect = call.answers.offers.windows_effect(meter, old, new, call.now)
    written = written_off_peak(lines, call.now.astimezone(call.config.time_zone).date())
    return {
        "meter": meter.identifier,
        "change": None if change is None else _change(change, lines, change.since - timedelta(1)),
        "against": None if against is None else _change(against, lines, against.since),
        "written": None if written is None else _season_object(written),
        "effect": None if effect is None else _effect(effect, call),
        "nights": [_night(night, lines) for night in _shown(nights, [change, against])],
    }


def _shown(nights: Sequence[Night], changes: Sequence[OffPeakChange | None]) -> Sequence[Night]:
    begins = [change.since for change in changes if change is not None]
    return [night for night in nights if night.day >= min(begins) - _BEFORE] if begins else nights[-_USUAL:]


def _windows(windows: Windows) -> tuple[Window, ...]:
    return tuple(Window(start, end) for start, end in windows)


def _seasons(lines: Sequence[ContractLine], observed: Windows, day: date) -> OffPeak | None:
    """Return what the user wrote down for a day, with both seasons, if it is what the meter showed."""
    written = written_off_peak(lines, day)
    return written if written is not None and same_windows(times(written.at(day)), observed) else None


def _season_object(written: OffPeak) -> dict[str, str]:
    return {"winter": clocks(times(written.winter)), "summer": clocks(times(written.summer))}


def _change(change: OffPeakChange, lines: Sequence[ContractLine], old_day: date) -> dict[str, Any]:
    sides = (("old", change.old, old_day), ("new", change.new, change.since))
    written = {name: _seasons(lines, windows, day) for name, windows, day in sides}
    return {
        "since": change.since.isoformat(),
        "nights": change.nights,
        "old": clocks(change.old),
        "new": clocks(change.new),
        **{f"{name}_seasons": None if one is None else _season_object(one) for name, one in written.items()},
    }


def _effect(effect: WindowsEffect, call: Call) -> dict[str, Any]:
    first, end = (moment.astimezone(call.config.time_zone).date() for moment in (effect.start, effect.end))
    offer = call.answers.prices.offer(effect.offer)
    return {
        "days": (end - first).days,
        "offer": effect.offer if offer is None else offer.title,
        "old_wh": round(effect.old.off_peak_wh),
        "new_wh": round(effect.new.off_peak_wh),
        "difference": ten_thousandths(effect.difference),
    }


def _night(night: Night, lines: Sequence[ContractLine]) -> dict[str, Any]:
    written = written_off_peak(lines, night.day)
    agrees = None if written is None else same_windows(times(written.at(night.day)), night.windows)
    return {
        "day": night.day.isoformat(),
        "windows": clocks(night.windows),
        "exact": night.exact,
        "written": None if written is None else clocks(times(written.at(night.day))),
        "agrees": agrees if night.exact else None,
    }


_WINDOWS = described("such as 22:00–06:00, 12:30–15:30", TEXT)
_BY_SEASON = {"winter": _WINDOWS, "summer": described("from 1 April to 31 October", TEXT)}
_CHANGE = {
    "since": DAY,
    "nights": described("that had the new ones", COUNT),
    "old": _WINDOWS,
    "new": _WINDOWS,
    "old_seasons": maybe(record(_BY_SEASON), "those of both seasons, as written in `contracts`; null: not written"),
    "new_seasons": maybe(record(_BY_SEASON), "the same"),
}
_SCHEMA = record(
    {
        "meter": TEXT,
        "change": maybe(record(_CHANGE), "the last one that the meter showed on three same nights; null: none"),
        "against": maybe(
            record(_CHANGE), "how the last nights differ (new) from what `contracts` says (old); null: they do not"
        ),
        "written": maybe(record(_BY_SEASON), "the off-peak hours of today's line of `contracts`"),
        "effect": maybe(
            record(
                {
                    "days": described("up to the last one of which no hour may change any more", COUNT),
                    "offer": TEXT,
                    "old_wh": described("drawn in the off-peak hours of before", COUNT),
                    "new_wh": described("in the new ones", COUNT),
                    "difference": described("1e-4 EUR, taxes included, more than before; negative: less", NUMBER),
                }
            ),
            "the lived curve with the hours of before and with the new ones, at today's prices; null: not known, or the"
            " offer does not follow them",
        ),
        "nights": several(
            record(
                {
                    "day": described("on which the night begins, at 09:00", DAY),
                    "windows": described("as the meter switched", TEXT),
                    "exact": described("to the minute; else only the hours are kept", FLAG),
                    "written": maybe(TEXT, "as `contracts` says"),
                    "agrees": maybe(FLAG, "both are the same, within two minutes"),
                }
            ),
            "of which all switches were seen, from two weeks before the change on",
        ),
    }
)
ROUTE = Route(
    "off_peak",
    "Have the off-peak hours changed? Since when, what that costs, and the nights that show it.",
    (METER,),
    answer,
    _SCHEMA,
)
