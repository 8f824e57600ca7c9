import json
from pathlib import Path

import pytest

from common.contract.topics import Topics
from common.mqtt.events import Message
from common.settings import config
from storer.requests.retained import ForgetFailed, forget, forget_meter
from tests.support.servers import Broker, free_port
from tests.support.session_client import SessionClient

OFFLINE, ONLINE, STALLED = (json.dumps({"status": word, "wait": 0.0}) for word in ("offline", "online", "stalled"))


def connect(broker: Broker, client_id: str, *subscriptions: str, **options: bool) -> SessionClient:
    return SessionClient(settings(broker), client_id, *subscriptions, **options).connect()


def settings(broker: Broker) -> config.Broker:
    return config.Broker(host=broker.host, port=broker.port)


def leave_behind(broker: Broker, topics: Topics, name: str, status: str) -> None:
    """Leave at the broker what a storer of that name leaves there."""
    storer = connect(broker, f"teleinfo-storer-{name}", topics.frame("+"), persistent=True)
    storer.retain(topics.status("storer", name), status)
    storer.retain(topics.health("storer", name), json.dumps({"uptime": 60}))
    storer.close()


def had_session(broker: Broker, client_id: str) -> bool:
    client = connect(broker, client_id, persistent=True)
    client.close()
    return client.session_present


def retained(broker: Broker, topics: Topics) -> dict[str, str]:
    """Return what the broker retains of the storers, by topic."""
    last = f"{topics.base}/last"  # subscribed last: what comes before our own message there is all there is
    client = connect(broker, "looks", topics.status("storer", "+"), topics.health("storer", "+"), last)
    assert client.session.publish(last, "")
    found = {}
    while (message := client.next(Message)).topic != last:
        found[message.topic] = message.payload.decode()
    client.close()
    return found


@pytest.fixture
def topics(request: pytest.FixtureRequest) -> Topics:
    """Topics that no other test uses: they share the broker."""
    return Topics("".join(c if c.isalnum() else "_" for c in request.node.name))


def test_a_storer_that_is_gone_is_forgotten_by_the_broker_and_by_readers(broker: Broker, topics: Topics) -> None:
    leave_behind(broker, topics, "main", OFFLINE)
    reader = connect(broker, "reads", topics.status("storer", "+"))
    assert reader.next(Message).payload.decode() == OFFLINE
    assert forget(settings(broker), topics, "storer", "main") is True
    cleared = reader.next(Message)
    assert (cleared.topic, cleared.payload) == (topics.status("storer", "main"), b"")
    reader.close()
    assert retained(broker, topics) == {}
    assert not had_session(broker, "teleinfo-storer-main")
    assert forget(settings(broker), topics, "storer", "main") is False


def test_readers_hear_of_a_storer_that_only_they_remember(broker: Broker, topics: Topics) -> None:
    reader = connect(broker, "reads", topics.status("storer", "+"), topics.link("probe"))
    assert reader.session.publish(topics.link("probe"), "")
    assert reader.next(Message).topic == topics.link("probe")  # the subscriptions are there
    assert forget(settings(broker), topics, "storer", "lost") is False
    assert reader.next(Message).topic == topics.status("storer", "lost")
    reader.close()


def test_others_are_left_alone(broker: Broker, topics: Topics) -> None:
    leave_behind(broker, topics, "second", OFFLINE)
    before = retained(broker, topics)
    leave_behind(broker, topics, "main", OFFLINE)
    forget(settings(broker), topics, "storer", "main")
    assert retained(broker, topics) == before
    assert had_session(broker, "teleinfo-storer-second")


@pytest.mark.parametrize("status", [ONLINE, STALLED], ids=["online", "stalled"])
def test_one_that_is_running_is_not_forgotten(broker: Broker, topics: Topics, status: str) -> None:
    storer = connect(broker, "teleinfo-storer-busy", topics.status("storer", "busy"), persistent=True)
    storer.retain(topics.status("storer", "busy"), status)
    with pytest.raises(ForgetFailed, match=f"busy .*{json.loads(status)['status']}"):
        forget(settings(broker), topics, "storer", "busy")
    assert retained(broker, topics) == {topics.status("storer", "busy"): status}
    assert storer.session.connected
    storer.close()
    assert had_session(broker, "teleinfo-storer-busy")


