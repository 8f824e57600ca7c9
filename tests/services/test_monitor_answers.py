"""Every route of the API: answers are as the OpenAPI document says, and no question makes the server fail."""

import asyncio
import itertools
import json
import random
import re
import string
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import pytest

from common.contract.labels import Mode
from monitor.base.config import MonitorConfig, MonitorDatabase
from monitor.service import ROUTES, build
from monitor.web.api import Api
from monitor.web.http import Response
from monitor.web.route import Parameter
from tests.services.test_energy import House
from tests.support.french import french_words
from tests.support.json_schema import mistakes
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

BEGIN = datetime(2026, 3, 27, 23, tzinfo=UTC)  # two days in Paris, the second with 23 hours
END = BEGIN + timedelta(hours=47)
ACCOUNT = (Path(__file__).resolve().parents[2] / "mariadb" / "monitor.sql").read_text()
NAMES = [route.name for route in ROUTES]
RANGES = [
    {},
    {"from": "2026-03-28", "to": "2026-03-29"},
    {"from": "2026-03-29", "to": "2026-03-30"},
    {"from": "2026-03", "to": "2026-04"},
    {"from": "2026-03-28T10:00:00Z", "to": "2026-03-28T12:00:00Z"},
    {"from": "2025", "to": "2027"},
    {"from": "2019-01-01", "to": "2019-01-02"},
]
#: What nobody should send; each goes into each parameter.
STRANGE = [
    "", " ", "0", "-1", "1e9", "NaN", "null", "true", "[]", "{}", "2026", "2026-13", "2026-02-30", "2026-3-1",
    "26-03-28", "0000-00-00", "0001-01-01", "1970-01-01", "2099-12-31", "9999-12-31", "99999-01-01",
    "2026-03-28T25:00:00Z", "2026-03-28T10:00:00", "2026-03-28T10:00:00.123456789Z", "2026-03-28T10:00:00%2B99:99",
    "2026-03-28 10:00:00Z", "tomorrow", "now()", "２０２６-03-28", "' OR 1=1 --", "1; DROP TABLE hours", "%27%22", "\\",
    "../../etc/passwd", "<script>", "\u202e", "\0", "\n", "é" * 50, "x" * 250, "x" * 5000, "9" * 30,
    "-9223372036854775809", "{{7*7}}", "${jndi:ldap://x}", "%", "_", "031961123456", "000000000000",
]  # fmt: skip


IN_PATH = {"section": "contracts", "id": "1"}


class Asking:
    """The API in this process, on the real database, with the account that can only read."""

    def __init__(self, server: Server) -> None:
        server.sql(ACCOUNT.replace("'localhost'", "'%'"))
        database = MonitorDatabase(host=(server.host,), port=server.port, password="change-me", name=server.name)
        config = MonitorConfig(database=database)
        parts, self.live, *_ = build(config)
        self._api: Api = parts.api
        self.description = json.loads(parts.description.body)
        self._loop = asyncio.new_event_loop()

    def ask(self, name: str, query: str) -> Response:
        """Ask a route; what its path has is taken out of the query, else it is one that is there."""
        for part in re.findall(r"{(\w+)}", name):
            pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
            values = [value for key, value in pairs if key == part] or [IN_PATH[part]]
            name = name.replace(f"{{{part}}}", values[0])
            query = urlencode([(key, value) for key, value in pairs if key != part])
        return self._loop.run_until_complete(self._api.respond(name, query, "en"))

    def close(self) -> None:
        self.live.close()
        self._loop.close()


@pytest.fixture(scope="module")
def house(database: Server) -> House:
    database.create_database()
    house = House(7, BEGIN, Mode.STANDARD)
    house.live(END, every=120, outages=0.008)
    tables = make_tables(database)
    store(tables, house.frames)
    roll_up(tables, END + timedelta(days=1))
    database.sql(f"INSERT INTO {database.name}.requests (kind, arguments) VALUES ('backup', '{{}}')")
    return house


@pytest.fixture(scope="module")
def asking(database: Server, house: House) -> Iterator[Asking]:
    asking = Asking(database)
    asking.live.start()
    yield asking
    asking.close()
    database.sql("DROP USER 'teleinfo-monitor'@'%'")


def parameters(name: str) -> Sequence[Parameter]:
    return next(route.parameters for route in ROUTES if route.name == name)


