"""Tempo: the colour of tomorrow once it is firm, that of today, and those of the days before in the running season.

RTE's public page is asked; where it fails, api-couleur-tempo.fr. RTE may change the colour of tomorrow until 10:30, so
it is not taken before. An answer of other days, or one that the rules of Tempo do not allow, is refused as a whole.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.contract.offers import COLOURS, TEMPO
from monitor.fetch.client import Client, FetchFailed
from monitor.fetch.provider import Ask, Fetched, Provider, Rows
from monitor.money.calendars import Calendars
from monitor.money.tempo import RED, WHITE, first_day, season_of

RTE, SECOND = "www.services-rte.com", "www.api-couleur-tempo.fr"
FIRM = time(10, 30)  # local: from then on the colour of tomorrow is decided
_OFTEN_UNTIL = time(12)
_OFTEN, _SELDOM = 900.0, 3600.0  # seconds between two attempts, as long as tomorrow is not known
_DAY = timedelta(days=1)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FALLBACK = "-fallback"
_WORDS = {"BLUE": "blue", "WHITE": "white", "RED": "red"}
_UNKNOWN_WORDS = ("", "-", "NOT_DEFINED", "UNDEFINED", "UNKNOWN")
_CODES = {1: "blue", 2: "white", 3: "red"}
_NUMBERS = {colour: float(number) for number, colour in _CODES.items()}
_RULES = Calendars()
_UNTIL = "until"  # in `kept`: the last day up to which each colour of the season is stored

Colours = dict[date, str]


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return when a Tempo day begins, UTC."""
    return datetime.combine(day, TEMPO.day_starts, zone).astimezone(UTC)


def not_understood(fr: str, en: str) -> FetchFailed:
    """Return the refusal of an answer."""
    return FetchFailed("not_understood", fr, en)


def _fetch(client: Client, ask: Ask) -> Fetched:
    local = ask.now.astimezone(ask.zone)
    today, is_firm = local.date(), local.time() >= FIRM
    rows: list[Rows] = []
    fr = en = ""
    source = RTE
    try:
        colours = _two_days(client, today)
    except FetchFailed as failed:
        source = SECOND
        try:
            colours = _second(client, today, is_firm=is_firm)
        except FetchFailed:
            raise failed from None
        fr, en = f"{failed.fr} D’après {SECOND} : ", f"{failed} According to {SECOND}: "
    if not is_firm:
        colours.pop(today + _DAY, None)
    until = _kept_until(ask.kept)
    if source == RTE and (until is None or until < today - _DAY):
        try:
            colours = _season(client, today) | colours
            until = today
        except FetchFailed as failed:
            fr += f"Jours passés de la saison : {_lower(failed.fr)} "
            en += f"Past days of the season: {_lower(str(failed))} "
    known = [day for day in (today, today + _DAY) if day in colours]
    if until is not None and until >= today - _DAY and known and today in colours:
        until = max(until, known[-1])
    rows.append(Rows("tempo", source, {day_start(day, ask.zone): _NUMBERS[colours[day]] for day in sorted(colours)}))
    kept = dict(ask.kept) | ({} if until is None else {_UNTIL: until.isoformat()})
    return Fetched(
        rows if colours else (),
        kept=kept,
        again=_again(local, is_firm=is_firm, is_known=today + _DAY in colours),
        fr=fr + _said(colours, today, "fr"),
        en=en + _said(colours, today, "en"),
    )


def _again(local: datetime, *, is_firm: bool, is_known: bool) -> float | None:
    if not is_firm:  # the second of this attempt spreads the next ones over a quarter of an hour
        due = datetime.combine(local.date(), FIRM, local.tzinfo) + timedelta(seconds=60 + 14 * local.second)
        return (due.astimezone(UTC) - local.astimezone(UTC)).total_seconds()
    if is_known:
        return None
    return _OFTEN if local.time() < _OFTEN_UNTIL else _SELDOM


