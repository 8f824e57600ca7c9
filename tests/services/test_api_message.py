"""What a device sends, by a real broker: the numbers in its message, to choose from."""

from monitor.base.config import MonitorMqtt
from monitor.live.look import Look
from tests.support.mqtt_client import MqttClient
from tests.support.servers import Broker


def test_the_numbers_of_what_is_retained_are_seen_at_once_and_of_silence_nothing(broker: Broker) -> None:
    look = Look(MonitorMqtt(host=broker.host, port=broker.port), "main")
    with MqttClient(broker.port) as device:
        device.publish("plug/status", b'{"apower": 61, "aenergy": {"total": 5.5}}', retain=True)
    assert look.numbers("plug/status", 30.0) == {"apower": 61.0, "aenergy.total": 5.5}
    assert look.numbers("plug/other", 0.5) is None


def test_without_a_broker_there_is_nothing_to_see() -> None:
    assert Look(None, "main").numbers("plug/status") is None
