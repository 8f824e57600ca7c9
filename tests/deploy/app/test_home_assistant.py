"""What the process that has the token passes on to Home Assistant."""

import io
import json
from typing import Any

import pytest

from deploy.app.home_assistant import ALLOWED, relay
from monitor.home_assistant.texts import StatisticsError


class Core:
    """Home Assistant, which repeats what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, kind: str, **arguments: object) -> object:
        self.asked.append((kind, arguments))
        if kind == "energy/get_prefs":
            raise StatisticsError("not_found", command=kind)
        return arguments


def ask(core: Core, *messages: dict[str, Any]) -> list[Any]:
    lines = b"".join(json.dumps(one).encode() + b"\n" for one in ({"oldest": [2024, 11]}, *messages))
    answers = io.BytesIO()
    relay(io.BytesIO(lines), answers, lambda _: core)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_what_is_needed_is_passed_on_and_the_answer_comes_back() -> None:
    core = Core()
    assert ask(
        core, {"type": "recorder/list_statistic_ids", "statistic_type": "sum"}, {"type": "energy/get_prefs"}
    ) == [
        {"result": {"statistic_type": "sum"}},
        {"error": "not_found", "values": {"command": "energy/get_prefs"}},
    ]
    assert core.asked[0] == ("recorder/list_statistic_ids", {"statistic_type": "sum"})


@pytest.mark.parametrize("kind", ["call_service", "execute_script", "config/auth/list", "supervisor/api", "auth"])
def test_nothing_else_is(kind: str) -> None:
    """A program that was broken into must not open doors."""
    core = Core()
    (answer,) = ask(core, {"type": kind, "domain": "lock", "service": "unlock"})
    assert answer["error"] == "refused"
    assert core.asked == []


def test_only_energy_and_statistics_can_be_changed() -> None:
    assert {kind.partition("/")[0] for kind in ALLOWED} == {"config", "energy", "recorder"}
    assert {kind for kind in ALLOWED if kind.startswith("config/")} == {"config/entity_registry/list"}


def test_who_hangs_up_at_once_asks_nothing() -> None:
    answers = io.BytesIO()
    relay(io.BytesIO(), answers, lambda _: Core())
    assert answers.getvalue() == b""
