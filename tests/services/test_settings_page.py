"""Settings and requests over the API, on a real database, with the account of mariadb/monitor.sql."""

import asyncio
import contextlib
import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from monitor.base.config import MonitorConfig, MonitorDatabase, MonitorMqtt
from monitor.base.storer_requests import MOST_OPEN
from monitor.places.settings.deletion import ADMINISTRATORS
from monitor.service import build
from monitor.web.credentials import Caller, Credentials
from monitor.web.http import Request, Response
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import client, make_tables, query, store

ACCOUNT = (Path(__file__).resolve().parents[2] / "mariadb" / "monitor.sql").read_text()
OWNER = Caller(is_guarded=True)
ANYBODY = Caller(is_guarded=False)
SECRET = "ntfys://me:hunter2@ntfy.example.org/maison"
CONTRACT: dict[str, Any] = {"meter": "031961123456", "from": "2025-02-01", "offer": "base", "power": 9}
JSON, BYTES = {"content-type": "application/json"}, {"content-type": "application/octet-stream"}


class Page:
    """The API of a monitor, and who asks it."""

    def __init__(self, server: Server, folder: Path, mqtt: MonitorMqtt | None = None, **more: Any) -> None:
        database = MonitorDatabase(host=(server.host,), port=server.port, password="change-me", name=server.name)
        self.app = folder / "app.json"
        config = MonitorConfig(database=database, mqtt=mqtt, state=folder / "state", app=self.app, **more)
        self.parts, self.live, *_ = build(config)
        self.credentials = Credentials(config)
        self._loop = asyncio.new_event_loop()
        self.answers: list[str] = []

    def close(self) -> None:
        self.live.close()
        self._loop.close()

    def get(self, name: str, language: str = "en") -> Response:
        return self._kept(self.parts.api.respond(name, "", language))

    def send(
        self,
        method: str,
        name: str,
        body: Any = None,
        version: int | None = None,
        caller: Caller = OWNER,
        language: str = "en",
        query: str = "",
    ) -> Response:
        async def receive(_: int) -> bytes:
            return body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()

        headers = dict(BYTES if isinstance(body, bytes) else JSON)
        if version is not None:
            headers["if-match"] = f'"{version}"'
        request = Request(method=method, path="/", query=query, headers=headers, receive=receive)
        return self._kept(self.parts.actions.respond(name, request, language, caller, self.credentials))

    def save(self, section: str, value: Any, version: int, **more: Any) -> Response:
        return self.send("PUT", f"settings/{section}", {"value": value}, version, **more)

    def ask_for(self, kind: str, arguments: Any = None, **more: Any) -> Response:
        return self.send("POST", "requests", {"kind": kind, "arguments": arguments or {}}, **more)

    def _kept(self, asked: Any) -> Response:
        response: Response = self._loop.run_until_complete(asked)
        self.answers.append(response.body.decode() + str(response.headers))
        return response


def read(response: Response, status: int = 200) -> Any:
    assert response.status == status, response.body
    return json.loads(response.body)


def errors(response: Response) -> dict[str, str]:
    return {one["at"]: one["detail"] for one in read(response, 422)["errors"]}


@contextlib.contextmanager
def account(server: Server) -> Iterator[None]:
    server.sql(ACCOUNT.replace("'localhost'", "'%'"))
    try:
        yield
    finally:
        server.sql("DROP USER 'teleinfo-monitor'@'%'")


@pytest.fixture
def page(fresh_database: Server, tmp_path: Path) -> Iterator[Page]:
    make_tables(fresh_database)
    with account(fresh_database), contextlib.closing(Page(fresh_database, tmp_path)) as page:
        yield page


# Sections


def test_a_section_that_nobody_wrote_has_its_default_and_version_0(page: Page) -> None:
    budget = page.get("settings/budget")
    assert (read(budget), budget.headers["ETag"]) == ({"value": {"euros": None}, "version": 0}, '"0"')
    every = read(page.get("settings"))
    assert {"meters", "contracts", "notes", "sources", "retention", "addresses", "page"} <= every.keys()
    assert all(one["version"] == 0 for one in every.values())
    assert read(page.get("settings/fields")).keys() == every.keys()