def _kept_until(kept: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(kept[_UNTIL])
    except (KeyError, TypeError, ValueError):
        return None


def _said(colours: Mapping[date, str], today: date, language: str) -> str:
    words = {"fr": ("aujourd’hui", "demain", "inconnu"), "en": ("today", "tomorrow", "unknown")}[language]
    parts = []
    for word, day in zip(words, (today, today + _DAY), strict=False):
        colour = colours.get(day)
        parts.append(f"{word} {words[2] if colour is None else COLOURS[colour].names[language].lower()}")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# -- RTE ---------------------------------------------------------------------------------------------------------------


def _two_days(client: Client, today: date) -> Colours:
    found = _of_rte(client.get(RTE, "/cms/open_data/v1/tempoLight").json())
    if today not in found or any(not today - _DAY <= day <= today + _DAY for day in found):
        raise not_understood("RTE a répondu pour d’autres jours.", "RTE answered for other days.")
    return _allowed(found, "RTE")


def _season(client: Client, today: date) -> Colours:
    """Return the colours of the running season up to today."""
    year = season_of(today)
    query = {"season": f"{year}-{year + 1}"}
    found = _of_rte(client.get(RTE, "/cms/open_data/v1/tempo", query).json())
    if any(season_of(day) != year for day in found) or not found:
        raise not_understood("RTE a répondu pour une autre saison.", "RTE answered for another season.")
    past = _allowed({day: colour for day, colour in found.items() if day <= today}, "RTE")
    counts = Counter(past.values())
    if counts["red"] > RED or counts["white"] > WHITE or min(found) != first_day(year):
        raise not_understood("RTE a répondu par une saison impossible.", "RTE answered with an impossible season.")
    return past


def _of_rte(document: Any) -> dict[date, str | None]:
    """Return the colour of each day that a document of RTE names; None: not decided."""
    values = document.get("values") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise _unreadable("RTE")
    found: dict[date, str | None] = {}
    for key, word in values.items():
        if not _DATE.fullmatch(key):
            if not key.endswith(_FALLBACK):
                raise _unreadable("RTE")
            continue
        fallback = values.get(key + _FALLBACK, False)
        if not isinstance(fallback, bool):
            fallback = str(fallback).strip().lower() != "false"
        found[_date(key)] = None if fallback else _colour_of_word(word)
    return found


def _colour_of_word(word: Any) -> str | None:
    if word is None or word in _UNKNOWN_WORDS:
        return None
    if not isinstance(word, str) or word not in _WORDS:
        raise _unreadable("RTE")
    return _WORDS[word]


# -- api-couleur-tempo.fr ----------------------------------------------------------------------------------------------


def _second(client: Client, today: date, *, is_firm: bool) -> Colours:
    days = {"today": today, **({"tomorrow": today + _DAY} if is_firm else {})}
    found: dict[date, str | None] = {}
    for name, day in days.items():
        document = client.get(SECOND, f"/api/jourTempo/{name}").json()
        if not isinstance(document, dict) or not isinstance(document.get("dateJour"), str):
            raise _unreadable(SECOND)
        if _date(document["dateJour"]) != day:
            raise not_understood(f"{SECOND} a répondu pour un autre jour.", f"{SECOND} answered for another day.")
        code = document.get("codeJour")
        if isinstance(code, bool) or str(code) not in ("0", "1", "2", "3"):
            raise _unreadable(SECOND)
        found[day] = _CODES.get(int(str(code)))
    return _allowed(found, SECOND)


def _allowed(found: Mapping[date, str | None], who: str) -> Colours:
    """Return the colours that are known, if Tempo can have them."""
    colours = {day: colour for day, colour in found.items() if colour is not None}
    for day, colour in colours.items():
        if _RULES.cannot_be(TEMPO.id, day, colour):
            name = {language: COLOURS[colour].names[language].lower() for language in ("fr", "en")}
            raise not_understood(
                f"{who} annonce un jour {name['fr']} le {day:%d/%m/%Y}, ce que Tempo exclut.",
                f"{who} announces a {name['en']} day on {day}, which Tempo rules out.",
            )
    return colours


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise not_understood("La réponse a une date illisible.", "The answer has an unreadable date.") from error


def _unreadable(who: str) -> FetchFailed:
    return not_understood(f"La réponse de {who} est illisible.", f"The answer of {who} cannot be read.")


PROVIDER = Provider("tempo", (RTE, SECOND), (time(10, 31), time(10, 45)), 60, _fetch)
