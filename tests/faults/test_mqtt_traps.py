"""Surprises of brokers and of paho, and that `common.mqtt` handles them."""

import gc
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import common.mqtt.connection
from common.mqtt.events import (
    NOBODY_SUBSCRIBED,
    REFUSED,
    Connected,
    Disconnected,
    Message,
    Published,
)
from common.mqtt.session import Session
from common.settings.config import Broker as Settings
from common.settings.config import Tls
from tests.support.certificates import CertificateAuthority
from tests.support.fake_broker import CONNACK, Connection, FakeBroker
from tests.support.programs import WITHIN, wait_until
from tests.support.proxy import Proxy
from tests.support.servers import HOST, Broker
from tests.support.session_client import SessionClient
from tests.support.wording import warnings_of

SOONER = 25.0  # seconds, for what should take a few; with the keepalive of the programs, 30 would pass
MOST_IDS = 65_535


def at(port: int, name: str, *subscriptions: str, **options: Any) -> SessionClient:
    """Return a client of the broker at a port of this machine."""
    settings = options.pop("settings", None) or Settings(host=HOST, port=port)
    return SessionClient(settings, name, *subscriptions, **options)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("broker")
    rules = folder / "rules"
    rules.touch(mode=0o600)
    rules.write_text("topic readwrite free/#\ntopic read secret/#\n")
    with Broker(folder, config=f"acl_file {rules}\nmax_queued_messages 200000") as broker:
        yield broker


@pytest.fixture
def listener(broker: Broker) -> Iterator[SessionClient]:
    """A client that receives whatever reaches the broker."""
    with at(broker.port, "listener", "free/#") as listener:
        listener.wait(Connected)
        listener.publish("free/listener", "x")
        listener.wait(Message)  # so the subscription counts
        yield listener


# -- what is published -------------------------------------------------------------------------------------------------


def test_nobody_says_good_bye_before_the_broker_has_answered() -> None:
    """An answer to a connection that is closed already resets it, and mosquitto then drops what it has not read."""
    with socket.create_server((HOST, 0)) as server:
        server.settimeout(WITHIN)
        client = at(server.getsockname()[1], "writer")
        client.session.start()
        peer, _ = server.accept()
        with peer:
            peer.settimeout(WITHIN)
            peer.recv(4096)
            peer.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK
            client.wait(Connected)
            handed = client.session.publish("free/a", "last")
            assert handed is not None
            closing = threading.Thread(target=client.session.close)
            closing.start()
            published = peer.recv(4096)
            assert published[0] & 0xF0 == 0x30
            assert len(published) == 2 + published[1]  # nothing behind it
            peer.settimeout(0.2)
            with pytest.raises(TimeoutError):
                peer.recv(4096)
            peer.settimeout(WITHIN)
            peer.sendall(b"\x40\x02" + handed.mid.to_bytes(2, "big"))  # PUBACK
            assert peer.recv(4096)[0] == 0xE0  # DISCONNECT
            assert peer.recv(4096) == b""
        closing.join(WITHIN)
    client.wait(Disconnected)


