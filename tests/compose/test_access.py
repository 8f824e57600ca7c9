"""Accounts and access: who can connect to broker and database, and publish, receive, read and write what."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pymysql
import pytest

from deploy.compose.certificates import CertificateAuthority
from tests.compose.stack import Stack
from tests.support.mqtt_client import MqttClient, Refused
from tests.support.programs import wait_until
from tests.support.servers import HOST

ROLES = ("reader", "storer", "monitor", "home-assistant", "device", "phone", "health")
_LOOK = ("monitor", "home-assistant", "phone")

#: topic: (who may publish on it, who may receive it), as the documents promise; not taken from mosquitto/acl.
RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "teleinfo/990000000001/frame": (("reader",), ("reader", "storer", *_LOOK)),
    "teleinfo/990000000001/replay": (("reader",), ("storer",)),
    "teleinfo/990000000001/tally": (("reader",), ("storer",)),
    "teleinfo/990000000001/state": (("reader",), ("reader", *_LOOK)),
    "teleinfo/990000000001/link": (("reader",), ("reader", "storer", *_LOOK)),
    "teleinfo/990000000001/stored": (("storer",), ("reader", "monitor")),
    "teleinfo/990000000001": (("reader",), ("home-assistant",)),
    "teleinfo/990000000001/other": ((), ()),
    "teleinfo/reader/matrix/status": (("reader",), ("reader", "storer", *_LOOK)),
    "teleinfo/reader/matrix/health": (("reader",), ("reader", *_LOOK)),
    "teleinfo/storer/matrix/status": (("storer",), ("storer", "reader", *_LOOK)),
    "teleinfo/storer/matrix/health": (("storer",), ("storer", "reader", *_LOOK)),
    "teleinfo/monitor/matrix/price": (("monitor",), ("reader", "home-assistant", "phone")),
    "teleinfo/monitor/matrix/alerts": (("monitor",), ("home-assistant", "phone")),
    "home/away": (("home-assistant",), ("monitor",)),
    "teleinfo/rejected": (("storer",), ("home-assistant",)),
    "homeassistant/device/teleinfo_matrix/config": (("reader",), ("reader", "home-assistant")),
    "homeassistant/sensor/matrix/config": ((), ()),
    "homeassistant/status": (("home-assistant",), ("reader", "home-assistant")),
    "sources/matrix/power": (("home-assistant", "device"), ("storer", "device")),
    "shellies/matrix/relay/0/power": (("device",), ("storer", "device")),
    "somebody/else": ((), ()),
    "$SYS/broker/uptime": ((), ("health",)),
    "$SYS/broker/clients/connected": ((), ()),
    "$CONTROL/dynamic-security/v1": ((), ()),
}
NOT_AUTHORISED = 0x87
REFUSAL = r"Not authorized|Bad user name"


@pytest.fixture(scope="module")
def passwords(stack: Stack) -> dict[str, str]:
    stack.setup("add", "device", "device")  # no device has an account until it is added
    stack.compose("restart", "mosquitto")
    stack.up()  # it answers again
    return {role: stack.password(role) for role in ROLES}


@pytest.fixture(scope="module")
def quiet(stack: Stack, passwords: dict[str, str]) -> Iterator[Stack]:
    """The broker without the programs, which would take our messages for real."""
    stack.compose("stop", "reader", "storer")
    yield stack
    stack.up()


def may_receive(role: str, topic: str) -> bool:
    """Return whether a role may receive a topic, be it one of those above or one of a real meter."""
    return any(role in readers and _is_like(topic, known) for known, (_, readers) in RULES.items())


def _is_like(topic: str, known: str) -> bool:
    ours = known.replace("990000000001", "+").replace("teleinfo_matrix", "+").replace("matrix", "+").split("/")
    parts = topic.split("/")
    return len(parts) == len(ours) and all(mine in ("+", part) for mine, part in zip(ours, parts, strict=True))


# First, as `quiet` stops the storer for the rest of this file.
@pytest.mark.parametrize("tls", [False, True])
def test_a_phone_with_the_client_id_of_the_storer_does_not_take_over_its_session(
    stack: Stack, passwords: dict[str, str], tls: bool
) -> None:
    context = ssl.create_default_context(cadata=stack.setup("ca")) if tls else None
    port = stack.tls_port if tls else stack.mqtt_port
    before = stack.compose("logs", "--no-log-prefix", "storer").count("is lost")
    with MqttClient(
        port, "phone", passwords["phone"], host="localhost", tls=context, client_id="teleinfo-storer-main"
    ) as guest:
        guest.subscribe("teleinfo/storer/+/status")
        assert b"online" in guest.wait_for("teleinfo/storer/main/status")
    assert stack.compose("logs", "--no-log-prefix", "storer").count("is lost") == before


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (None, None),
        ("reader", None),
        ("reader", ""),
        ("reader", "wrong"),
        ("nobody", "nobody"),
        ("root", ""),
        ("", ""),
    ],
)
def test_unauthenticated_clients_are_rejected(stack: Stack, name: str | None, password: str | None) -> None:
    with pytest.raises(Refused, match=REFUSAL), MqttClient(stack.mqtt_port, name, password):
        pass


def test_a_password_is_for_one_account_only(stack: Stack, passwords: dict[str, str]) -> None:
    with pytest.raises(Refused, match=REFUSAL), MqttClient(stack.mqtt_port, "storer", passwords["reader"]):
        pass


def test_each_role_publishes_and_receives_what_it_may_and_nothing_else(quiet: Stack, passwords: dict[str, str]) -> None:
    """Every role publishes on every topic and subscribes to all; what was delivered counts."""
    with ExitStack() as stack:
        guests = {role: stack.enter_context(MqttClient(quiet.mqtt_port, role, passwords[role])) for role in ROLES}
        for guest in guests.values():
            guest.subscribe("#", "+/+/+", "$SYS/#", "$CONTROL/#", *RULES)
        answers = {
            (role, topic): guest.publish(topic, f"{role}|{topic}") for topic in RULES for role, guest in guests.items()
        }
        for guest in guests.values():
            guest.subscribe("at/the/end")  # the broker sends its pending messages before it answers this
        received = {role: {payload.decode(errors="replace") for _, payload in guests[role].messages} for role in ROLES}
        topics = {role: {topic for topic, _ in guests[role].messages} for role in ROLES}

    wrong = []
    for topic, (writers, readers) in RULES.items():
        for role in ROLES:
            for listener in ROLES:
                expected = role in writers and listener in readers
                if (f"{role}|{topic}" in received[listener]) != expected:
                    wrong.append(f"{listener} {'does not receive' if expected else 'receives'} {topic} of {role}")
            if not topic.startswith("$") and (answers[role, topic] == NOT_AUTHORISED) == (role in writers):
                wrong.append(f"{role} publishes on {topic}: 0x{answers[role, topic]:02x}")
    # The broker also sends what it retains of the real reader and storer.
    wrong += [f"{role} receives {topic}" for role in ROLES for topic in topics[role] if not may_receive(role, topic)]
    assert wrong == []
    assert any(topic.endswith("/config") for topic in topics["home-assistant"])
    assert topics["health"] == {"$SYS/broker/uptime"}


def test_a_last_will_is_bound_by_the_same_rules(quiet: Stack, passwords: dict[str, str]) -> None:
    allowed, forbidden = "homeassistant/status", "teleinfo/990000000001/link"
    with MqttClient(quiet.mqtt_port, "reader", passwords["reader"]) as listener:
        listener.subscribe(allowed, forbidden)
        before = len(listener.messages)
        for will in (forbidden, allowed):
            with MqttClient(quiet.mqtt_port, "home-assistant", passwords["home-assistant"], will=will) as guest:
                guest.drop_connection()
        listener.wait_for(allowed)
        assert [topic for topic, _ in listener.messages[before:]] == [allowed]


def test_a_message_that_is_too_large_ends_the_connection(quiet: Stack, passwords: dict[str, str]) -> None:
    with MqttClient(quiet.mqtt_port, "reader", passwords["reader"]) as guest:
        assert guest.publish("teleinfo/990000000001/replay", "x" * 200_000) < 0x80
        with pytest.raises(Refused, match="ended"):
            guest.publish("teleinfo/990000000001/replay", "x" * 300_000)


def test_tls_shows_a_certificate_of_our_authority(stack: Stack, passwords: dict[str, str], tmp_path: Path) -> None:
    ours = ssl.create_default_context(cadata=stack.setup("ca"))
    with MqttClient(stack.tls_port, "phone", passwords["phone"], host="localhost", tls=ours) as guest:
        guest.subscribe("teleinfo/reader/+/status")
        assert guest.wait_for("teleinfo/reader/home/status") in (b"online", b"offline")  # it is retained

    other = CertificateAuthority(tmp_path)
    other.prepare(("localhost",))
    for context in (ssl.create_default_context(), ssl.create_default_context(cafile=str(other.certificate))):
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate"):
            shake_hands(stack.tls_port, context, "localhost")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(stack.tls_port, ours, "another.example")


def shake_hands(port: int, context: ssl.SSLContext, name: str) -> None:
    with (
        socket.create_connection((HOST, port), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=name),
    ):
        pass


def test_tls_needs_an_account_and_its_port_needs_tls(stack: Stack) -> None:
    ours = ssl.create_default_context(cadata=stack.setup("ca"))
    with (
        pytest.raises(Refused, match=REFUSAL),
        MqttClient(stack.tls_port, host="localhost", tls=ours),
    ):  # nor there without an account
        pass
    with pytest.raises(Refused, match="ended"), MqttClient(stack.tls_port, host="localhost"):  # nor without TLS
        pass


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
        "teleinfo": {"SELECT COUNT(*) FROM frames": True, "DELETE FROM frames": False, "CREATE USER x": False},
    }
    for name, statements in tries.items():
        with connect(name, stack.password(name)) as connection, connection.cursor() as cursor:
            for statement, allowed in statements.items():
                if allowed:
                    cursor.execute(statement)
                else:
                    with pytest.raises(pymysql.err.OperationalError, match="denied"):
                        cursor.execute(statement)


def test_after_a_rotation_only_the_new_passwords_are_accepted(stack: Stack, passwords: dict[str, str]) -> None:
    secret = stack.password("grafana")
    stack.setup("rotate")
    stack.compose("restart", "mosquitto", "mariadb")
    stack.up()
    for role in ("reader", "storer", "phone"):
        with pytest.raises(Refused, match=REFUSAL), MqttClient(stack.mqtt_port, role, passwords[role]):
            pass
        passwords[role] = stack.password(role)
        with MqttClient(stack.mqtt_port, role, passwords[role]):
            pass
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        pymysql.connect(host=HOST, port=stack.database_port, user="grafana", password=secret)
    # Reader, storer and database go on working.
    before = stack.sql("SELECT MAX(timestamp) FROM frames")
    wait_until(lambda: stack.sql("SELECT MAX(timestamp) FROM frames") > before, 180, "a row after the rotation")


def test_an_account_is_added_with_the_rights_of_its_role_and_removed(stack: Stack) -> None:
    stack.setup("add", "reader-attic", "reader")
    password = stack.password("reader-attic")
    stack.compose("restart", "mosquitto")
    stack.up()  # it answers again
    with MqttClient(stack.mqtt_port, "reader-attic", password) as guest:
        assert guest.publish("teleinfo/990000000002/link", "offline") < 0x80
        assert guest.publish("teleinfo/990000000002/stored", "{}") == NOT_AUTHORISED
    stack.setup("remove", "reader-attic")
    stack.compose("restart", "mosquitto")
    stack.up()  # it answers again
    with pytest.raises(Refused, match=REFUSAL), MqttClient(stack.mqtt_port, "reader-attic", password):
        pass