def test_what_is_saved_is_answered_with_a_new_version_and_counts_at_once(page: Page) -> None:
    assert page.parts.language() is None
    saved = page.save("page", {"language": "en"}, 0)
    assert (read(saved), saved.headers["ETag"]) == ({"value": {"language": "en"}, "version": 1}, '"1"')
    assert page.parts.language() == "en"
    assert read(page.save("page", {"language": "fr"}, 1))["version"] == 2
    assert page.parts.language() == "fr"
    assert read(page.get("settings/page")) == {"value": {"language": "fr"}, "version": 2}
    assert read(page.get("settings"))["page"] == {"value": {"language": "fr"}, "version": 2}


def test_a_contract_is_saved_though_it_differs_from_the_meter_which_is_told(page: Page, fresh_database: Server) -> None:
    values: dict[str, Any] = {"ADCO": CONTRACT["meter"], "OPTARIF": "BASE", "ISOUSC": 30, "BASE": 1, "PTEC": "TH.."}
    at = datetime(2025, 3, 1, tzinfo=UTC)
    tables = client(fresh_database)
    store(tables, [Frame(meter=CONTRACT["meter"], timestamp=at, mode=Mode.HISTORIC, values=values)])
    roll_up(tables, at + timedelta(days=1))
    told = [{"at": "contracts[0].power", "detail": "The meter says 6 kVA, the contract 9 kVA."}]
    checked = read(page.send("POST", "settings/contracts/check", {"value": [CONTRACT]}))
    assert checked == {"value": [CONTRACT], "warnings": told, "bill": None}
    saved = read(page.save("contracts", [CONTRACT], 0))
    assert saved == {"value": [CONTRACT], "version": 1, "warnings": told, "bill": None}
    assert read(page.get("settings/contracts")) == {"value": [CONTRACT], "version": 1}


def test_of_two_tabs_the_second_gets_what_the_first_one_saved(page: Page) -> None:
    for version, euros in ((0, 100), (1, 120)):
        read(page.save("budget", {"euros": euros}, version))
        late = read(page.save("budget", {"euros": 80}, version), 412)
        assert (late["value"], late["version"]) == ({"euros": euros}, version + 1)
    assert read(page.save("budget", {"euros": 80}, 7), 412)["version"] == 2
    assert read(page.get("settings/budget"))["value"] == {"euros": 120}


def test_what_is_wrong_is_said_at_each_field_and_nothing_is_saved(page: Page) -> None:
    wrong = [CONTRACT | {"power": 99}, CONTRACT | {"from": "yesterday", "colour": "red"}]
    for name, method, version in (("settings/contracts", "PUT", 0), ("settings/contracts/check", "POST", None)):
        for language in ("fr", "en"):
            found = errors(page.send(method, name, {"value": wrong}, version, language=language))
            assert found.keys() == {"contracts[0].power", "contracts[1].from", "contracts[1].colour"}
            assert ("expected" in found["contracts[0].power"]) == (language == "en")
    assert read(page.get("settings/contracts")) == {"value": [], "version": 0}
    wrong_bodies: list[Any] = [[], {}, {"value": [], "version": 0}]
    for body in wrong_bodies:
        read(page.send("PUT", "settings/contracts", body, 0), 422)


def test_an_offer_without_a_price_is_refused_until_the_owner_has_one(page: Page) -> None:
    contracts = [CONTRACT | {"offer": "mine"}]
    for response in (
        page.save("contracts", contracts, 0),
        page.send("POST", "settings/contracts/check", {"value": contracts}),
    ):
        assert errors(response).keys() == {"contracts[0].offer"}
    assert read(page.send("POST", "settings/contracts/check", {"value": [CONTRACT]}))["value"] == [CONTRACT]
    assert read(page.get("settings/contracts"))["version"] == 0