@pytest.mark.parametrize("status", ["?", "[]", '{"status": "dreaming"}'])
def test_a_status_that_says_nothing_is_in_nobodys_way(broker: Broker, topics: Topics, status: str) -> None:
    leave_behind(broker, topics, "main", status)
    assert forget(settings(broker), topics, "storer", "main") is True
    assert retained(broker, topics) == {}


def test_a_reader_says_its_status_in_one_word(broker: Broker, topics: Topics) -> None:
    reader = connect(broker, "teleinfo-reader-cellar")
    reader.retain(topics.status("reader", "cellar"), "online")
    with pytest.raises(ForgetFailed, match="cellar"):
        forget(settings(broker), topics, "reader", "cellar")
    reader.retain(topics.status("reader", "cellar"), "offline")
    reader.close()
    assert forget(settings(broker), topics, "reader", "cellar") is True


METER = "031961123456"


def leave_meter(broker: Broker, topics: Topics, *, reader: str, link: str = "online") -> list[str]:
    """Leave what a reader `cellar` leaves of a meter; return its topics."""
    announcement = f"{topics.base}_ha/device/teleinfo_{METER}/config"
    client = connect(broker, "leaves")
    client.retain(topics.status("reader", "cellar"), reader)
    client.retain(topics.status("reader", "attic"), "online")
    client.retain(announcement, json.dumps({"avty": [{"t": topics.status("reader", "cellar")}]}))
    client.retain(topics.link(METER), link)
    client.retain(topics.state(METER), "{}")
    client.close()
    return [announcement, topics.link(METER), topics.state(METER)]


def of_the_meter(broker: Broker, listen: list[str]) -> dict[str, str]:
    """Return what is retained on these topics, in the order of the list."""
    found = {}
    for topic in listen:
        client = connect(broker, "looks", topic)
        assert client.session.publish(topic, b"end")
        while (message := client.next(Message)).payload != b"end":
            found[topic] = message.payload.decode()
        client.close()
    return found


@pytest.mark.parametrize(("reader", "link"), [("offline", "online"), ("online", "offline")])
def test_a_meter_that_is_gone_is_forgotten(broker: Broker, topics: Topics, reader: str, link: str) -> None:
    left = leave_meter(broker, topics, reader=reader, link=link)
    assert forget_meter(settings(broker), topics, METER, left[0]) is True
    assert of_the_meter(broker, left) == {}
    assert forget_meter(settings(broker), topics, METER, left[0]) is False


def test_a_meter_that_is_being_read_is_not_forgotten(broker: Broker, topics: Topics) -> None:
    left = leave_meter(broker, topics, reader="online")
    before = of_the_meter(broker, left)
    with pytest.raises(ForgetFailed, match=f"{METER} .*cellar"):
        forget_meter(settings(broker), topics, METER, left[0])
    assert of_the_meter(broker, left) == before
    assert before[topics.link(METER)] == "online"


def test_a_broker_that_is_away_is_named(topics: Topics) -> None:
    nowhere = config.Broker(host="127.0.0.1", port=free_port())
    with pytest.raises(ForgetFailed, match=f"127.0.0.1:{nowhere.port}"):
        forget(nowhere, topics, "storer", "main", timeout=1)


def test_a_broker_that_hangs_is_named(topics: Topics, broker: Broker) -> None:
    broker.pause()
    try:
        with pytest.raises(ForgetFailed, match=f"{broker.host}:{broker.port}: .*not answer"):
            forget(settings(broker), topics, "storer", "main", timeout=1)
    finally:
        broker.resume()


@pytest.mark.parametrize(
    ("rules", "fact"),
    [
        ("topic read {base}/#\n", "{health} .*access rules"),
        ("topic write {base}/#\n", "{health}: .*access rules"),
    ],
    ids=["to write", "to read"],
)
def test_a_right_that_is_missing_is_said(programs: None, topics: Topics, tmp_path: Path, rules: str, fact: str) -> None:
    file = tmp_path / "access"
    file.touch(mode=0o600)
    file.write_text(rules.format(base=topics.base))
    with Broker(tmp_path, config=f"acl_file {file}") as broker:
        with pytest.raises(ForgetFailed, match=fact.format(health=topics.health("storer", "main"))) as caught:
            forget(settings(broker), topics, "storer", "main", timeout=2)
        assert f"{broker.host}:{broker.port}" in str(caught.value)
