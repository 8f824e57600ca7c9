"""Brokers that close or refuse the connection or accept less than others, and what is logged."""

import errno
import logging
import math
import os
import select
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from common.mqtt.events import REFUSED, Connected, Disconnected, Event, Message, Published
from common.mqtt.session import Session
from common.settings.config import Broker as Settings
from common.settings.config import Tls
from tests.support.fake_broker import (
    CONNACK,
    CONNECT,
    PUBACK,
    PUBLISH,
    SUBSCRIBE,
    TAKEN_OVER,
    Connection,
    FakeBroker,
    answer,
    answer_one,
    connack,
    filters_of,
)
from tests.support.servers import HOST, Broker
from tests.support.session_client import WITHIN, SessionClient

ID = "teleinfo-reader-cellar"


class Client(SessionClient):
    """A client of the name that all tests here use."""

    def __init__(self, settings: Settings, **more: Any) -> None:
        super().__init__(settings, ID, **more)

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.session.join(WITHIN)

    def nth(self, kind: type[Event], count: int) -> None:
        """Wait for so many events of a kind."""
        eventually(lambda: len(self.all(kind)) >= count, f"{count} events {kind.__name__}")


def at(port: int) -> Settings:
    return Settings(host=HOST, port=port)


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN:.0f} s: {what}"
        time.sleep(0.01)  # between two looks


def logged(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    records = [record for record in caplog.records if record.name.startswith("common.")]
    return [record.getMessage() for record in records if record.levelno >= level]


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> float:
    """Makes all waits between two tries this much shorter, without jitter; whatever a broker does, it does at once."""
    scale = 0.005
    monkeypatch.setattr("common.mqtt.connection._AT_ONCE", math.inf)  # the machine may be busy
    monkeypatch.setattr("common.mqtt.session.random.uniform", lambda _low, _high: scale)
    return scale


# -- client id conflict ------------------------------------------------------------------------------------------------


def take_over(connection: Connection) -> None:
    connection.packet()
    connection.send(CONNACK + TAKEN_OVER)
    connection.packet()


def test_a_client_id_conflict_is_one_warning_and_backs_off(caplog: pytest.LogCaptureFixture, fast: float) -> None:
    caplog.set_level(logging.INFO)
    with FakeBroker(take_over) as broker, Client(at(broker.port)) as client:
        eventually(lambda: len(broker.opened) >= 8, "enough attempts")
        assert len(client.all(Connected)) >= 7
        texts = logged(caplog, logging.INFO)
        gaps = [later - earlier for earlier, later in zip(broker.opened, broker.opened[1:], strict=False)]
    assert sum(f"nother program named {ID} uses the broker" in text for text in texts) == 1
    assert "another name" in texts[-1]
    assert len(texts) <= 4, texts
    assert gaps[1] >= 30 * fast  # from the second time on
    assert gaps[6] >= 300 * fast


# -- unstable connections ----------------------------------------------------------------------------------------------


# -- Maximum Packet Size -----------------------------------------------------------------------------------------------

_LIMIT = b"\x27" + (200).to_bytes(4, "big")  # Maximum Packet Size
_TOO_LARGE = 0x95


def test_a_message_too_large_for_the_broker_is_not_sent_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    published: list[bytes] = []
    frame = "teleinfo/031961123456/frame"
    # Fixed header 1 and 2, topic 2 and its length, id 2, length of the properties 1.
    most = 200 - 3 - 2 - len(frame) - 2 - 1

    def small(connection: Connection) -> None:
        while packet := connection.packet():
            answer_one(connection, packet, published, connack(_LIMIT))

    with FakeBroker(small) as broker, Client(at(broker.port)) as client:
        client.wait(Connected)
        assert client.publish(frame, b"x" * (most + 1)) == _TOO_LARGE >= REFUSED
        assert client.publish(frame, b"y" * (most + 1)) == _TOO_LARGE
        assert client.publish(frame, b"z" * most) == 0
        assert len(broker.opened) == 1
    assert [len(packet) for packet in published] == [200]
    (text,) = logged(caplog)
    assert frame in text
    assert "201 bytes" in text
    assert "200" in text


# -- unsuitable brokers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"\x20\x02\x00\x01", id="as MQTT 3.1.1 says it"),
        pytest.param(b"\x20\x03\x00\x84\x00", id="as MQTT 5 says it"),
        pytest.param(
            b"\x20\x02\x00\x84",
            id="a mixture",
            marks=pytest.mark.skipif(
                version("paho-mqtt").startswith("2.1."), reason="paho before 2.2 breaks at a CONNACK without properties"
            ),
        ),
        pytest.param(b"", id="hangs up"),
    ],
)
def test_a_broker_without_mqtt_5_is_one_line_with_the_fix(
    caplog: pytest.LogCaptureFixture, fast: float, reply: bytes
) -> None:
    def refuse(connection: Connection) -> None:
        connection.packet()
        connection.send(reply)

    with FakeBroker(refuse) as broker, Client(at(broker.port)) as client:
        eventually(lambda: len(broker.opened) >= 5, "enough attempts")
        assert client.all(Connected) == []
    (text,) = logged(caplog)
    assert f"{HOST}:{broker.port}" in text
    assert "MQTT 5" in text
    assert "mosquitto 2.0 or newer" in text


