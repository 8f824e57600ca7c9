"""Accounts of broker and database, from `setup` to the servers; the broker's rules: tests/services/test_guests.py."""

import json
import re
import ssl

import pymysql
import pytest

from tests.compose.stack import PAGE_PASSWORD, Stack
from tests.compose.test_page import ask, enter, send
from tests.support.mqtt_client import MqttClient, Refused
from tests.support.programs import wait_until
from tests.support.servers import HOST

NOT_AUTHORISED = 0x87
REFUSAL = r"Not authorized|Bad user name"


def test_the_database_has_four_accounts_and_each_its_rights(stack: Stack) -> None:
    def connect(user: str, password: str = "") -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            host=HOST, port=stack.database_port, user=user, password=password, database="teleinfodb", connect_timeout=5
        )

    for name in ("root", "mysql", "teleinfo", "teleinfo-monitor", "grafana", ""):
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            connect(name)
    tries = {
        "grafana": {"SELECT COUNT(*) FROM teleinfoframes": True, "INSERT INTO meters (identifier) VALUES ('x')": False},
        "teleinfo-monitor": {"SELECT COUNT(*) FROM hours": True, "UPDATE rollup_state SET up_to = NULL": False},
        "teleinfo": {"SELECT COUNT(*) FROM frames": True, "CREATE USER x": False, "SELECT 1 FROM mysql.user": False},
    }
    for name, statements in tries.items():
        with connect(name, stack.password(name)) as connection, connection.cursor() as cursor:
            for statement, allowed in statements.items():
                if allowed:
                    cursor.execute(statement)
                else:
                    with pytest.raises(pymysql.err.OperationalError, match="denied"):
                        cursor.execute(statement)


def test_after_a_rotation_only_the_new_passwords_are_accepted(stack: Stack) -> None:
    roles = ("reader", "storer", "phone")
    passwords = {role: stack.password(role) for role in (*roles, "grafana")}
    stack.setup("rotate")
    stack.compose("restart", "mosquitto", "mariadb")
    stack.up()
    for role in roles:
        with pytest.raises(Refused, match=REFUSAL), MqttClient(stack.mqtt_port, role, passwords[role]):
            pass
        with MqttClient(stack.mqtt_port, role, stack.password(role)):
            pass
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        pymysql.connect(host=HOST, port=stack.database_port, user="grafana", password=passwords["grafana"])
    # Reader, storer and database go on working.
    before = stack.sql("SELECT MAX(timestamp) FROM frames")
    wait_until(lambda: stack.sql("SELECT MAX(timestamp) FROM frames") > before, 180, "a row after the rotation")


def enters(stack: Stack, name: str, password: str) -> bool:
    """Tell whether the broker lets an account in; it looks for a change every 2 s."""
    try:
        with MqttClient(stack.mqtt_port, name, password):
            return True
    except Refused as refused:
        if re.search(REFUSAL, str(refused)):
            return False
        raise


def test_an_account_is_added_with_the_rights_of_its_role_and_removed(stack: Stack) -> None:
    stack.setup("add", "reader-attic", "reader")
    password = stack.password("reader-attic")
    wait_until(lambda: enters(stack, "reader-attic", password), 60, "the broker knows the account")
    ours = ssl.create_default_context(cadata=stack.setup("ca"))
    with MqttClient(stack.tls_port, "reader-attic", password, host="localhost", tls=ours) as guest:
        assert guest.publish("teleinfo/990000000002/link", "offline") < 0x80
        assert guest.publish("teleinfo/990000000002/stored", "{}") == NOT_AUTHORISED
    stack.setup("remove", "reader-attic")
    wait_until(lambda: not enters(stack, "reader-attic", password), 60, "the broker has forgotten the account")


def test_an_account_that_the_page_makes_counts_within_seconds_and_no_more_once_it_is_removed(stack: Stack) -> None:
    cookie = enter(stack, PAGE_PASSWORD)
    asked = json.dumps({"name": "wall", "role": "phone"})
    status, text = send(stack, "POST", "api/v1/access/accounts", asked, cookie)
    assert status in (200, 201), text
    account = json.loads(text)
    assert (account["name"], account["role"]) == ("wall", "phone")
    _, known = ask(stack, "api/v1/access", cookie)
    assert json.loads(known)["broker"] | {"port": stack.tls_port, "tls": True} == json.loads(known)["broker"]
    ours = ssl.create_default_context(cadata=stack.setup("ca"))

    wait_until(lambda: enters(stack, "wall", account["password"]), 60, "the broker knows the account")
    with MqttClient(stack.tls_port, "wall", account["password"], host="localhost", tls=ours) as guest:
        assert guest.publish("teleinfo/990000000002/link", "offline") == NOT_AUTHORISED
    stack.compose("restart", "mosquitto")
    stack.up()  # it answers again
    assert enters(stack, "wall", account["password"])
    assert send(stack, "DELETE", "api/v1/access/accounts/wall", None, cookie)[0] in (200, 204)
    wait_until(lambda: not enters(stack, "wall", account["password"]), 60, "the broker has forgotten the account")
