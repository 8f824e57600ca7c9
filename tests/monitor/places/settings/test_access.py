"""Who may change who enters, where, and how the broker is told; what the changes do: tests/services/test_access.py."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.base.config import MonitorConfig, MonitorMqtt, OwnBroker
from monitor.base.request_errors import RequestError
from monitor.places.settings import access
from monitor.web.credentials import Caller, Credentials
from monitor.web.http import json_bytes
from monitor.web.route import ActionRequest
from tests.support.passwords import lock

OWNER, ANYBODY = Caller(is_guarded=True), Caller(is_guarded=False)
ANA, BOB = (Caller(is_guarded=True, ingress_user=user) for user in ("ana", "bob"))
Change = Callable[[ActionRequest], Any]


def request(config: MonitorConfig, caller: Caller = OWNER, body: Any = None, **parameters: str) -> ActionRequest:
    nothing = cast("Any", None)
    return ActionRequest(
        home=nothing,
        connect=nothing,
        config=config,
        household=nothing,
        parameters=parameters,
        body=body,
        version=None,
        caller=caller,
        credentials=Credentials(config),
        now=datetime(2026, 12, 2, tzinfo=UTC),
    )


def reason(change: Change, asked: ActionRequest) -> str:
    with pytest.raises(RequestError) as refused:
        change(asked)
    return refused.value.key


def own(folder: Path, **more: Any) -> MonitorConfig:
    broker = OwnBroker(choose=True, accounts=folder / "accounts")
    return MonitorConfig(state=folder, own_broker=broker, **more)


CHANGES: list[tuple[Change, Any]] = [
    (access.end_session, None),
    (access.end_other_sessions, None),
    (access.make_token, {"name": "x"}),
    (access.revoke_token, None),
    (access.make_account, {"name": "x", "role": "device"}),
    (access.remove_account, None),
    (access.choose_broker, {"host": None}),
]


@pytest.mark.parametrize(("change", "body"), CHANGES)
def test_without_a_password_nobody_changes_who_enters_nor_do_users_of_home_assistant_who_are_no_administrators(
    tmp_path: Path, change: Change, body: Any
) -> None:
    open_page = own(tmp_path, auth="none")
    assert reason(change, request(open_page, ANYBODY, body, id="x", name="x")) == "access_without_password"
    (tmp_path / "administrators.json").write_text('["ana"]')
    app = own(tmp_path, app=tmp_path / "app.json")
    assert reason(change, request(app, BOB, body, id="x", name="x")) == "access_no_administrator"


def test_an_administrator_of_home_assistant_makes_an_account(tmp_path: Path) -> None:
    (tmp_path / "administrators.json").write_text('["ana"]')
    app = own(tmp_path, app=tmp_path / "app.json")
    made = access.make_account(request(app, ANA, {"name": "onduleur", "role": "device"}))
    assert (tmp_path / "accounts").read_text().startswith("onduleur device $7$101$")
    assert len(made.password) == 32


def test_a_password_is_set_only_where_the_page_asks_for_one_of_its_own(tmp_path: Path) -> None:
    body = {"password": "correct horse"}
    for auth in ("none", "header"):
        config = MonitorConfig(state=tmp_path, auth=auth)
        assert reason(access.set_password, request(config, body=body)) == "password_asked_elsewhere"
        assert access.access(request(config)).password == "asked_elsewhere"
    assert reason(access.set_password, request(MonitorConfig(state=tmp_path), ANA, body)) == "password_asked_elsewhere"
    fixed = MonitorConfig(state=tmp_path, password_file=lock(tmp_path / "page-password"))
    assert reason(access.set_password, request(fixed, body=body)) == "password_fixed"
    assert access.access(request(fixed)).password == "fixed"
    assert not (tmp_path / "password").exists()


def test_where_the_page_asks_for_no_password_there_are_no_tokens(tmp_path: Path) -> None:
    by_proxy = MonitorConfig(state=tmp_path, auth="header")
    assert reason(access.make_token, request(by_proxy, body={"name": "Grafana"})) == "tokens_without_password"


@pytest.mark.parametrize("body", [None, [], {}, {"name": "x"}, {"name": "x", "role": "device", "more": 1}])
def test_what_is_sent_has_the_keys_of_the_change(tmp_path: Path, body: Any) -> None:
    assert reason(access.make_account, request(own(tmp_path), body=body)) == "wrong_body"


def test_a_broker_of_somebody_else_is_shown_and_stays_as_it_is(tmp_path: Path) -> None:
    config = MonitorConfig(state=tmp_path, mqtt=MonitorMqtt(host="192.168.1.5", username="teleinfo", password="secret"))
    answer = access.access(request(config))
    assert json.loads(json_bytes(answer.broker)) == {
        "fixed": True, "may_choose": False, "may_add": False, "host": "192.168.1.5", "port": 1883, "tls": False,
        "username": "teleinfo",
    }  # fmt: skip
    assert reason(access.choose_broker, request(config, body={"host": None})) == "broker_fixed"
    assert reason(access.make_account, request(config, body={"name": "x", "role": "device"})) == "no_accounts"
    assert access.access(request(MonitorConfig(state=tmp_path))).broker.host is None


@pytest.mark.parametrize("text", ["", "[]", '{"host": 1}', '{"host": "a", "port": 0}', '{"host": "a b", "port": 1}'])
def test_a_file_of_the_broker_that_is_damaged_names_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "broker.json").write_text(text)
    assert access.access(request(own(tmp_path))).broker.host is None


def test_lines_of_the_accounts_that_are_none_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text("x\nonduleur device $7$101$c2FsdA==$ZGlnZXN0\nreader storer $7$1$a$b\n")
    found = access.access(request(own(tmp_path))).accounts
    assert [(one.name, one.role) for one in found] == [("onduleur", "device")]


def test_a_file_of_accounts_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "accounts").write_bytes(b"\xff")
    body = {"name": "onduleur", "role": "device"}
    assert reason(access.make_account, request(own(tmp_path), body=body)) == "access_unwritable"
    assert (tmp_path / "accounts").read_bytes() == b"\xff"


def test_at_a_broker_that_took_the_place_of_ours_the_page_makes_no_accounts(tmp_path: Path) -> None:
    (tmp_path / "broker.json").write_text('{"host": "192.168.1.5", "port": 1883}')
    body = {"name": "onduleur", "role": "device"}
    assert reason(access.make_account, request(own(tmp_path), body=body)) == "no_accounts"