def test_a_broker_with_qos_0_only_is_one_line_with_the_fix(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fast: float
) -> None:
    with Broker(tmp_path, config="max_qos 0") as broker, Client(at(broker.port)) as client:
        eventually(lambda: broker.log.read_text().count(f"as {ID}") >= 4, "enough attempts")
        assert client.all(Connected) == []
        assert not client.session.connected
    (text,) = logged(caplog)
    assert f"{HOST}:{broker.port}" in text
    assert "max_qos" in text


# -- subscriptions -----------------------------------------------------------------------------------------------------


class Subscribers:
    """A broker that notes the SUBSCRIBEs of each connection, and ends a connection when told to."""

    def __init__(self) -> None:
        self.connections: list[list[list[str]]] = []
        self.drop = threading.Event()

    def serve(self, connection: Connection) -> None:
        packets: list[list[str]] = []
        self.connections.append(packets)
        while packet := connection.packet():
            if packet[0] == SUBSCRIBE:
                packets.append(filters_of(packet[1]))
                count = len(packets[-1])
                connection.send(bytes((0x90, 3 + count)) + packet[1][2:4] + b"\x00" + b"\x01" * count)
            else:
                answer_one(connection, packet, [], CONNACK)
            if self.drop.is_set():
                self.drop.clear()
                return


def test_filters_are_subscribed_at_once_and_at_each_later_connection(fast: float) -> None:
    serving = Subscribers()
    with FakeBroker(serving.serve) as broker, Client(at(broker.port)) as client:
        client.wait(Connected)
        client.session.subscribe(["a", "b"])
        client.session.subscribe(["b", "c", "c"])
        eventually(lambda: len(serving.connections[0]) == 3, "all are subscribed")
        serving.drop.set()
        client.session.publish("x", b"")
        client.nth(Connected, 2)
        eventually(lambda: len(serving.connections[1]) == 3, "they are subscribed again")
    assert serving.connections == [[["a"], ["b"], ["c"]]] * 2


def test_filters_that_are_added_while_disconnected_are_subscribed_before_connected_is_emitted() -> None:
    serving = Subscribers()
    with FakeBroker(serving.serve) as broker:
        client = Client(at(broker.port))
        client.session.subscribe([str(number) for number in range(20)])
        with client:
            client.wait(Connected)
            assert client.publish("x", b"") == 0  # the broker has answered what was sent before
    (packets,) = serving.connections
    assert packets == [[str(number)] for number in range(20)]


