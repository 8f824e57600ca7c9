"""The household that the page is tried with answers as the API does: it would be of no use otherwise."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from docs.tools import page_settings
from monitor.service import ROUTES
from tests.support.json_schema import mistakes

STAND = Path(__file__).parent / "stand"
NODE = shutil.which("node")
METERS = ("041234567890", "051234560042")
NOW = 1_795_613_527_000  # 25 November 2026, 14:32:07 in Paris
ASK = """
import { answer } from './answers.js';
import { homeAssistant } from './home_assistant.js';
import { household } from './settings.js';
const [questions, state] = JSON.parse(process.argv[1]);
const home = household();
const post = (path, body) => home.respond('POST', path, new URLSearchParams(), body, {}, 0);
post('requests', { kind: 'backup', arguments: {} });
post('requests', { kind: 'import', arguments: { name: '2024.csv', dry_run: false } });
post('requests/2/start', null);
function given([route, text, now]) {
  const query = new URLSearchParams(text), path = route.replace('{section}', 'contracts').replace('{id}', '1');
  if (/^(settings|requests|imports|fetch)/.test(path)) return home.respond('GET', path, query, null, {}, now).body;
  if (path.startsWith('home-assistant')) return homeAssistant().respond('GET', path).body;
  return answer(route, query, now, state);
}
console.log(JSON.stringify(questions.map(given)));
"""
RANGES = {
    "series": ["from=2026-11-24&to=2026-11-25"],
    "energy": [
        "by=hour&from=2026-11-24&to=2026-11-25",
        "by=day&from=2026-11-01&to=2026-12-01",
    ],
    "interval": ["from=2026-11-24&to=2026-11-25"],
    "peaks": ["from=2026-11-01&to=2026-12-01"],
    "baseload": ["from=2026-01-01&to=2026-11-26"],
    "indexes": ["", "from=2026-10-03&to=2026-11-04"],
    "why": ["from=2026-11-24&to=2026-11-25"],
    "weather": ["from=2026-11-01&to=2026-12-01"],
    "profile": ["from=2026-10-01&to=2026-11-01"],
}
SCHEMAS: dict[str, Any] = {route.name: route.schema for route in ROUTES if not route.name.endswith(".csv")}


@pytest.mark.skipif(NODE is None, reason="Node is not installed: ./run test installs it")
@pytest.mark.parametrize(
    ("route", "state"),
    [
        *((route, "ok") for route in SCHEMAS),
        ("meters", "devices"),
        ("live", "decoded"),
        ("energy", "devices"),
        ("energy", "above"),
    ],
)
def test_an_answer_of_the_stand_has_the_shape_of_the_api(route: str, state: str) -> None:
    assert NODE
    questions = [[route, f"meter={meter}&{query}", NOW] for meter in METERS for query in RANGES.get(route, [""])]
    command = [NODE, "--input-type=module", "-e", ASK, json.dumps([questions, state])]
    asked = subprocess.run(command, cwd=STAND, capture_output=True, text=True, timeout=300, check=True)
    answers = json.loads(asked.stdout)
    assert len(answers) == len(questions)
    assert [mistake for answer in answers for mistake in mistakes(answer, SCHEMAS[route])] == []


def test_the_forms_of_the_stand_are_those_of_the_declarations() -> None:
    assert json.loads(page_settings.FORMS.read_text(encoding="utf-8")) == json.loads(page_settings.forms())
