"""The variables of the image."""

import pytest

from common.errors import ConfigError
from deploy.app.options import Options
from deploy.image.environment import options_of


@pytest.mark.parametrize(
    ("address", "broker"),
    [
        ("mqtt://nas", {"host": "nas"}),
        ("mqtt://nas/", {"host": "nas"}),
        ("mqtt://u:p@192.168.1.5:1884", {"host": "192.168.1.5", "port": 1884, "username": "u", "password": "p"}),
        ("mqtt://u:p%40ss%2F@nas", {"host": "nas", "username": "u", "password": "p@ss/"}),
        ("mqtt://u@[fe80::1]", {"host": "fe80::1", "username": "u"}),
        ("mqtts://u:p@nas", {"host": "nas", "port": 8883, "username": "u", "password": "p", "ssl": True}),
        ("mqtts://nas:1883", {"host": "nas", "port": 1883, "ssl": True}),
    ],
)
def test_mqtt_names_the_broker_and_the_account_there(address: str, broker: dict[str, object]) -> None:
    assert options_of({"MQTT": address, "TZ": "Europe/Paris"}) == Options(mqtt=broker)


@pytest.mark.parametrize("environment", [{}, {"MQTT": ""}])
def test_without_it_the_broker_is_the_images_own(environment: dict[str, str]) -> None:
    assert options_of(environment) == Options()


@pytest.mark.parametrize(
    "address",
    ["nas", "nas:1883", "http://nas", "mqtt://", "mqtt://u:secret@", "mqtt://u:secret@nas:0", "mqtt://nas:x",
     "mqtt://u:secret@nas:70000", "mqtt://u:sec%0Aret@nas", "mqtt://nas/topic", "mqtt://nas?a=b", "mqtt://u:se/cret@nas"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_words_without_the_password(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^MQTT: mqtt://USER:PASSWORD@HOST is expected") as refusal:
        options_of({"MQTT": address})
    assert "secret" not in str(refusal.value)