def test_subscriptions_end_with_their_connection_until_there_are_new_ones(fast: float) -> None:
    serving = Subscribers()
    with FakeBroker(serving.serve) as broker, Client(at(broker.port)) as client:
        client.wait(Connected)
        client.session.subscribe(["a"])
        assert client.session.unsubscribe()
        client.nth(Connected, 2)
        assert not client.session.unsubscribe()
        client.session.subscribe(["a", "b"])
        eventually(lambda: len(serving.connections[1]) == 2, "they are subscribed again")
    assert serving.connections == [[["a"]], [["a"], ["b"]]]


def grant(codes: dict[str, int]) -> Callable[[Connection], None]:
    """Answer the SUBSCRIBE of a filter with this code, of others with success."""

    def serve(connection: Connection) -> None:
        while packet := connection.packet():
            if packet[0] == SUBSCRIBE:
                answers = bytes(codes.get(name, 1) for name in filters_of(packet[1]))
                connection.send(bytes((0x90, 3 + len(answers))) + packet[1][2:4] + b"\x00" + answers)
            else:
                answer_one(connection, packet, [], CONNACK)

    return serve


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x87, ("refuses", "Not authorized", "allow reading")),
        (0x97, ("refuses", "Quota exceeded", "no room")),
        (0x9E, ("refuses", "Shared subscription not supported", "remove mqtt.share")),
        (0xA2, ("refuses", "Wildcard subscription not supported", "see docs")),
        (0, ("grants", "QoS 0 only")),
    ],
)
def test_a_subscription_that_is_refused_is_named_once(
    caplog: pytest.LogCaptureFixture, fast: float, code: int, words: tuple[str, ...]
) -> None:
    with FakeBroker(grant({"teleinfo/+/frame": code})) as broker, Client(at(broker.port)) as client:
        client.session.subscribe(["a", "teleinfo/+/frame"])
        for count in (1, 2):
            client.nth(Connected, count)
            assert client.publish("x", b"") == 0  # the answer to the subscription has come before
            assert client.session.refused == (["teleinfo/+/frame"] if code else [])
            client.session.reconnect()
        client.nth(Connected, 3)
    (text,) = [text for text in logged(caplog) if "subscription" in text]
    assert [word for word in (f"{HOST}:{broker.port} ", "teleinfo/+/frame", *words) if word not in text] == []


# -- acknowledgements --------------------------------------------------------------------------------------------------


def test_a_message_of_an_earlier_connection_is_not_acknowledged_on_a_later_one(fast: float) -> None:
    """Both have the same id: the broker would take the second one for done."""
    acknowledged: list[tuple[int, bytes]] = []

    def sends_one(connection: Connection) -> None:
        while packet := connection.packet():
            answer_one(connection, packet, [], CONNACK)
            if packet[0] == SUBSCRIBE:
                connection.send(b"\x32\x07\x00\x01t\x00\x07\x00" + str(connection.number).encode())
            elif packet[0] == PUBACK:
                acknowledged.append((connection.number, packet[1][2:4]))

    with FakeBroker(sends_one) as broker, SessionClient(at(broker.port), ID, "t", persistent=True) as client:
        first = client.wait(Message)
        client.session.reconnect()
        second = client.wait(Message, that=lambda message: message is not first)
        client.session.acknowledge(first)
        client.session.acknowledge(second)
        eventually(lambda: bool(acknowledged), "an acknowledgement")
    assert acknowledged == [(2, b"\x00\x07")]


# -- what a broker says of itself --------------------------------------------------------------------------------------


