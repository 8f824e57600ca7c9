"""What paho takes for its socket, over a pair of sockets; the other one is the broker's."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.config import Broker as Settings
from common.config import Tls
from common.mqtt.events import Connected, Message, Published
from common.mqtt.packets import Publish
from common.mqtt.wire import Wire
from demo.servers import Broker, free_port
from tests.common.mqtt.test_packets import PINGRESP, PUBACK, SUBACK, publish
from tests.support.certificates import CertificateAuthority
from tests.support.fake_broker import CONNACK, Connection, FakeBroker
from tests.support.programs import wait_until
from tests.support.session_client import SessionClient

FIRST = Publish("teleinfo/1/frame", b"one", False, 1, 1)
SECOND = Publish("teleinfo/2/frame", b"two", False, 515, 1)
THIRD = Publish("teleinfo/3/frame", b"three", False, 516, 1)


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    with ours, theirs:
        ours.setblocking(False)
        theirs.settimeout(5)
        yield ours, theirs


class Messages(list[Publish]):
    def wire(self, sock: Any, *, manual: bool = True) -> Wire:
        return Wire(self.append, manual=manual, context=None).wrap_socket(sock)


def arrived(sock: socket.socket) -> socket.socket:
    """Wait until something has arrived."""
    sock.setblocking(True)
    sock.recv(1, socket.MSG_PEEK)
    sock.setblocking(False)
    return sock


def test_messages_are_delivered_and_other_packets_are_read_in_their_order_and_in_any_pieces(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = sockets
    messages = Messages()
    wire = messages.wire(ours)
    theirs.sendall(publish(FIRST) + SUBACK + publish(SECOND) + PUBACK + publish(THIRD))
    arrived(ours)
    assert wire.recv(1) == SUBACK[:1]
    assert wire.recv(3) + wire.recv(100) == SUBACK[1:]
    assert messages == [FIRST]  # paho handles its packet before what came behind it is delivered
    assert wire.pending() > 0
    assert wire.recv(100) == PUBACK
    assert messages == [FIRST, SECOND]
    assert wire.pending() > 0
    with pytest.raises(BlockingIOError):
        wire.recv(1)
    assert messages == [FIRST, SECOND, THIRD]
    assert wire.pending() == 0
    theirs.close()
    assert wire.recv(1) == b""


def test_messages_alone_are_a_sign_of_life_now_and_then(
    sockets: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it paho would end the connection to a broker whose answer to a ping is behind many messages."""
    ours, theirs = sockets
    messages = Messages()
    wire = messages.wire(ours)
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    theirs.sendall(publish(FIRST))
    arrived(ours)
    assert wire.recv(100) == PINGRESP
    now = 100.9
    theirs.sendall(publish(SECOND)[:5])
    arrived(ours)
    with pytest.raises(BlockingIOError):
        wire.recv(100)
    now = 101.0
    theirs.sendall(publish(SECOND)[5:10])
    arrived(ours)
    assert wire.recv(100) == PINGRESP  # slow, and not dead
    assert messages == [FIRST]