def choices(name: str) -> Iterator[dict[str, str]]:
    """Yield sensible questions: each range, with each value that a parameter lists."""
    known = parameters(name)
    names = {parameter.name for parameter in known}
    listed: list[list[tuple[str, str]]] = [
        [(parameter.name, str(value)) for value in parameter.schema["enum"]]
        for parameter in known
        if "enum" in parameter.schema
    ]
    if "{id}" in name:
        listed.append([("id", "1")])  # of the request of this house
    for limits in RANGES if "from" in names else [{}]:
        for chosen in itertools.product(*listed):
            yield limits | dict(chosen)


#: Nothing but a refusal without Home Assistant: tests/services/test_home_assistant_page.py.
OF_HOME_ASSISTANT = {"home-assistant/statistics", "home-assistant/energy"}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OF_HOME_ASSISTANT])
def test_answers_are_as_the_document_describes_them(asking: Asking, name: str) -> None:
    content = asking.description["paths"][f"/{name}"]["get"]["responses"]["200"]["content"]
    answered = 0
    for question in choices(name):
        path = {key: text for key, text in question.items() if f"{{{key}}}" in name}
        rest = {key: text for key, text in question.items() if key not in path}
        response = asking.ask(name.format(**path), urlencode(rest))
        assert response.status < 500, (question, response.body)
        assert not french_words(spoken(response)), question
        if response.status != 200:
            continue
        answered += 1
        assert response.kind.partition(";")[0] in content
        if response.kind == "application/json":
            found = list(mistakes(json.loads(response.body), content["application/json"]["schema"]))
            assert not found, (question, found[:5])
    assert answered


def test_no_strange_value_of_a_parameter_makes_it_fail(asking: Asking, caplog: pytest.LogCaptureFixture) -> None:
    for name in NAMES:
        known = {one.name for one in parameters(name)}
        for parameter, value in itertools.product(parameters(name), STRANGE):
            for others in ({}, {"from": "2026-03-28", "to": "2026-03-29"}):
                question = {key: text for key, text in others.items() if key in known} | {parameter.name: value}
                response = asking.ask(name, urlencode(question))
                check(response, (name, question))
                assert len(response.body) < 2_000_000
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_no_range_however_long_makes_it_fail_or_answer_without_end(asking: Asking) -> None:
    instants = ["2000", "2026-03-28", "2026-03-28T10:00:00Z", "2026-03-28T10:00:01Z", "2099-12-31"]
    for name in (name for name in NAMES if "from" in {one.name for one in parameters(name)}):
        questions = random.Random(name).sample([*choices(name)], min(4, len([*choices(name)])))
        for (start, end), question in itertools.product(itertools.product(instants, repeat=2), questions):
            response = asking.ask(name, urlencode(question | {"from": start, "to": end}))
            check(response, (name, start, end, question))
            assert len(response.body) < 2_000_000
            if start >= end and len(start) == len(end):
                assert 400 <= response.status < 500, (name, start, end, question)


def test_no_garbage_makes_it_fail(asking: Asking) -> None:
    for name in NAMES:
        chance = random.Random(name)
        names = [one.name for one in parameters(name)] + ["x", ""]
        for _ in range(60):
            pairs = [
                (chance.choice(names), "".join(chance.choices(string.printable, k=chance.randrange(20))))
                for _ in range(chance.randrange(1, 5))
            ]
            text = "&".join(f"{quote(key)}={value if chance.random() < 0.3 else quote(value)}" for key, value in pairs)
            check(asking.ask(name, text), (name, text))


def spoken(response: Response) -> str:
    """Return the text of a response, but for French beside English, names of towns, and what suppliers call offers."""
    text = re.sub(r'"fr":"(?:[^"\\]|\\.)*"|"Français"|"places":\[[^]]*\]', "", response.body.decode())
    if '"offers":[{' not in text and '"old":[{' not in text:
        return text
    answer = json.loads(text)
    for offer in answer.get("offers", ()):
        offer.update(dict.fromkeys(("id", "supplier", "name", "source"), ""))
    for old in answer.get("prices", {}).get("old", ()):  # more of them as time goes by
        old["name"] = ""
    return json.dumps(answer, ensure_ascii=False)


def check(response: Response, question: Any) -> None:
    """Check that a response is an answer, or a problem that says what is wrong."""
    assert response.status in (200, 400, 404, 414), (question, response.status, response.body)
    assert not french_words(spoken(response)) or french_words(unquote(str(question))), question
    if response.status != 200:
        problem = json.loads(response.body)
        assert problem["status"] == response.status
        assert 10 < len(problem["detail"]) < 600
