import asyncio
import json
import re
import time
from typing import Any

import pytest

from monitor.base.request_errors import RequestError
from monitor.web.http import Response, json_bytes, problem
from monitor.web.preload import first_answers

ALERTS: dict[str, list[str]] = {"active": []}
REQUESTS: dict[str, list[str]] = {"requests": []}
METERS = {"zone": "Europe/Paris", "meters": [{"id": "031961123456", "name": "Maison"}, {"id": "041961555555"}]}


class Api:
    """Answers, or waits; remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {
            "alerts": ALERTS,
            "requests": REQUESTS,
            "meters": METERS,
            "live": {"power": 1234},
            "later": {"price": 1952},
        } | answers
        self.slow = ""
        self.asked: list[str] = []

    async def ask(self, route: str, query: str) -> Response:
        self.asked.append(f"{route}?{query}")
        if route == self.slow:
            await asyncio.sleep(60)
        answer = self.answers[route]
        return answer if isinstance(answer, Response) else Response(body=json_bytes(answer), kind="application/json")

    def first(self, place: str = "", query: str = "", *, app: bool = False) -> str:
        return asyncio.run(first_answers(self.ask, place, query, "fr", app=app))


def data(element: str) -> Any:
    """What a browser finds in the element: it ends at the first end tag, whatever is meant."""
    found = re.match(r'<script type="application/json" id="first">(.*?)</script', element, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_first_place_has_the_meters_and_what_is_live_of_the_first_one() -> None:
    found = data(Api().first())
    assert found["answers"] == {
        "alerts?lang=fr": ALERTS,
        "requests?lang=fr": REQUESTS,
        "meters?lang=fr": METERS,
        "live?meter=031961123456&lang=fr": {"power": 1234},
        "later?meter=031961123456&lang=fr": {"price": 1952},
    }
    assert abs(found["at"] / 1000 - time.time()) < 10


def test_the_meter_of_the_address_is_the_one_that_is_live() -> None:
    assert "live?meter=041961555555&lang=fr" in data(Api().first(query="mode=kiosk&compteur=041961555555"))["answers"]


BEFORE = ["alerts?lang=fr", "requests?lang=fr"]
ASKED = [*BEFORE, "meters?lang=fr"]
AWAY, FAILED, NO_DATA = (problem(RequestError(key), "fr") for key in ("database_silent", "failed", "no_data"))


@pytest.mark.parametrize(
    ("answers", "place", "query", "kept"),
    [
        ({}, "jour/2026-11-25", "", ASKED),  # who shows no single meter live
        ({}, "bilan", "", ASKED),
        ({}, "", "compteur=tous", ASKED),
        ({}, "", "compteur=9&%zz=%", ASKED),
        ({"meters": {"meters": []}}, "", "", ASKED),
        ({"live": NO_DATA, "later": NO_DATA}, "", "", ASKED),
        ({"meters": AWAY}, "", "", BEFORE),
        ({"meters": FAILED}, "", "", BEFORE),
    ],
)
def test_what_is_not_shown_or_has_no_answer_is_left_out(
    answers: dict[str, Any], place: str, query: str, kept: list[str]
) -> None:
    assert list(data(Api(**answers).first(place, query))["answers"]) == kept


def test_in_home_assistants_app_it_has_what_is_to_be_set_up_also_without_a_database() -> None:
    said = {"ports": [], "found": [], "broker": "none", "database": "internal"}
    found = data(Api(app=said).first("bilan", app=True))["answers"]
    first = {"app?lang=fr": said, "alerts?lang=fr": ALERTS, "requests?lang=fr": REQUESTS}
    assert found == first | {"meters?lang=fr": METERS}
    away = Api(app=said, meters=problem(RequestError("database_silent"), "fr"))
    assert data(away.first(app=True))["answers"] == first


def test_no_name_ends_the_element_or_opens_another() -> None:
    name = "</script><script>alert(1)</script><!--<script>"
    api = Api(meters={"meters": [{"id": "031961123456", "name": name}]})
    element = api.first()
    assert data(element)["answers"]["meters?lang=fr"]["meters"][0]["name"] == name
    assert element.count("<") == 2  # of its own tags


@pytest.mark.parametrize(
    ("slow", "kept"), [("alerts", []), ("requests", BEFORE[:1]), ("meters", BEFORE), ("live", ASKED)]
)
def test_the_page_waits_for_no_slow_answer(slow: str, kept: list[str]) -> None:
    api = Api()
    api.slow = slow
    started = time.monotonic()
    element = api.first()
    assert time.monotonic() - started < 60  # whatever else the machine does
    assert list(data(element)["answers"] if element else []) == kept
