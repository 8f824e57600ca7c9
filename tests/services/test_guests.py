"""mosquitto with the files that `setup` writes for it: what each role may do, and how far guests reach."""

import contextlib
import itertools
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.check.broker_probe import ConnectionFailed, Failure, Probe
from common.mqtt.events import Message
from common.settings.config import Broker as Settings
from common.settings.config import Tls
from deploy.compose.certificates import CertificateAuthority
from deploy.compose.setup import Setup
from storer.config.options import Batch
from tests.support.mqtt_client import MqttClient, Refused
from tests.support.servers import HOST, Broker, find_program, free_port
from tests.support.session_client import SessionClient

ROOT = Path(__file__).parents[2]
STORER = "teleinfo-storer-main"
INSIDE, HERE, GUESTS, PROGRAMS = 1883, 1884, 8883, 8884  # listeners of mosquitto/mosquitto.conf
WITH_TLS = (GUESTS, PROGRAMS)
STATE = "teleinfo/990000000001/state"
FRAME = "teleinfo/990000000001/frame"

ROLES = ("reader", "reader-attic", "storer", "monitor", "home-assistant", "device", "phone", "health")
_READERS = ("reader", "reader-attic")  # of compose, and elsewhere
_ALL = (*_READERS, "storer", "monitor")  # receive everything but what the broker says about itself
_LOOK = (*_ALL, "home-assistant", "phone")

#: topic: (who may publish on it, who may receive it), as the documents promise; not taken from mosquitto/acl.
RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "teleinfo/990000000001/frame": (_READERS, _LOOK),
    "teleinfo/990000000001/replay": (_READERS, _ALL),
    "teleinfo/990000000001/tally": (_READERS, _ALL),
    "teleinfo/990000000001/state": ((*_READERS, "storer"), _LOOK),
    "teleinfo/990000000001/link": ((*_READERS, "storer"), _LOOK),
    "teleinfo/990000000001/stored": (("storer",), _ALL),
    "teleinfo/990000000001": ((), _ALL),
    "teleinfo/990000000001/other": ((), _ALL),
    "teleinfo/reader/matrix/status": ((*_READERS, "storer"), _LOOK),
    "teleinfo/reader/matrix/health": ((*_READERS, "storer"), _LOOK),
    "teleinfo/reader/matrix/ports": ((*_READERS, "storer"), _ALL),
    "teleinfo/storer/matrix/status": (("storer",), _LOOK),
    "teleinfo/storer/matrix/health": (("storer",), _LOOK),
    "teleinfo/storer/matrix/ports": ((), _ALL),
    "teleinfo/monitor/matrix/price": (("monitor", "storer"), _LOOK),
    "teleinfo/monitor/matrix/alerts": (("monitor", "storer"), (*_ALL, "home-assistant", "phone")),
    "teleinfo/monitor/matrix/ports": (("monitor",), _ALL),
    "teleinfo/rejected": (("storer",), (*_ALL, "home-assistant")),
    "homeassistant/device/teleinfo_matrix/config": ((*_READERS, "storer"), (*_ALL, "home-assistant")),
    "homeassistant/sensor/matrix/config": ((), _ALL),
    "homeassistant/status": (("home-assistant",), (*_ALL, "home-assistant")),
    "sources/matrix/power": (("home-assistant", "device"), (*_ALL, "device")),
    "shellies/matrix/relay/0/power": (("device",), (*_ALL, "device")),
    "zigbee2mqtt/matrix": ((), _ALL),
    "somebody/else": ((), _ALL),
    "$SYS/broker/uptime": ((), ("health",)),
    "$SYS/broker/clients/connected": ((), ()),
    "$CONTROL/dynamic-security/v1": ((), ()),
}
NOT_AUTHORISED = 0x87