def test_what_a_broker_does_not_do_is_logged_once(caplog: pytest.LogCaptureFixture, fast: float) -> None:
    no_retain, one_minute = b"\x25\x00", b"\x11" + (60).to_bytes(4, "big")

    def modest(connection: Connection) -> None:
        answer(connection, connack(no_retain + one_minute))

    with FakeBroker(modest) as broker, Client(at(broker.port), persistent=True) as client:
        for count in (1, 2, 3):
            client.nth(Connected, count)
            assert client.session.limits is not None
            assert client.session.limits.retain is False
            client.session.reconnect()
    (text,) = logged(caplog)
    assert "retains no messages" in text
    assert "60 s" in text


def test_no_more_messages_are_in_flight_than_the_broker_takes() -> None:
    """It ends the connection of who sends more. The others follow when it has answered."""
    waiting: list[bytes] = []
    most = 0

    def slow(connection: Connection) -> None:
        nonlocal most
        answers: list[threading.Timer] = []
        while packet := connection.packet():
            if packet[0] == PUBLISH:
                waiting.append(packet[1])
                most = max(most, len(waiting))
                answers.append(
                    threading.Timer(0.05, lambda: answer_one(connection, (PUBLISH, waiting.pop(0)), [], b""))
                )
                answers[-1].start()
            else:
                answer_one(connection, packet, [], connack(b"\x21\x00\x03"))
        for timer in answers:
            timer.join()

    with FakeBroker(slow) as broker, Client(at(broker.port)) as client:
        client.wait(Connected)
        for number in range(10):
            assert client.session.publish("teleinfo/1/frame", bytes([number]))
        client.nth(Published, 10)
        assert [event.reason_code for event in client.all(Published)] == [0] * 10
    assert most == 3


def test_a_port_that_never_answers_is_one_line(
    caplog: pytest.LogCaptureFixture, fast: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.mqtt.session.ANSWER_TIMEOUT", 0.1)

    def silent(connection: Connection) -> None:
        while connection.packet():
            pass

    with FakeBroker(silent) as broker, Client(at(broker.port)) as client:
        eventually(lambda: len(broker.opened) >= 3, "enough attempts")
        assert client.all(Connected) == []
    (text,) = logged(caplog)
    assert f"{HOST}:{broker.port} " in text
    assert "not answered" in text
    assert "mqtt.port" in text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x83, "queue"),
        (0x87, "mqtt.username and mqtt.password"),
        (0x97, "queue"),
        (0x9A, "retain_available true"),
        (0x9B, "max_qos 0"),
    ],
)
def test_a_broker_that_refuses_the_connection_is_one_line_with_the_fix(
    caplog: pytest.LogCaptureFixture, fast: float, code: int, words: str
) -> None:
    def refuse(connection: Connection) -> None:
        connection.packet()
        connection.send(b"\x20\x03\x00" + bytes([code]) + b"\x00")

    with FakeBroker(refuse) as broker, Client(at(broker.port)):
        eventually(lambda: len(broker.opened) >= 3, "enough attempts")
    (text,) = logged(caplog)
    assert words in text


def test_what_a_broker_closes_the_connection_for_is_named(caplog: pytest.LogCaptureFixture, fast: float) -> None:
    """RabbitMQ refuses a message so."""

    def close_at_forbidden(connection: Connection) -> None:
        while packet := connection.packet():
            if packet[0] == PUBLISH and b"forbidden" in packet[1]:
                return
            answer_one(connection, packet, [], CONNACK)

    with FakeBroker(close_at_forbidden) as broker, Client(at(broker.port)) as client:
        for count in range(1, 5):
            client.nth(Connected, count)
            client.publish("teleinfo/allowed", b"")
            client.session.publish("teleinfo/forbidden", b"")
            client.nth(Disconnected, count)
    assert "message on teleinfo/forbidden" in logged(caplog)[-1]
    assert sum("forbidden" in text for text in logged(caplog)) == 1


