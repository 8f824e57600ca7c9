"""Writes alerts for people: a line for the page and for lists, and the title and body of a notification. Pure."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from common.contract.frame import parse_time
from common.contract.offers import COLOURS
from common.contract.tariff import capitalise
from common.runtime.logs import printable
from monitor.alerts.events import BEGIN, Event, Notification
from monitor.alerts.texts import TEXTS as ALERT_TEXTS
from monitor.base.alert_settings import KINDS
from monitor.base.formats import Formats, length, unbroken
from monitor.base.household import House
from monitor.base.texts import TEXTS

log = logging.getLogger(__name__)

_WHOLE_EUROS_FROM = 10  # below, cents matter
_PLACES = {
    "overload": "", "silent": "etat", "power_cut": "jour/{day}", "red": "contrats", "white": "contrats",
    "off_peak": "contrats", "budget": "bilan", "feed_in": "jour/{day}", "backup": "etat", "disk": "etat",
    "loss": "etat", "prices": "contrats",
}  # fmt: skip


class AlertFormats(Formats):
    """Formats that have the texts of alerts, too."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        super().__init__(language, zone)
        self._texts = {**self._texts, **ALERT_TEXTS[language]}


def rule_name(kind: str, language: str) -> str:
    """Return what a kind of alert is called."""
    return KINDS[kind].fr if language == "fr" else KINDS[kind].en


def meter_names(meters: Iterable[str], houses: Sequence[House], language: str) -> dict[str, str]:
    """Return the name of each meter, by identifier: that of its house, else one with its address."""
    named = {house.address: house.name for house in houses}
    return {meter: named.get(meter) or TEXTS[language]["meter"].format(address=meter) for meter in meters}


def line(event: Event, language: str, zone: ZoneInfo, names: Mapping[str, str]) -> str:
    """Return what is the matter, or was; of what lasts without when. It has no full stop.

    `names` has all meters by identifier: which one it is, is said where there are several.
    """
    formats = AlertFormats(language, zone)
    return _of_meter(event, _say(event, "line", formats), formats, names)


def title_and_body(
    notification: Notification, language: str, zone: ZoneInfo, names: Mapping[str, str], page: str | None, now: datetime
) -> tuple[str, str]:
    """Return the text of a notification; the body ends with a link to a place of `page`, if there is one."""
    event, formats = notification.event, AlertFormats(language, zone)
    end = "" if notification.phase == BEGIN else "end_"
    is_today = event.figures.get("day") == now.astimezone(zone).date().isoformat()
    title = _say(event, "today_title" if is_today else f"{end}title", formats)
    body = _say(event, f"{end}body", formats)
    link = "" if page is None else f"\n{page.rstrip('/')}/{_place(event, zone, names)}"
    return _of_meter(event, title, formats, names), body + link


def place(event: Event, zone: ZoneInfo) -> str:
    """Return the place of the page that shows more of an event."""
    return _PLACES[event.kind].format(day=event.began.astimezone(zone).date())


def _place(event: Event, zone: ZoneInfo, names: Mapping[str, str]) -> str:
    found = place(event, zone)
    return f"{found}?compteur={event.meter}" if _is_one_of_several(event, names) else found


def _is_one_of_several(event: Event, names: Mapping[str, str]) -> bool:
    return len(names) > 1 and event.meter in names


def _of_meter(event: Event, text: str, formats: Formats, names: Mapping[str, str]) -> str:
    if not _is_one_of_several(event, names):
        return text
    return f"{printable(names[event.meter])} · {text}"


def _say(event: Event, part: str, formats: Formats) -> str:
    """Return a text: that of the variant of an event, if it has an own one; the line where there is no title."""
    own, common = f"alert_{event.kind}_{_variant(event.figures)}", f"alert_{event.kind}"
    keys = [f"{own}_{part}", f"{common}_{part}", f"{own}_line", f"{common}_line"]
    key = next((key for key in keys if key in ALERT_TEXTS[formats.language]), keys[0])
    try:
        text = formats.text(key, **_VALUES[event.kind](event, event.figures, formats))
    except Exception:  # its name is better than no notification; another version may have kept other figures
        log.exception("No text %s of the alert %s", key, event.id)
        return rule_name(event.kind, formats.language)
    return unbroken(text, formats.language)


def _variant(figures: Mapping[str, Any]) -> str:
    if figures.get("reminder"):
        return "reminder"
    return str(figures.get("link") or figures.get("against"))


# -- the values of texts, by kind --------------------------------------------------------------------------------------