class BrokerOfCompose(Broker):
    """mosquitto as the container starts it, with its files and ports elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "setup"
        for name in ("keep", "broker", "database", "reader", "storer", "monitor", "grafana"):
            (self._root / name).mkdir(parents=True)
        self.setup = Setup(self._root, ROOT, ("localhost",))
        self.setup.vault.add("reader-attic", "reader")
        self.setup.vault.add("phone-anna", "phone")
        self.setup.vault.add("device", "device")
        self.setup.prepare()
        text = (self._root / "broker" / "mosquitto.conf").read_text()
        self.ports = {int(number): free_port() for number in re.findall(r"^listener (\d+)", text, re.MULTILINE)}
        super().__init__(folder, port=self.ports[INSIDE])

    def _prepare(self) -> list[str]:
        text = (self._root / "broker" / "mosquitto.conf").read_text()
        # Of the accounts, those that the page makes are added by mosquitto/start: tests/compose.
        for place, here in (("config", self._root / "broker"), ("run", self._root / "broker"), ("data", self.folder)):
            text = text.replace(f"/mosquitto/{place}", str(here))
        text = re.sub(
            r"^(listener) (\d+)", lambda found: f"listener {self.ports[int(found[2])]} {HOST}", text, flags=re.MULTILINE
        )
        (self.folder / "mosquitto.conf").write_text(f"{text}\nuser root\n")
        return [find_program("mosquitto"), "-c", str(self.folder / "mosquitto.conf")]

    def way_in(self, listener: int, name: str) -> Settings:
        tls = Tls(ca=str(self.setup.authority.certificate)) if listener in WITH_TLS else None
        port = self.ports[listener]
        return Settings(host="localhost", port=port, username=name, password=self.setup.password(name), tls=tls)


def connect(settings: Settings, client_id: str, *subscriptions: str, receive_maximum: int = 5000) -> SessionClient:
    """Connect with a session that the broker keeps; what it has stored for us is there when this returns."""
    client = SessionClient(
        settings, client_id, *subscriptions, persistent=True, receive_maximum=receive_maximum
    ).connect()
    client.publish("somebody/else", "")
    return client


def receive(client: SessionClient) -> Message:
    """Wait for the next message, and acknowledge it."""
    message = client.next(Message)
    client.session.acknowledge(message)
    return message


@pytest.fixture(scope="module")
def set_up(programs: None, tmp_path_factory: pytest.TempPathFactory) -> BrokerOfCompose:
    """The broker with its accounts and certificates, which take time to make; not started."""
    return BrokerOfCompose(tmp_path_factory.mktemp("broker"))


@pytest.fixture
def broker(set_up: BrokerOfCompose) -> Iterator[BrokerOfCompose]:
    """The broker, started without sessions and messages: it keeps these for a test, not for the next one."""
    (set_up.folder / "mosquitto.db").unlink(missing_ok=True)
    with set_up as broker:
        yield broker


@pytest.fixture
def reader(broker: BrokerOfCompose) -> Iterator[SessionClient]:
    reader = connect(broker.way_in(INSIDE, "reader"), "teleinfo-reader-home")
    yield reader
    reader.close()


def test_a_guest_cannot_take_the_session_of_a_program(broker: BrokerOfCompose, reader: SessionClient) -> None:
    storer = connect(broker.way_in(INSIDE, "storer"), STORER, FRAME)
    for listener, name in itertools.product((HERE, GUESTS), ("phone", "phone-anna", "home-assistant")):
        guest = connect(broker.way_in(listener, name), STORER)
        reader.publish(FRAME, f"{listener} {name}")
        assert receive(storer).payload == f"{listener} {name}".encode()  # it is still connected
        guest.close()
    storer.close()


def test_what_is_retained_reaches_a_guest_also_after_a_restart(broker: BrokerOfCompose) -> None:
    reader = connect(broker.way_in(PROGRAMS, "reader-attic"), "teleinfo-reader-attic")
    reader.publish("teleinfo/reader/attic/status", "online", retain=True)
    reader.close()
    broker.restart()
    phone = connect(broker.way_in(GUESTS, "phone"), "x", "teleinfo/reader/+/status")
    assert receive(phone).payload == b"online"
    phone.close()


def test_a_session_of_a_program_that_is_away_is_not_given_to_a_guest(
    broker: BrokerOfCompose, reader: SessionClient
) -> None:
    connect(broker.way_in(INSIDE, "storer"), STORER, FRAME).close()
    reader.publish(FRAME, "kept for the storer")
    for listener in (HERE, GUESTS):
        guest = connect(broker.way_in(listener, "phone"), STORER)
        assert guest.all(Message) == []
        guest.close()
    storer = connect(broker.way_in(INSIDE, "storer"), STORER, FRAME)
    assert storer.session_present
    assert receive(storer).payload == b"kept for the storer"
    storer.close()


def test_a_program_and_its_check_use_one_account_at_the_same_time(broker: BrokerOfCompose) -> None:
    for listener in (INSIDE, PROGRAMS):
        reader = connect(broker.way_in(listener, "reader-attic"), "teleinfo-reader-attic")
        with Probe(broker.way_in(listener, "reader-attic")):
            assert reader.publish(FRAME, "{}") < 0x80
        reader.close()


def test_a_device_sends_to_the_storer_and_can_forge_no_frame(broker: BrokerOfCompose) -> None:
    storer = connect(broker.way_in(INSIDE, "storer"), STORER, FRAME)
    sources = connect(broker.way_in(INSIDE, "storer"), "teleinfo-sources-main", "sources/roof")
    device = connect(broker.way_in(GUESTS, "device"), "inverter")
    assert device.publish(FRAME, "forged") >= 0x80
    assert device.publish("sources/roof", "812") < 0x80
    assert receive(sources).payload == b"812"
    assert storer.all(Message) == []
    for client in (device, sources, storer):
        client.close()


def test_nobody_but_the_monitor_chooses_the_port_of_a_reader(broker: BrokerOfCompose) -> None:
    topic = "teleinfo/monitor/main/ports"
    reader = connect(broker.way_in(PROGRAMS, "reader-attic"), "teleinfo-reader-attic", "teleinfo/monitor/+/ports")
    for account in ("phone", "device", "home-assistant", "reader", "reader-attic", "storer"):
        other = connect(broker.way_in(INSIDE, account), "other")
        assert other.publish(topic, '{"reader": "attic", "ports": []}', retain=True) >= 0x80, account
        other.close()
    monitor = connect(broker.way_in(INSIDE, "monitor"), "teleinfo-monitor-main")
    assert monitor.publish(topic, "chosen", retain=True) < 0x80
    assert receive(reader).payload == b"chosen"
    for each in (monitor, reader):
        each.close()


def test_a_reader_elsewhere_also_comes_in_where_guests_do(broker: BrokerOfCompose) -> None:
    """As it did before there was another listener for it."""
    reader = connect(broker.way_in(GUESTS, "reader-attic"), "teleinfo-reader-attic")
    assert reader.publish(FRAME, "{}") < 0x80
    reader.close()


def client(broker: BrokerOfCompose, role: str, will: str | None = None) -> MqttClient:
    return MqttClient(broker.ports[HERE], role, broker.setup.password(role), will=will)


def test_each_role_publishes_and_receives_what_it_may_and_nothing_else(broker: BrokerOfCompose) -> None:
    """Every role publishes on every topic and subscribes to all; what was delivered counts."""
    with contextlib.ExitStack() as stack:
        guests = {role: stack.enter_context(client(broker, role)) for role in ROLES}
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
    wrong += [f"{role} receives {topic}" for role in ROLES for topic in topics[role] if role not in RULES[topic][1]]
    assert wrong == []
    assert topics["health"] == {"$SYS/broker/uptime"}


def test_a_last_will_is_bound_by_the_same_rules(broker: BrokerOfCompose) -> None:
    allowed, forbidden = "homeassistant/status", "teleinfo/990000000001/link"
    with client(broker, "reader") as listener:
        listener.subscribe(allowed, forbidden)
        for will in (forbidden, allowed):
            with client(broker, "home-assistant", will) as guest:
                guest.drop_connection()
        listener.wait_for(allowed)
        assert [topic for topic, _ in listener.messages] == [allowed]


def test_a_message_that_is_too_large_ends_the_connection(broker: BrokerOfCompose) -> None:
    with client(broker, "reader") as guest:
        assert guest.publish("teleinfo/990000000001/replay", "x" * 200_000) < 0x80
        with pytest.raises(Refused, match="ended"):
            guest.publish("teleinfo/990000000001/replay", "x" * 300_000)


def test_tls_shows_a_certificate_of_our_authority_and_nothing_else_gets_in(
    broker: BrokerOfCompose, tmp_path: Path
) -> None:
    def shake_hands(port: int, context: ssl.SSLContext, name: str) -> None:
        with (
            socket.create_connection((HOST, port), timeout=10) as connection,
            context.wrap_socket(connection, server_hostname=name),
        ):
            pass

    ours = ssl.create_default_context(cafile=str(broker.setup.authority.certificate))
    other = CertificateAuthority(tmp_path)
    other.prepare(("localhost",))
    for port in (broker.ports[listener] for listener in WITH_TLS):
        shake_hands(port, ours, "localhost")
        for context in (ssl.create_default_context(), ssl.create_default_context(cafile=str(other.certificate))):
            with pytest.raises(ssl.SSLCertVerificationError, match="certificate"):
                shake_hands(port, context, "localhost")
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            shake_hands(port, ours, "another.example")
        with pytest.raises(Refused, match="ended"), MqttClient(port, host="localhost"):  # without TLS
            pass


def test_no_way_in_is_open_without_an_account(broker: BrokerOfCompose) -> None:
    storer = broker.setup.password("storer")
    accounts = ((None, None), ("", ""), ("nobody", "nobody"), ("phone", "wrong"), ("phone", ""), ("phone", storer))
    for listener, (name, password) in itertools.product((INSIDE, HERE, GUESTS, PROGRAMS), accounts):
        settings = broker.way_in(listener, "phone")
        stranger = Settings(host="localhost", port=settings.port, username=name, password=password, tls=settings.tls)
        with pytest.raises(ConnectionFailed) as refused:
            Probe(stranger)
        assert refused.value.failure is Failure.CREDENTIALS


def test_a_guest_is_bound_by_the_rules_of_its_role(broker: BrokerOfCompose, reader: SessionClient) -> None:
    for listener in (HERE, GUESTS):
        phone = connect(broker.way_in(listener, "phone"), "any", STATE, "teleinfo/+/stored")
        assert phone.publish("teleinfo/990000000001/stored", "{}") >= 0x80
        reader.publish(STATE, "{}")
        assert receive(phone).topic == STATE
        phone.close()


def test_a_guest_has_one_session_whatever_it_calls_itself(broker: BrokerOfCompose) -> None:
    present = []
    for number in range(5):
        phone = connect(broker.way_in(GUESTS, "phone-anna"), f"session-{number}")
        present.append(phone.session_present)
        phone.close()
    assert all(present[1:])


@pytest.mark.parametrize(("size", "most"), [(10, 1000), (20_000, 60)])
def test_the_queue_of_a_guest_that_is_away_is_small(
    broker: BrokerOfCompose, reader: SessionClient, size: int, most: int
) -> None:
    """In messages and in bytes: a megabyte or so for each account."""
    phone = connect(broker.way_in(HERE, "phone"), "away", STATE)
    phone.close()
    for number in range(1200 if most == 1000 else 120):
        reader.publish(STATE, f"{number:0{size}}")
    phone = connect(broker.way_in(HERE, "phone"), "away", STATE)
    assert phone.session_present
    messages = phone.all(Message)
    for message in messages:
        phone.session.acknowledge(message)
    phone.close()
    assert 0 < len(messages) <= most


def test_the_storer_loses_nothing_of_two_batches_and_what_comes_meanwhile(
    broker: BrokerOfCompose, reader: SessionClient
) -> None:
    """While the database is slow: what is on its way to the storer does not count as queued."""
    batches = 2 * Batch().size
    storer = connect(broker.way_in(INSIDE, "storer"), "teleinfo-storer-slow", FRAME, receive_maximum=batches)
    for number in range(batches + 600):
        reader.publish(FRAME, f"{number:01500}")
    assert [int(receive(storer).payload) for _ in range(batches + 600)] == [*range(batches + 600)]
    storer.close()


def test_silent_connections_keep_no_account_out(broker: BrokerOfCompose) -> None:
    for listener, name in ((HERE, "phone-anna"), (GUESTS, "phone-anna"), (PROGRAMS, "reader-attic")):
        with contextlib.ExitStack() as stack:
            for _ in range(150):
                stack.enter_context(socket.create_connection((HOST, broker.ports[listener]), timeout=60))
            connect(broker.way_in(listener, name), name).close()