def test_a_refused_subscription_for_which_a_broker_closes_the_connection_is_named(
    caplog: pytest.LogCaptureFixture, fast: float
) -> None:
    def close_at_refused(connection: Connection) -> None:
        while packet := connection.packet():
            if packet[0] == SUBSCRIBE:
                connection.send(b"\x90\x04" + packet[1][2:4] + b"\x00\x87")
                return
            answer_one(connection, packet, [], CONNACK)

    with FakeBroker(close_at_refused) as broker, Client(at(broker.port)) as client:
        client.session.subscribe(["teleinfo/1/stored"])
        client.nth(Disconnected, 5)
    assert "subscription to teleinfo/1/stored" in logged(caplog)[-1]
    assert len(logged(caplog)) <= 4, logged(caplog)


# -- several hosts -----------------------------------------------------------------------------------------------------


def test_the_next_host_is_tried_at_once_and_the_wait_comes_after_the_last(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.mqtt.session.random.uniform", lambda *_: 1000.0)  # a wait would last for ever
    with Broker(tmp_path) as broker:
        settings = Settings(host=("127.0.0.2", "127.0.0.3", HOST), port=broker.port)  # it listens on one address
        with Client(settings) as client:
            client.wait(Connected)
            assert client.publish("x", b"y") < REFUSED
    texts = logged(caplog)
    assert [host in text for host, text in zip(("127.0.0.2", "127.0.0.3"), texts, strict=True)] == [True, True]


def test_a_host_that_is_away_is_logged_once_while_another_is_unstable(
    caplog: pytest.LogCaptureFixture, fast: float
) -> None:
    def break_at_once(connection: Connection) -> None:
        connection.packet()
        connection.send(CONNACK)

    with FakeBroker(break_at_once) as broker:
        with Client(Settings(host=("127.0.0.2", HOST), port=broker.port)) as client:
            client.nth(Disconnected, 8)
        assert sum("127.0.0.2" in text for text in logged(caplog)) == 1
        assert len(logged(caplog)) <= 4, logged(caplog)


def test_after_a_loss_the_next_host_is_tried(fast: float) -> None:
    asked: list[str] = []

    def note(name: str) -> Callable[[Connection], None]:
        def serve(connection: Connection) -> None:
            asked.append(name)
            connection.packet()
            connection.send(CONNACK)

        return serve

    with (
        FakeBroker(note("first")) as one,
        FakeBroker(note("second"), host="127.0.0.2", port=one.port),
        Client(Settings(host=(HOST, "127.0.0.2"), port=one.port)) as client,
    ):
        client.nth(Disconnected, 4)
    assert asked[:4] == ["first", "second"] * 2


# -- missing files -----------------------------------------------------------------------------------------------------


def put(file: Path, text: str) -> None:
    """Write a file whole: the session may read it at any moment."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def test_a_missing_password_file_is_retried_and_read_for_each_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fast: float
) -> None:
    caplog.set_level(logging.INFO)
    passwords: list[bytes] = []

    def note(connection: Connection) -> None:
        packet = connection.packet()
        assert packet is not None
        assert packet[0] == CONNECT
        passwords.append(packet[1][-5:])
        connection.send(CONNACK)

    file = tmp_path / "password"
    with FakeBroker(note) as broker:
        settings = Settings(host=HOST, port=broker.port, username="reader", password_file=str(file))
        with Client(settings) as client:
            eventually(lambda: bool(logged(caplog)), "it is logged")
            put(file, "first\n")
            client.wait(Connected)
            texts = logged(caplog, logging.INFO)
            put(file, "later\n")
            eventually(lambda: passwords[-1:] == [b"later"], "the new one is used")
            file.unlink()
            eventually(lambda: len([text for text in logged(caplog) if str(file) in text]) == 2, "it is logged again")
    assert passwords[0] == b"first"
    assert f"mqtt.password_file: {file} " in texts[0]
    assert os.strerror(errno.ENOENT) in texts[0]
    assert texts[1].startswith("Connected to the broker")


def test_a_missing_or_incomplete_tls_file_is_retried(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fast: float
) -> None:
    file = tmp_path / "ca.pem"
    with Client(Settings(host=HOST, port=1, tls=Tls(ca=str(file)))):
        eventually(lambda: bool(logged(caplog)), "it is logged")
        assert f"mqtt.tls.ca: {file} " in logged(caplog)[0]
        assert os.strerror(errno.ENOENT) in logged(caplog)[0]
        put(file, "-----BEGIN CERTIFICATE-----\n")
        eventually(lambda: len(logged(caplog)) > 1, "it is logged")
        assert "mqtt.tls: " in logged(caplog)[1]
    assert len(logged(caplog)) == 2


def test_a_session_that_waits_can_be_closed_at_once(tmp_path: Path) -> None:
    with Client(Settings(host=HOST, port=1, password_file=str(tmp_path / "none"), username="reader")) as client:
        eventually(lambda: client.session.last_activity > time.monotonic(), "it waits")
        client.session.close()
        client.session.join(WITHIN)
        assert not client.session._supervisor.is_alive()


def test_its_threads_end_though_none_can_ask_whether_another_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to Python 3.12, one that asks while another one joins may fail: `assert not lock.locked()`."""

    def ask() -> bool:
        raise AssertionError

    with Client(Settings(host=HOST, port=1, password_file=str(tmp_path / "none"), username="reader")) as client:
        monkeypatch.setattr(client.session._supervisor, "is_alive", ask)
        eventually(lambda: client.session.last_activity > time.monotonic(), "it waits")
        client.session.close()
        client.session.join(WITHIN)
        worker = client.session._worker
        assert worker is not None
        worker.join(WITHIN)
        assert not worker.is_alive()


# -- without a thread of its own ---------------------------------------------------------------------------------------


def test_a_session_without_a_thread_hears_why_the_broker_has_closed_the_connection_though_it_publishes() -> None:
    """It may publish more than once before it receives: the second message already finds a broken connection."""
    events: list[Event] = []
    connected = threading.Event()

    def take_over_then(connection: Connection) -> None:
        connection.packet()
        connection.send(CONNACK)
        connected.wait(WITHIN)
        connection.send(TAKEN_OVER)

    with FakeBroker(take_over_then) as broker:
        session = Session(at(broker.port), ID, subscriptions=[], emit=events.append)
        session.start(thread=False)
        deadline = time.monotonic() + WITHIN
        while not session.connected:
            assert time.monotonic() < deadline
            session.work(0.1)
        attempt = session._attempt
        assert attempt is not None
        connected.set()
        closed = select.poll()
        closed.register(attempt.socket(), select.POLLRDHUP)
        assert closed.poll(WITHIN * 1000)
        for _ in range(3):
            session.publish("free/x", "y")
        eventually(lambda: any(isinstance(event, Disconnected) for event in events), "it is disconnected")
        assert session.taken_over == 1
        session.close()
        session.join(WITHIN)


def test_a_session_without_a_thread_works_while_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.mqtt.session.FLUSH_TIMEOUT", WITHIN)  # the broker may be slow
    events: list[Event] = []

    def work_until(kind: type[Event]) -> None:
        deadline = time.monotonic() + WITHIN
        while not any(isinstance(event, kind) for event in events):
            assert time.monotonic() < deadline, f"no {kind.__name__}"
            session.work(1.0)

    with Broker(tmp_path) as broker:
        session = Session(at(broker.port), ID, subscriptions=["free/#"], emit=events.append)
        session.start(thread=False)
        work_until(Connected)
        session.publish("free/x", "first")
        work_until(Message)
        work_until(Published)
        began = time.monotonic()
        threading.Timer(0.1, session.wake).start()
        session.work(WITHIN)
        assert time.monotonic() - began < WITHIN / 2
        session.publish("free/x", "last")
        session.close()
        session.join(WITHIN)
    assert len([event for event in events if isinstance(event, Published)]) == 2
    assert isinstance(events[-1], Disconnected)
