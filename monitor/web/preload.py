"""The first answers of the API, written into the page that is sent: its first view need not ask for them."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

from monitor.web.http import Response

WITHIN = 0.15  # seconds; the page does not wait longer, and asks for what is not in it

Ask = Callable[[str, str], Awaitable[Response]]


async def first_answers(ask: Ask, place: str, query: str, language: str, *, app: bool = False) -> str:
    """Return an element that holds the answers which a place begins with; empty: there is none in time.

    Args:
        ask: asks a route, by its name and query.
        place: the page's path; the first place (empty) begins with `live` and `later`, too, and
            with `devices` of a home that has some.
        query: that of the page, which may name a meter.
        language: that of the page; api.js in another one asks again.
        app: whether this is Home Assistant's app, which says what is to be set up.
    """
    found: dict[str, str] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WITHIN):
            if app:
                await _take(ask, "app", {"lang": language}, found)
            await _take(ask, "alerts", {"lang": language}, found)
            await _take(ask, "requests", {"lang": language}, found)
            meters = await _take(ask, "meters", {"lang": language}, found)
            if meters is not None and place in ("", "index.html"):
                known = {meter["id"]: meter for meter in json.loads(meters)["meters"]}
                wanted = parse_qs(query).get("compteur", [*known][:1])[:1]
                if wanted and wanted[0] in known:
                    devices = ["devices"] if "devices" in known[wanted[0]] else []
                    for route in ("live", "later", *devices):
                        await _take(ask, route, {"meter": wanted[0], "lang": language}, found)
    return _element(found, datetime.now(UTC)) if found else ""


async def _take(ask: Ask, route: str, parameters: dict[str, str], found: dict[str, str]) -> str | None:
    """Keep an answer under the question that api.js would ask."""
    query = urlencode(parameters)
    response = await ask(route, query)
    if response.status != 200:
        return None
    text = found[f"{route}?{query}"] = response.body.decode()
    return text


def _element(found: dict[str, str], at: datetime) -> str:
    answers = ",".join(f"{json.dumps(question)}:{text}" for question, text in found.items())
    data = f'{{"at":{int(at.timestamp() * 1000)},"answers":{{{answers}}}}}'
    # JSON has this character within strings only, where it may be written so: no name of a meter ends the element.
    escaped = data.replace("<", r"\u003c")
    return f'<script type="application/json" id="first">{escaped}</script>'
