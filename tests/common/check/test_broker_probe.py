"""The probe of a broker, against servers that misbehave."""

import errno
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.check.broker_probe import ConnectionFailed, Failure, Probe, probe_broker
from common.settings.config import Broker
from tests.support.fake_broker import CONNACK, SUBSCRIBE, Connection, FakeBroker, answer_one, filters_of

MESSAGE = b"\x30\x08\x00\x04mine\x00x"
WITHIN = 60.0  # seconds
MAIL = b"220 mail.example.org ESMTP Postfix, at your service since the year 1998\r\n"
WEB = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[Broker]:
    """Answer the first client so; then reset the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                answer(connection)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        thread = threading.Thread(target=serve)
        thread.start()
        yield Broker(host="127.0.0.1", port=listener.getsockname()[1])
        thread.join(WITHIN)


def accept(connection: socket.socket) -> None:
    connection.sendall(CONNACK)
    connection.recv(1024)  # the question


@pytest.mark.parametrize(
    ("serve", "ask"),
    [
        (accept, lambda probe: probe.subscribe(["#"])),
        (accept, lambda probe: probe.may_publish(["a"])),
        (lambda connection: connection.sendall(CONNACK), lambda probe: probe.listen(WITHIN)),
    ],
    ids=["subscribe", "publish", "listen"],
)
def test_a_broker_that_is_killed_closed_the_connection(
    serve: Callable[[socket.socket], None], ask: Callable[[Probe], object]
) -> None:
    with server(serve) as settings, Probe(settings, timeout=WITHIN) as probe:
        with pytest.raises(ConnectionFailed) as gone:
            ask(probe)
        assert gone.value.failure is Failure.CLOSED


@pytest.mark.parametrize(
    ("greeting", "failure"),
    [
        pytest.param(MAIL, Failure.NOT_MQTT, id="mail"),
        pytest.param(WEB, Failure.NOT_MQTT, id="web"),
        pytest.param(b"\x20\x03\x00\x00\x7f", Failure.NOT_MQTT, id="properties that are not there"),
        pytest.param(b"", Failure.NOT_MQTT, id="closes"),
        pytest.param(b"\x20\x02\x00\x01", Failure.NOT_MQTT, id="MQTT 3.1.1"),
        pytest.param(b"\x20\x03\x00\x84\x00", Failure.NOT_MQTT, id="another version, in MQTT 5"),
        pytest.param(b"\x20\x05\x00\x00\x02\x24\x00", Failure.QOS, id="Maximum QoS 0"),
    ],
)
def test_a_server_that_we_cannot_use_is_known(greeting: bytes, failure: Failure) -> None:
    with server(lambda connection: connection.sendall(greeting)) as settings:
        with pytest.raises(ConnectionFailed) as wrong:
            Probe(settings, timeout=WITHIN)
        assert wrong.value.failure is failure


def test_the_largest_packet_is_known() -> None:
    greeting = b"\x20\x08\x00\x00\x05\x27\x00\x00\x03\xe8"
    with (
        server(lambda connection: connection.sendall(greeting)) as settings,
        Probe(settings, timeout=WITHIN) as probe,
    ):
        assert probe.limits.max_packet_size == 1000


def test_a_password_file_that_is_missing_is_known(tmp_path: Path) -> None:
    file = tmp_path / "none"
    with pytest.raises(ConnectionFailed) as wrong:
        Probe(Broker(host="127.0.0.1", username="reader", password_file=str(file)), timeout=WITHIN)
    assert wrong.value.failure is Failure.PASSWORD_FILE
    assert str(wrong.value).startswith(f"mqtt.password_file: {file} ")
    assert os.strerror(errno.ENOENT) in str(wrong.value)


def test_a_server_that_closes_before_our_first_packet_is_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connect = socket.create_connection

        def connect_late(*arguments: Any, **options: Any) -> socket.socket:
            ours = connect(*arguments, **options)
            theirs, _ = listener.accept()
            theirs.sendall(MAIL)
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            theirs.close()
            return ours

        monkeypatch.setattr(socket, "create_connection", connect_late)
        with pytest.raises(ConnectionFailed) as wrong:
            Probe(Broker(host="127.0.0.1", port=listener.getsockname()[1]), timeout=WITHIN)
        assert wrong.value.failure is Failure.NOT_MQTT


def test_a_right_to_publish_is_answered_and_the_message_is_never_released() -> None:
    received = bytearray()

    def forbid(connection: socket.socket) -> None:
        connection.sendall(CONNACK)
        received.extend(connection.recv(1024))
        connection.sendall(b"\x50\x03\x00\x01\x87")  # PUBREC: not authorised
        while data := connection.recv(1024):
            received.extend(data)

    with server(forbid) as settings, Probe(settings, timeout=WITHIN) as probe:
        assert probe.may_publish(["a/b"]) == {"a/b": 0x87}
    publish = b"\x34\x08\x00\x03a/b\x00\x01\x00"
    assert bytes(received).startswith(publish)
    assert received[len(publish)] == 0xE0  # DISCONNECT, no PUBREL


def close_after_refusal(connection: Connection) -> None:
    """Answer as RabbitMQ does: it refuses in the SUBACK, then closes the connection."""
    while packet := connection.packet():
        if packet[0] != SUBSCRIBE:
            answer_one(connection, packet, [], CONNACK)
            continue
        codes = [0x87 if name.startswith("forbidden") else 0 for name in filters_of(packet[1])]
        connection.send(bytes((0x90, 3 + len(codes))) + packet[1][2:4] + b"\x00" + bytes(codes))
        if 0x87 in codes:
            return
        connection.send(MESSAGE)


def test_a_filter_for_which_the_broker_closes_the_connection_is_named_and_the_others_are_used() -> None:
    with FakeBroker(close_after_refusal) as broker:
        settings = Broker(host="127.0.0.1", port=broker.port)
        facts = probe_broker(
            settings, publish=(), subscribe=["mine", "forbidden/1"], extra_topics=["forbidden/2", "mine"], seconds=0.1
        )
    assert facts.failure is None
    assert facts.refused == ("forbidden/1",)
    assert [message.payload for message in facts.messages] == [b"x"]


def test_a_broker_that_closes_the_connection_for_no_known_reason_is_a_failure() -> None:
    def close(connection: Connection) -> None:
        answer_one(connection, connection.packet() or (0, b""), [], CONNACK)
        connection.packet()

    with FakeBroker(close) as broker:
        facts = probe_broker(Broker(host="127.0.0.1", port=broker.port), publish=(), subscribe=["mine"], seconds=0.1)
    assert facts.failure is Failure.CLOSED


@pytest.mark.parametrize("hosts", [("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "127.0.0.2")])
def test_the_first_host_that_answers_is_examined_and_those_before_it_are_failures(hosts: tuple[str, ...]) -> None:
    with FakeBroker(close_after_refusal) as broker:
        settings = Broker(host=hosts, port=broker.port)
        facts = probe_broker(settings, publish=(), subscribe=["mine"], seconds=0.1)
    assert (facts.failure, facts.host) == (None, "127.0.0.1")
    assert [(other.host, other.failure) for other in facts.failed] == [
        (host, Failure.REFUSED) for host in hosts[: hosts.index("127.0.0.1")]
    ]


def test_where_no_host_answers_each_is_a_failure() -> None:
    with FakeBroker(close_after_refusal) as broker:
        port = broker.port
    facts = probe_broker(Broker(host=("127.0.0.1", "127.0.0.2"), port=port), publish=(), subscribe=(), seconds=0.1)
    assert facts.failure is Failure.REFUSED
    assert [other.host for other in facts.failed] == ["127.0.0.2"]