def test_what_another_program_saved_is_seen(page: Page, fresh_database: Server) -> None:
    fresh_database.sql(
        f"""INSERT INTO {fresh_database.name}.settings (section, value) VALUES ('budget', '{{"euros": 9}}')"""
    )
    assert read(page.get("settings/budget")) == {"value": {"euros": 9}, "version": 1}
    assert read(page.save("budget", {"euros": 10}, 0), 412)["value"] == {"euros": 9}


# Secrets


def test_an_address_leaves_only_as_its_service_and_lies_in_a_file_of_its_own(
    page: Page, tmp_path: Path, fresh_database: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    shown = [{"service": "ntfys", "id": "a1"}, {"service": "mailto", "id": "a2"}]
    saved = page.save("addresses", [SECRET, "mailto://a:hunter2@example.org"], 0)
    assert read(saved) == {"value": shown, "version": 1}
    file = tmp_path / "state" / "addresses.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # One stays, one is new, one goes.
    assert read(page.save("addresses", ["tgram://hunter2/1", {"id": "a1", "service": "ntfys"}], 1)) == {
        "value": [{"service": "tgram", "id": "a1"}, {"service": "ntfys", "id": "a2"}],
        "version": 2,
    }
    assert json.loads(file.read_text())["urls"] == ["tgram://hunter2/1", SECRET]
    assert read(page.save("addresses", [], 1), 412)["version"] == 2
    for wrong in (["hunter2"], [SECRET + " hunter2"], [{"id": "a9"}], [{"id": ["a1"]}], "hunter2", [7]):
        for method, name in (("PUT", "settings/addresses"), ("POST", "settings/addresses/check")):
            assert errors(page.send(method, name, {"value": wrong}, 2))
    read(page.send("POST", "settings/addresses/check", {"value": [SECRET]}))
    for name in ("settings", "settings/addresses", "settings/fields", "alerts", "status", "requests"):
        page.get(name)
    rows = fresh_database.sql(f"SELECT * FROM {fresh_database.name}.settings")
    assert "hunter2" not in " ".join([*page.answers, caplog.text, rows])


def test_addresses_whose_file_is_damaged_are_entered_again(page: Page, tmp_path: Path) -> None:
    read(page.save("addresses", [SECRET], 0))
    (tmp_path / "state" / "addresses.json").write_text("{")
    assert read(page.get("settings"))["addresses"] == {"value": [], "version": 0}
    assert read(page.save("addresses", [SECRET], 0))["version"] == 1


# What deletes


def test_a_shorter_retention_is_for_those_who_may_delete_and_a_longer_one_for_all(page: Page) -> None:
    shorter, longer = {"frames": 12}, {"frames": 24}
    assert "password" in read(page.save("retention", shorter, 0, caller=ANYBODY), 403)["detail"]
    assert read(page.save("retention", shorter, 0))["version"] == 1
    assert read(page.save("retention", longer, 1, caller=ANYBODY))["version"] == 2
    read(page.save("retention", shorter, 2, caller=ANYBODY), 403)
    assert read(page.get("settings/retention"))["value"] == longer


def test_of_home_assistants_users_administrators_delete(page: Page) -> None:
    ana, bob, nobody = (Caller(is_guarded=True, ingress_user=user) for user in ("ana", "bob", ""))
    meter = {"meter": "031961123456"}
    read(page.ask_for("forget-meter", meter, caller=ana), 403)  # who they are is not known yet
    page.app.with_name(ADMINISTRATORS).write_text('["ana"]')
    read(page.ask_for("forget-meter", meter, caller=ana), 201)
    for caller in (bob, nobody):
        assert "administrator" in read(page.ask_for("forget-meter", meter, caller=caller), 403)["detail"]
        read(page.send("POST", "requests/1/start", caller=caller), 403)
        read(page.ask_for("backup", caller=caller), 201)


@pytest.mark.parametrize(
    ("kind", "arguments"), [("forget-meter", {"meter": "031961123456"}), ("forget-source", {"name": "sun"})]
)
def test_what_deletes_waits_for_an_hour_and_can_be_cancelled(
    page: Page, fresh_database: Server, kind: str, arguments: dict[str, str]
) -> None:
    read(page.ask_for(kind, arguments, caller=ANYBODY), 403)
    assert read(page.get("requests")) == {"requests": []}
    number = read(page.ask_for(kind, arguments), 201)["id"]
    read(page.send("POST", f"requests/{number}/start", caller=ANYBODY), 403)
    read(page.send("POST", f"requests/{number}/start"), 202)
    waits = f"SELECT TIMESTAMPDIFF(MINUTE, NOW(), not_before) FROM {fresh_database.name}.requests"
    assert 55 <= int(fresh_database.sql(waits)) <= 60
    assert read(page.send("DELETE", f"requests/{number}", caller=ANYBODY))["state"] == "cancelled"
    read(page.send("POST", f"requests/{number}/start"), 409)


# Requests


def test_a_request_with_a_file_goes_from_its_pieces_to_its_result(page: Page, fresh_database: Server) -> None:
    made = read(page.ask_for("import", {"name": "conso été.csv", "meter": "031961123456"}), 201)
    assert (made["id"], made["state"], made["not_before"]) == (1, "waiting", None)
    read(page.send("POST", "requests/1/start"), 409)  # without its file
    read(page.send("PUT", "requests/1/body", b"last", query="piece=1"))
    read(page.send("POST", "requests/1/start"), 409)
    for content in (b"\0lost on the way", b"\0first\xff"):
        read(page.send("PUT", "requests/1/body", content, query="piece=0"))
    started = read(page.send("POST", "requests/1/start"), 202)
    assert started["not_before"] is not None
    assert read(page.send("POST", "requests/1/start"), 202) == started
    read(page.send("PUT", "requests/1/body", b"too late", query="piece=2"), 409)
    table = f"{fresh_database.name}.request_pieces"
    assert fresh_database.sql(f"SELECT piece, HEX(bytes) FROM {table}").split() == [
        "0", b"\0first\xff".hex().upper(), "1", b"last".hex().upper(),
    ]  # fmt: skip
    # As the storer does it.
    requests = f"UPDATE {fresh_database.name}.requests SET"
    fresh_database.sql(f"{requests} state = 'running', progress = 0.25")
    read(page.send("DELETE", "requests/1"), 409)
    assert read(page.get("requests/1"))["progress"] == 0.25
    fresh_database.sql(f"""{requests} state = 'done', result = '{{"added": 3}}', finished_at = NOW(6)""")
    done = read(page.get("requests/1"))
    assert (done["state"], done["result"], done["arguments"]["name"]) == ("done", {"added": 3}, "conso été.csv")
    read(page.send("DELETE", "requests/1"), 409)


def test_why_a_request_failed_is_said_in_the_language_asked_for(page: Page, fresh_database: Server) -> None:
    read(page.ask_for("backup"), 201)
    why = json.dumps(
        {"problem": {"fr": "le disque est plein", "en": "the disk is full"}, "series": {"sensor.kwh": "kWh"}}
    )
    fresh_database.sql(f"UPDATE {fresh_database.name}.requests SET state = 'failed', result = '{why}'")
    for language, text in (("fr", "le disque est plein"), ("en", "the disk is full")):
        failed = read(page.get("requests/1", language))
        assert (failed["problem"], failed["result"]) == (text, {"series": {"sensor.kwh": "kWh"}})


def test_a_request_is_checked_before_it_is_noted(page: Page) -> None:
    for kind, arguments, at in (
        ("import", {}, "arguments.name"),
        ("import", {"name": "a.csv", "meter": "a/b"}, "arguments.meter"),
        ("forget-meter", {"meter": None}, "arguments.meter"),
        ("rebuild", {"from": "2026-03-02", "to": "2026-03-02"}, "arguments.to"),
        ("backup", {"folder": "/"}, "arguments.folder"),
    ):
        assert errors(page.ask_for(kind, arguments)).keys() == {at}
    wrong_bodies: list[Any] = [[], {"kind": "drop"}, {"kind": []}, {"kind": "backup", "state": "done"}]
    for body in wrong_bodies:
        read(page.send("POST", "requests", body), 422)
    assert read(page.get("requests")) == {"requests": []}


def test_requests_that_are_not_there_and_too_many_are_refused(page: Page) -> None:
    read(page.get("requests/1"), 404)
    for method, name, body in (
        ("POST", "requests/1/start", None),
        ("DELETE", "requests/1", None),
        ("PUT", "requests/1/body", b"x"),
    ):
        read(page.send(method, name, body), 404)
    for _ in range(MOST_OPEN):
        read(page.ask_for("backup"), 201)
    read(page.ask_for("backup"), 429)
    assert read(page.send("DELETE", "requests/3"))["state"] == "cancelled"
    assert read(page.send("DELETE", "requests/3"))["state"] == "cancelled"
    read(page.ask_for("backup"), 201)
    read(page.send("PUT", "requests/1/body", b"x"), 409)  # a backup has no file
    read(page.send("PUT", "requests/1/body", b"x", query="piece=64"), 400)


def test_of_requests_that_have_ended_only_the_newest_are_kept(page: Page, fresh_database: Server) -> None:
    fresh_database.sql(
        f"USE {fresh_database.name}; INSERT INTO requests (id, kind, arguments, state)"
        " SELECT seq, 'backup', '{}', IF(seq = 3, 'waiting', 'cancelled') FROM seq_1_to_105"
    )
    assert read(page.ask_for("backup"), 201)["id"] == 106
    numbers = [one["id"] for one in read(page.get("requests"))["requests"]]
    assert numbers == [*range(106, 6, -1)]
    assert read(page.get("requests/3"))["state"] == "waiting"
    read(page.get("requests/5"), 404)


# A database of an earlier version


def test_without_the_tables_there_are_defaults_and_a_change_is_refused_in_words(
    fresh_database: Server, tmp_path: Path
) -> None:
    tables = make_tables(fresh_database)
    query(tables, "DROP TABLE settings, requests, request_pieces", "SELECT 1")
    with account(fresh_database), contextlib.closing(Page(fresh_database, tmp_path)) as page:
        assert read(page.get("settings/budget"))["version"] == 0
        assert read(page.get("requests")) == {"requests": []}
        for response in (page.save("budget", {"euros": 9}, 0), page.ask_for("backup")):
            assert "storer" in read(response, 503)["detail"]


def test_without_the_right_a_change_is_refused_in_words(fresh_database: Server, tmp_path: Path) -> None:
    make_tables(fresh_database)
    with account(fresh_database), contextlib.closing(Page(fresh_database, tmp_path)) as page:
        fresh_database.sql(
            "REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'teleinfo-monitor'@'%';"
            f"GRANT SELECT, SHOW VIEW ON {fresh_database.name}.* TO 'teleinfo-monitor'@'%'"
        )
        for response in (page.save("budget", {"euros": 9}, 0), page.ask_for("backup")):
            assert "right" in read(response, 503)["detail"]
        assert read(page.get("settings/budget"))["version"] == 0


def test_who_would_be_locked_out_cannot_close_the_page_to_the_home_network(page: Page) -> None:
    far = Caller(is_guarded=True, address="192.168.1.20", is_near=False)
    refused = read(page.save("access", {"home_network": False}, 0, caller=far), 422)
    assert [one["at"] for one in refused["errors"]] == ["access.home_network"]
    assert page.parts.home_network()
    assert read(page.save("access", {"home_network": False}, 0))["value"] == {"home_network": False}
    assert not page.parts.home_network()