def test_more_messages_than_there_are_ids_neither_raise_nor_come_late(
    broker: Broker, listener: SessionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that hangs takes no more than 65,535; the rest, and what comes while it is away, is refused openly."""
    monkeypatch.setattr(common.mqtt.connection, "KEEPALIVE", 600)  # however long so many messages take
    with at(broker.port, "writer") as writer:
        writer.wait(Connected)
        mark = len(writer.events), len(listener.events)
        broker.pause()
        answers = [writer.session.publish("free/flood", b"%d" % number) for number in range(MOST_IDS + 4_465)]
        broker.kill()
        taken = [answer for answer in answers if answer is not None]
        assert len(set(taken)) == len(taken) == MOST_IDS
        assert answers[MOST_IDS:] == [None] * 4_465
        writer.wait(Disconnected, mark[0])
        assert not writer.session.connected
        assert writer.session.publish("free/flood", "away") is None
        broker.start()
        writer.wait(Connected, mark[0])
        listener.wait(Connected, mark[1])
        handed = writer.session.publish("free/flood", "after")
        assert handed is not None
        assert handed not in taken
        writer.wait(Published, mark[0], lambda answer: answer.token == handed)
        wait_until(lambda: writer.publish("free/flood", "last") == 0, WITHIN, "the subscription counts")
        listener.wait(Message, mark[1], lambda message: message.payload == b"last")
        answered = [answer for answer in writer.all(Published, mark[0]) if answer.token in taken]
    assert set(listener.payloads(mark[1])) <= {b"after", b"last"}
    assert answered == []


def test_the_broker_s_answer_comes_with_its_reason(broker: Broker) -> None:
    with at(broker.port, "writer") as writer:
        writer.wait(Connected)
        assert _no_delay(writer.session)  # a short message does not wait for company
        assert writer.publish("free/nobody", "x") == NOBODY_SUBSCRIBED
        assert writer.publish("secret/a", "x") >= REFUSED
        assert writer.publish("secret/a", "x") == 0x87
        with at(broker.port, "reader", "free/somebody") as reader:
            reader.wait(Connected)
            wait_until(lambda: writer.publish("free/somebody", "x") == 0, WITHIN, "the subscription counts")
        assert writer.all(Disconnected) == []


# -- what is received and acknowledged ---------------------------------------------------------------------------------


def test_a_late_acknowledgement_does_not_acknowledge_another_message(broker: Broker) -> None:
    """The broker dies with its sessions: ids start anew, and the first of them is somebody else's now."""
    with Proxy(broker.port) as proxy, at(broker.port, "writer") as writer:
        writer.wait(Connected)
        with at(proxy.port, "late", "free/late", persistent=True, receive_maximum=10) as late:
            assert not late.wait(Connected).session_present
            wait_until(lambda: writer.publish("free/late", "first") == 0, WITHIN, "the subscription counts")
            first = late.wait(Message)

            mark = len(late.events), len(writer.events)
            broker.kill()
            late.wait(Disconnected, mark[0])
            broker.start()
            assert not late.wait(Connected, mark[0]).session_present
            writer.wait(Connected, mark[1])
            wait_until(lambda: writer.publish("free/late", "second") == 0, WITHIN, "the subscription counts again")
            second = late.wait(Message, mark[0])
            assert (second.payload, second.mid) == (b"second", first.mid)
            late.session.acknowledge(first)  # too late: nothing may happen

            again = _reconnected(late, proxy, writer)
            assert again[0].payload == b"second"
            late.session.acknowledge(again[0])
            late.session.acknowledge(again[1])
            assert b"second" not in [message.payload for message in _reconnected(late, proxy, writer)]


def _reconnected(client: SessionClient, proxy: Proxy, writer: SessionClient) -> list[Message]:
    """Cut the client's connection; return what came on the next one, up to a message that is sent then."""
    assert client.publish("free/turn", "x") == NOBODY_SUBSCRIBED  # what was acknowledged before it has arrived
    mark = len(client.events)
    proxy.drop()
    client.wait(Disconnected, mark)
    assert client.wait(Connected, mark).session_present
    assert writer.publish("free/late", f"sentinel {mark}") == 0
    client.wait(Message, mark, lambda message: message.payload == f"sentinel {mark}".encode())
    return client.all(Message, mark)


def _no_delay(session: Session) -> bool:
    assert session._connection is not None
    connection = session._connection.socket()
    assert isinstance(connection, socket.socket)
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


# -- who may come in ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    """An authority with the certificates of a server and of a client, `server` and `client`."""
    authority = CertificateAuthority(tmp_path_factory.mktemp("tls"), "ours")
    for name in ("server", "client"):
        authority.sign(name, f"IP:{HOST}")
    return authority


@pytest.fixture(scope="module")
def tls_port(authority: CertificateAuthority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A broker that takes in only who has a certificate of the authority."""
    with Proxy() as free:  # only for its port
        port = free.port
    config = (
        f"listener {port} {HOST}\ncafile {authority.certificate}\ncertfile {authority.folder}/server.crt\n"
        f"keyfile {authority.folder}/server.key\nrequire_certificate true\n"
    )
    with Broker(tmp_path_factory.mktemp("tls-broker"), config=config):
        yield port


def _tls(port: int, **files: Path) -> Settings:
    return Settings(host=HOST, port=port, tls=Tls(**{name: str(path) for name, path in files.items()}))


# paho leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_who_has_no_certificate_is_told_so_and_is_not_connected(
    authority: CertificateAuthority, tls_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with at(tls_port, "insecure", settings=_tls(tls_port, ca=authority.certificate)) as insecure:
        wait_until(
            lambda: (attempt := insecure.session._attempt) is not None and attempt.number > 2, WITHIN, "it tries again"
        )
        assert insecure.all(Connected) == []
    insecure.session.join(WITHIN)
    gc.collect()  # here, where its complaint is expected
    (said,) = warnings_of(caplog)
    assert said.startswith(f"The broker {HOST}:{tls_port} closed the connection before accepting it (")
    assert said.endswith("); check mqtt.tls; trying again")


# paho leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls_files_that_come_late_are_waited_for_and_renewed_ones_count_at_the_next_connection(
    authority: CertificateAuthority, tls_port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = {name: tmp_path / name for name in ("ca", "certificate", "key")}
    stranger = CertificateAuthority(tmp_path / "stranger", "stranger")

    def install(ca: CertificateAuthority, pair: str) -> None:
        shutil.copy(authority.folder / f"{pair}.key", files["key"])
        shutil.copy(authority.folder / f"{pair}.crt", files["certificate"])
        shutil.copy(ca.certificate, files["ca"])

    with Proxy(tls_port) as proxy, at(proxy.port, "patient", settings=_tls(proxy.port, **files)) as patient:
        wait_until(lambda: warnings_of(caplog) != [], WITHIN, "it is said")
        assert warnings_of(caplog)[0].startswith(
            f"mqtt.tls.ca: {files['ca']} cannot be read: No such file or directory"
        )
        install(authority, "client")
        patient.wait(Connected)
        assert _no_delay(patient.session)
        assert len(warnings_of(caplog)) == 1
        install(stranger, "client")
        proxy.drop()
        wait_until(lambda: "certificate verify failed" in warnings_of(caplog)[-1], WITHIN, "the new file counts")
        mark = len(patient.events)
        install(authority, "server")
        patient.wait(Connected, mark)
    gc.collect()  # here, where its complaint is expected


def test_all_messages_of_one_tls_record_arrive_at_once(authority: CertificateAuthority) -> None:
    """All are decrypted with the first: the socket has nothing more to read."""
    messages = [b"\x30\x05\x00\x01t\x00%d" % number for number in range(10)]

    def serve(connection: Connection) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.folder / "server.crt", authority.folder / "server.key")
        with context.wrap_socket(connection._socket, server_side=True) as sock:
            encrypted = Connection(connection.number, sock)
            encrypted.packet()
            encrypted.send(CONNACK + b"".join(messages))
            while encrypted.packet():
                pass

    settings = {"ca": authority.certificate}
    with FakeBroker(serve) as broker, at(broker.port, "one", settings=_tls(broker.port, **settings)) as client:
        client.wait(Message, that=lambda message: message.payload == b"9", within=SOONER)


# -- a connection that is given up -------------------------------------------------------------------------------------


def test_a_connection_that_is_given_up_is_made_anew_and_nobody_hears_the_last_will(
    broker: Broker, listener: SessionClient, caplog: pytest.LogCaptureFixture
) -> None:
    will = common.mqtt.connection.Will("free/status", b"offline")
    stuck = at(broker.port, "stuck", "free/news", will=will)
    stuck.session.reconnect()  # before there is one
    with stuck as client:
        client.wait(Connected)
        client.session.reconnect()
        client.wait(Disconnected)
        client.wait(Connected, after=2)
        assert client.publish("free/news", "again") == 0
        client.wait(Message, that=lambda message: message.payload == b"again")
        listener.wait(Message, that=lambda message: message.payload == b"again")
        assert b"offline" not in listener.payloads()
        assert len(client.all(Connected)) == 2
    assert warnings_of(caplog) == []