def test_what_is_not_mqtt_ends_the_connection(sockets: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = sockets
    theirs.sendall(b"\x32\xff\xff\xff\xff\xff\xff")
    with pytest.raises(ConnectionError, match="does not speak MQTT 5"):
        Messages().wire(arrived(ours)).recv(1)


@pytest.mark.parametrize("manual", [True, False])
def test_a_message_is_acknowledged_at_once_unless_that_is_done_by_hand(
    sockets: tuple[socket.socket, socket.socket], manual: bool
) -> None:
    ours, theirs = sockets
    wire = Messages().wire(ours, manual=manual)
    theirs.sendall(publish(FIRST) + publish(Publish("a", b"", False, 0, 0)) + publish(SECOND))
    arrived(ours)
    assert wire.recv(1) == PINGRESP[:1]
    wire.acknowledge([7])
    both = b"\x40\x02\x00\x01\x40\x02\x02\x03"
    last = b"\x40\x02\x00\x07"
    assert theirs.recv(100) == (last if manual else both + last)


class Narrow:
    """A socket that takes so many bytes at the next calls; none left: it is full."""

    def __init__(self, *room: int) -> None:
        self.room, self.sent = list(room), b""
        self.fileno = self.setblocking = self.settimeout = self.setsockopt = lambda *_: None

    def send(self, data: bytes) -> int:
        if not self.room or (size := self.room.pop(0)) == 0:
            raise BlockingIOError
        self.sent += bytes(data[:size])
        return min(size, len(data))


def test_an_acknowledgement_never_gets_into_a_packet_of_which_only_a_part_was_sent() -> None:
    sock = Narrow(3, 100, 100)
    wire = Messages().wire(sock)
    assert wire.send(b"packet") == 3
    wire.acknowledge([1])
    assert sock.sent == b"pac"
    assert wire.send(b"ket") == 3
    assert wire.pending() == 0
    assert sock.sent == b"packet\x40\x02\x00\x01"


def test_nor_into_one_that_is_to_be_tried_again() -> None:
    """OpenSSL wants the same bytes again."""
    sock = Narrow(0, 100, 100)
    wire = Messages().wire(sock)
    with pytest.raises(BlockingIOError):
        wire.send(b"packet")
    wire.acknowledge([1])
    assert sock.sent == b""
    assert wire.send(b"packet") == 6
    wire.acknowledge([2])
    assert sock.sent == b"packet\x40\x02\x00\x01\x40\x02\x00\x02"


def test_a_packet_waits_for_the_rest_of_an_acknowledgement() -> None:
    sock = Narrow(2, 1, 1, 100)
    wire = Messages().wire(sock)
    wire.acknowledge([0x0102])
    with pytest.raises(BlockingIOError):
        wire.send(b"packet")
    assert wire.send(b"packet") == 6
    assert sock.sent == b"\x40\x02\x01\x02packet"


def test_messages_that_come_with_the_answer_to_connect_are_of_a_connection_that_is_made() -> None:
    """A broker sends what it has kept for a session at once. Before `Connected` nothing can be acknowledged."""

    def serve(connection: Connection) -> None:
        connection.packet()
        connection.send(CONNACK + publish(FIRST) + publish(SECOND))
        while connection.packet():
            pass

    with (
        FakeBroker(serve) as broker,
        SessionClient(Settings(host="127.0.0.1", port=broker.port), "kept", persistent=True) as client,
    ):
        client.wait(Message, that=lambda message: message.mid == SECOND.mid)
    assert [type(event) for event in client.events[:3]] == [Connected, Message, Message]


def test_many_messages_of_any_size_come_and_go_over_tls(tmp_path: Path) -> None:
    """Both threads use the same connection: one of them acknowledges while the other reads and writes."""
    authority, port = CertificateAuthority(tmp_path, "our own"), free_port()
    certificate, key = authority.sign("broker", "IP:127.0.0.1")
    listener = f"listener {port} 127.0.0.1\ncafile {authority.certificate}\ncertfile {certificate}\nkeyfile {key}\n"
    (tmp_path / "broker").mkdir()
    settings = Settings(host="127.0.0.1", port=port, tls=Tls(ca=str(authority.certificate)))
    sent = [b"%d " % number + b"x" * (100_000 if number % 300 == 0 else number) for number in range(2_000)]
    with (
        Broker(tmp_path / "broker", config=listener + "max_queued_messages 0\nmax_inflight_messages 0\n"),
        SessionClient(settings, "both", "wire/#", manual=True, receive_maximum=100) as client,
    ):
        client.wait(Connected)
        assert client.publish("wire/first", "first") == 0
        done = 0

        def acknowledge() -> int:
            nonlocal done
            messages = client.all(Message)
            client.session.acknowledge(*messages[done:])
            done = len(messages)
            return done

        for number, payload in enumerate(sent):
            assert client.session.publish("wire/more", payload) is not None
            if number % 7 == 0:
                acknowledge()
        wait_until(lambda: acknowledge() > len(sent), 20, "all have come")
        answers = client.all(Published)
    assert client.payloads() == [b"first", *sent]
    assert {answer.reason_code for answer in answers} == {0}
    assert len(client.all(Connected)) == 1