def _overload_rule(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    return {
        "power": _unit(figures["power"], "VA", f),
        "limit": _unit(figures["limit"], "VA", f),
        "phase": _phase(figures, f),
        "length": length(int(((event.ended or event.began) - event.began).total_seconds()), f),
    }


def _silent(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    since = parse_time(figures["since"])
    return {"since": f.clock(since), "times": _times(since, event.ended or since, f)}


def _power_cut(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    return {"length": length(60 * figures["minutes"], f), "times": _stretch(figures, f)}


def _tempo(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    price, day = figures["price"], f.long_day(date.fromisoformat(figures["day"]))
    return {
        "day": day,
        "capital_day": capitalise(day),
        "price": "" if price is None else f.text("alert_price", price=f.money(_eur(price))),
        "colour": COLOURS[figures["colour"]].names[f.language].lower() if "colour" in figures else "",
    }


def _off_peak(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    return {
        "since": f.long_day(date.fromisoformat(figures["since"])),
        "old": figures["old"],
        "new": figures["new"],
    }


def _budget(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    low, high = figures["low"], figures["high"]
    from_low = _number(low, f) if f.language == "fr" else _euros(low, f)
    between = f.text("alert_range", low=from_low, high=_euros(high, f))
    return {
        "expected": _euros(figures["expected"], f),
        "range": between if low < high else "",
        "budget": _euros(figures["budget"], f),
    }


def _feed_in(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    return {"days": _count("day", figures["days"], f), "usual": f.energy(figures["usual_wh"])}


def _backup(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    last = parse_time(figures["last"]).astimezone(f.zone).date()
    return {"days": _count("day", figures["days"], f), "last": f.long_day(last)}


def _disk(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    free = Decimal(figures["free"]) / 1_000_000_000
    return {
        "days": _count("day", figures["days"], f),
        "free": f"{f.number(free, 1)}\u202f{'Go' if f.language == 'fr' else 'GB'}",
    }


def _loss(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    return {"frames": f.number(Decimal(figures["frames"]), 0), "times": _stretch(figures, f)}


def _prices(event: Event, figures: Mapping[str, Any], f: Formats) -> dict[str, str]:
    return {
        "months": _count("month", figures["months"], f),
        "oldest": f.calendar_day(date.fromisoformat(figures["oldest"])),
        "name": f.offer(figures["name"]),
    }


_VALUES: Mapping[str, Callable[[Event, Mapping[str, Any], Formats], dict[str, str]]] = {
    "overload": _overload_rule, "silent": _silent, "power_cut": _power_cut, "red": _tempo, "white": _tempo,
    "off_peak": _off_peak, "budget": _budget, "feed_in": _feed_in, "backup": _backup, "disk": _disk, "loss": _loss,
    "prices": _prices,
}  # fmt: skip


# -- pieces ------------------------------------------------------------------------------------------------------------


def _unit(value: float, unit: str, f: Formats) -> str:
    return f"{f.number(Decimal(value), 0)}\u202f{unit}"


def _eur(amount: int) -> Decimal:
    return Decimal(amount) / 10_000


def _euros(amount: int, f: Formats) -> str:
    """Write an amount of 1e-4 EUR: `5,70 €`, `135 €`."""
    eur = _eur(amount)
    return f.money(eur) if abs(eur) < _WHOLE_EUROS_FROM else f.euros(eur)


def _number(amount: int, f: Formats) -> str:
    """Write an amount of 1e-4 EUR without its sign: `5,70`, `135`."""
    eur = _eur(amount)
    return f.number(eur, 2 if abs(eur) < _WHOLE_EUROS_FROM else 0)


def _phase(figures: Mapping[str, Any], f: Formats) -> str:
    return "" if figures["phase"] is None else f.text("alert_phase", phase=figures["phase"])


def _count(unit: str, count: int, f: Formats) -> str:
    return f.text(f"alert_{unit}" if count == 1 else f"alert_{unit}s", count=count)


def _stretch(figures: Mapping[str, Any], f: Formats) -> str:
    return _times(parse_time(figures["start"]), parse_time(figures["end"]), f, dated=True)


def _times(start: datetime, end: datetime, f: Formats, *, dated: bool = False) -> str:
    """Write a stretch of time; its day where there are two, or where it is `dated`."""
    first, last = (moment.astimezone(f.zone).date() for moment in (start, end))
    clocks = {"start": f.clock(start), "end": f.clock(end)}
    if first != last:
        return f.text("alert_days_times", **clocks, first=f.long_day(first), last=f.long_day(last))
    return f.text("alert_day_times", **clocks, day=f.long_day(first)) if dated else f.text("alert_times", **clocks)
