"""Home Assistant by the page, as in its app: others' past as an import, and the Energy dashboard."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.app.home_assistant import relay
from monitor.base.config import HomeAssistantConfig
from monitor.home_assistant import access
from monitor.places.settings.deletion import ADMINISTRATORS
from monitor.web.credentials import Caller
from storer.requests.carry_out import carry_out_next
from tests.monitor.home_assistant import test_energy_dashboard, test_past
from tests.services.test_requests import House
from tests.services.test_settings_page import Page, account
from tests.support.frames import ADDRESS, standard
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

BASE = "sensor.linky_base"


class Core:
    """A Home Assistant with what linkytic counted, and an Energy dashboard."""

    def __init__(self) -> None:
        self.past = test_past.FakeHomeAssistant()
        self.dashboard = test_energy_dashboard.FakeHomeAssistant(None, unified=True)

    def call(self, kind: str, **arguments: Any) -> Any:
        return (self.dashboard if kind.startswith("energy/") else self.past).call(kind, **arguments)


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Core]:
    """The process that has the token, at its socket."""
    core, server = Core(), socket.socket(socket.AF_UNIX)
    monkeypatch.setattr(access, "SOCKET", tmp_path / "socket")
    server.bind(str(tmp_path / "socket"))
    server.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:  # the test is over
                return
            with connection, connection.makefile("rb") as lines, connection.makefile("wb") as answers:
                relay(lines, answers, lambda _: core)

    threading.Thread(target=serve, daemon=True).start()
    yield core
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def page(fresh_database: Server, tmp_path: Path) -> Iterator[Page]:
    database = make_tables(fresh_database)
    store(database, [standard(EAST=1, EASF01=1)])
    home_assistant = HomeAssistantConfig(url="http://supervisor/core")
    with account(fresh_database):
        page = Page(fresh_database, tmp_path, home_assistant=home_assistant)
        yield page
        page.close()


def body(response: Any) -> Any:
    return json.loads(response.body)


def test_what_others_counted_is_listed_tried_and_imported_without_a_file(
    page: Page, core: Core, fresh_database: Server, broker: Broker, tmp_path: Path
) -> None:
    storer = House(make_tables(fresh_database), fresh_database, broker, tmp_path)
    assert body(page.get("home-assistant")) == {"configured": True}
    listed = body(page.get("home-assistant/statistics"))["statistics"]
    assert [(one["id"], one["register"], one["wh"]) for one in listed] == [
        (BASE, "BASE", 3250),
        ("linky:123", None, 3250),
    ]
    wanted: dict[str, Any] = {"series": [f"{BASE}=BASE"], "meter": ADDRESS}
    tried = page.send("POST", "home-assistant/import", {**wanted, "dry_run": True})
    assert tried.status == 202
    assert carry_out_next(storer.settings)
    result = storer.result(body(tried)["id"])
    assert (result["new_wh"], result["import"]) == ({"total": 3000}, None)
    made = page.send("POST", "home-assistant/import", wanted)
    assert carry_out_next(storer.settings)
    result = storer.result(body(made)["id"])
    rows = query(storer.database, "SELECT CAST(hour AS CHAR(13)), hours, wh FROM imported_hours")
    # 25 October 2026, with two hours from two o'clock on: 22 UTC is its first hour. Of one hour there was no sum.
    assert rows == [
        ("2026-10-24 23", 1, 250),
        ("2026-10-25 00", 1, 500),
        ("2026-10-25 02", 2, 2000),
        ("2026-10-25 03", 1, 250),
    ]
    assert storer.done("import-forget", id=result["import"]) == {"rows": 4}


@pytest.mark.parametrize(
    "wrong", [{}, {"series": []}, {"series": ["x"]}, {"series": [f"{BASE}=BASE"], "file": "x"}, {"series": "x=EAST"}]
)
def test_a_wrong_question_is_refused(page: Page, wrong: dict[str, Any]) -> None:
    assert page.send("POST", "home-assistant/import", wrong).status == 400


def test_a_statistic_that_has_gone_is_named_in_the_language_of_the_page(page: Page, core: Core) -> None:
    refused = page.send("POST", "home-assistant/import", {"series": ["sensor.deleted=EAST"]}, language="fr")
    assert refused.status == 503
    assert body(refused)["detail"] == "Home Assistant n’a plus la statistique sensor.deleted."


def test_the_dashboard_is_shown_filled_and_as_before_again(page: Page, core: Core, monkeypatch: Any) -> None:
    core.past = core.dashboard  # type: ignore[assignment]
    core.dashboard.keys = ["east"]
    monkeypatch.setattr(test_energy_dashboard, "METER", ADDRESS)
    entry = {"statistic": "sensor.east", "name": "east", "exported": False, "cost": None}
    before = body(page.get("home-assistant/energy"))
    assert before == {"missing": [entry], "present": [], "others": [], "can_undo": False}
    after = body(page.send("POST", "home-assistant/energy"))
    assert after == {"missing": [], "present": [entry], "others": [], "can_undo": True}
    assert body(page.send("DELETE", "home-assistant/energy")) == before


def test_a_user_of_home_assistant_who_is_no_administrator_does_not_change_it(page: Page, core: Core) -> None:
    core.past = core.dashboard  # type: ignore[assignment]
    child = Caller(is_guarded=True, ingress_user="child")
    page.app.with_name(ADMINISTRATORS).write_text('["parent"]')
    assert page.send("POST", "home-assistant/energy", caller=child).status == 403
    assert page.send("DELETE", "home-assistant/energy", caller=child).status == 403
    assert core.dashboard.sources is None


def test_where_home_assistant_is_not_there_that_is_said(page: Page, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(access, "SOCKET", tmp_path / "nothing")
    answer = page.get("home-assistant/energy")
    assert answer.status == 503
    assert "cannot be reached" in body(answer)["detail"]


def test_without_a_home_assistant_nothing_is_offered(fresh_database: Server, tmp_path: Path) -> None:
    make_tables(fresh_database)
    with account(fresh_database):
        page = Page(fresh_database, tmp_path)
        assert body(page.get("home-assistant")) == {"configured": False}
        assert page.get("home-assistant/statistics").status == 404
        page.close()
