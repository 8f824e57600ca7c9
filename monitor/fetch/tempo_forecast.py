"""Which colour a Tempo day in two to nine days will probably have: a chance, never a fact.

Open DPE publishes one colour a day and its chance. A day that Tempo rules out is left out. A colour that was stored for
a day and is not its colour any more gets the chance 0, so that the largest chance is that of the newest answer.
"""

import math
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from common.contract.offers import COLOURS, TEMPO
from monitor.fetch.client import Client
from monitor.fetch.provider import Ask, Fetched, Provider, Rows
from monitor.fetch.tempo import day_start, not_understood
from monitor.money.calendars import Calendars

HOST = "open-dpe.fr"
#: Whom the page has to name beside what it shows, by source.
NAMED = {HOST: "Open DPE"}
FIRST, LAST = 2, 9  # days ahead
_COLOURS = {colour.names["fr"].lower(): name for name, colour in COLOURS.items()}
_RULES = Calendars()
_SAID = "chances"  # in `kept`: the colour that was stored for each day


def _fetch(client: Client, ask: Ask) -> Fetched:
    today = ask.now.astimezone(ask.zone).date()
    document = client.get(HOST, "/assets/tempo_days_lite.json").json()
    if not isinstance(document, list):
        raise not_understood("La réponse d’Open DPE est illisible.", "The answer of Open DPE cannot be read.")
    told = dict(_entry(entry) for entry in document)
    first, last = today + timedelta(FIRST), today + timedelta(LAST)
    coming = {day: found for day, found in told.items() if first <= day <= last}
    if not coming:
        raise not_understood("Open DPE a répondu pour d’autres jours.", "Open DPE answered for other days.")
    chances = {
        day: (colour, chance) for day, (colour, chance) in coming.items() if not _RULES.cannot_be(TEMPO.id, day, colour)
    }
    values: dict[str, dict[date, float]] = {colour: {} for colour in COLOURS}
    before = {day: colour for day, colour in _before(ask.kept).items() if day >= first}
    for day, colour in before.items():
        if day not in chances or chances[day][0] != colour:
            values[colour][day] = 0.0
    for day, (colour, chance) in chances.items():
        values[colour][day] = chance
    return Fetched(
        [
            Rows(f"tempo_{colour}", HOST, {day_start(day, ask.zone): of_day[day] for day in sorted(of_day)})
            for colour, of_day in values.items()
            if of_day
        ],
        kept={**ask.kept, _SAID: {day.isoformat(): colour for day, (colour, _) in sorted(chances.items())}},
        fr=f"Open DPE : prévisions de {len(chances)} jours.",
        en=f"Open DPE: forecasts of {len(chances)} days.",
    )


def _entry(entry: Any) -> tuple[date, tuple[str, float]]:
    try:
        day, colour = date.fromisoformat(entry["date"]), _COLOURS[entry["couleur"].strip().lower()]
        chance = float(entry["probability"])
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError) as error:
        raise not_understood("Une ligne d’Open DPE est illisible.", "A line of Open DPE cannot be read.") from error
    if isinstance(entry["probability"], bool) or not math.isfinite(chance) or not 0 <= chance <= 1:
        raise not_understood("Une chance d’Open DPE est impossible.", "A chance of Open DPE is impossible.")
    return day, (colour, chance)


def _before(kept: Mapping[str, Any]) -> dict[date, str]:
    try:
        return {date.fromisoformat(day): colour for day, colour in kept[_SAID].items() if colour in COLOURS}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


PROVIDER = Provider("tempo", (HOST,), (time(7), time(7, 59)), 6, _fetch)
