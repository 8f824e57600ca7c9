"""The tools as a model sees them: names, texts, schemas; and how their arguments become a question."""

import asyncio
import re
import sys
from typing import Any

import pytest

from monitor.base.request_errors import RequestError
from monitor.mcp import tools
from monitor.mcp.tools import TOOLS, arguments_schema, call
from monitor.web.http import Response, json_bytes, problem


class Answering:
    """In place of the API: notes what it is asked."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.asked: list[tuple[str, str, str, str]] = []

    async def respond(self, name: str, query: str, language: str, client: str = "") -> Response:
        self.asked.append((name, query, language, client))
        return self.response


def test_there_are_ten_with_a_line_each_and_typed_answers() -> None:
    assert len({one.name for one in TOOLS}) == 10
    for one in TOOLS:
        assert re.fullmatch("[a-z_]+", one.name)
        assert "\n" not in one.text
        assert one.text.endswith(".")
        assert (one.schema["type"], arguments_schema(one)["type"]) == ("object", "object")
        assert all(parameter.text for parameter in one.parameters)


def numbers(schema: Any, name: str = "") -> list[tuple[str, str]]:
    """Return the name and description of each number in a schema."""
    found = []
    if {"number", "integer"} & set([schema.get("type")] if isinstance(schema.get("type"), str) else schema["type"]):
        found.append((name, str(schema.get("description", ""))))
    for key, one in schema.get("properties", {}).items():
        found += numbers(one, key)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found += numbers(schema[key], name)
    return found


def test_each_amount_of_energy_power_or_money_has_its_unit() -> None:
    units = {"wh": "Wh", "eur": "EUR", "va": "VA", "w": "W", "kva": "kVA"}
    seen = set()
    for one in TOOLS:
        for name, description in numbers(dict(one.schema)):
            last = name.rpartition("_")[2]
            if last in units and name != "by_period":
                seen.add(last)
                assert units[last] in f"{description} {name}" or name.endswith(f"_{last}"), (one.name, name)
    assert seen == set(units)


def test_an_answer_is_given_as_it_is_and_what_is_null_was_not_asked() -> None:
    answering = Answering(Response(body=json_bytes({"wh": 12})))
    arguments = {"meter": "Maison d’été", "from": "2026-11", "to": None, "n": 3}
    found = asyncio.run(call(answering, "power", arguments, "token 1"))
    assert found == ({"wh": 12}, None)
    assert answering.asked == [("power", "meter=Maison+d%E2%80%99%C3%A9t%C3%A9&from=2026-11&n=3", "en", "token 1")]


def test_a_refusal_is_a_sentence() -> None:
    answering = Answering(problem(RequestError("no_data"), "en"))
    assert asyncio.run(call(answering, "energy", {}, "")) == (None, "No data for this range.")


@pytest.mark.parametrize("value", [[1], {"a": 1}, True, 1.5])
def test_an_argument_that_is_no_text_or_number_is_refused_before_anything_is_asked(value: Any) -> None:
    answering = Answering(Response())
    assert asyncio.run(call(answering, "energy", {"from": value}, "")) == (
        None,
        "The argument 'from' must be a text or a whole number.",
    )
    assert answering.asked == []


def test_a_tool_that_is_not_there_is_refused_with_those_that_are() -> None:
    found, why_not = asyncio.run(call(Answering(Response()), "delete", {}, ""))
    assert found is None
    assert why_not is not None
    assert "meters, now, energy" in why_not


def test_where_there_is_no_pip_the_one_of_the_system_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "find_spec", lambda _: object())
    assert tools.how_to_get() == f"{sys.executable} -m pip install 'mcp>=2.3,<3'"
    monkeypatch.setattr(tools, "find_spec", lambda _: None)
    assert tools.how_to_get() == f"sudo python3 -m pip --python {sys.executable} install 'mcp>=2.3,<3'"
