"""How a check listens to a broker that is not mosquitto, and to one of several hosts."""

import pytest

from common.doctor.broker_facts import listen_to_broker, probe_broker
from common.doctor.connection_failure import Failure
from common.settings.config import Broker
from tests.support.fake_broker import CONNACK, SUBSCRIBE, Connection, FakeBroker, answer_one, filters_of

MESSAGE = b"\x30\x08\x00\x04mine\x00x"


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
        messages = listen_to_broker(settings, ["forbidden/3", "mine"], 0.1)
    assert facts.failure is None
    assert facts.refused == ("forbidden/1",)
    assert [message.payload for message in facts.messages] == [message.payload for message in messages] == [b"x"]


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
        assert len(listen_to_broker(settings, ["mine"], 0.1)) == 1
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
