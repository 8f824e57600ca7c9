from pathlib import Path

import pytest

from common.errors import ConfigError
from common.settings.config import load
from reader.config import ReaderConfig


def hidden(tmp_path: Path, labels: str) -> frozenset[str]:
    file = tmp_path / "reader.yaml"
    file.write_text(f"port: /dev/ttyUSB0\nhide: [{labels}]\n")
    return load(ReaderConfig, file).hide


@pytest.mark.parametrize("label", ["prm", "Prm", "'PRM '"])
def test_a_label_in_small_letters_is_refused_because_it_would_hide_nothing(tmp_path: Path, label: str) -> None:
    with pytest.raises(ConfigError, match=r"hide: .*'(?:prm|Prm|PRM )'.*'PRM'\?$"):
        hidden(tmp_path, label)


def test_a_label_that_we_do_not_know_can_be_hidden(tmp_path: Path) -> None:
    assert hidden(tmp_path, "PRM, NEW1") == {"PRM", "NEW1"}


@pytest.mark.parametrize(
    "port",
    [
        "/dev/ttyAMA0",
        "/dev/serial/by-id/usb-FTDI_FT230X-if00-port0",
        "socket://192.168.1.20:5331",
        "socket://[fe80::1]:5331",
        "rfc2217://gateway.local:2217",
        "rfc2217://gateway.local:2217?timeout=3",
        "simulate://historic-single-phase-base",
        "simulate://standard-three-phase-producer?speed=10&noise=1e-4",
    ],
)
def test_accepts_valid_ports(tmp_path: Path, port: str) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text(f'port: "{port}"\n')
    assert load(ReaderConfig, file).port == (port,)


@pytest.mark.parametrize(
    ("written", "ports"),
    [
        ("mqtt:zigbee2mqtt/Linky", ("mqtt:zigbee2mqtt/Linky",)),
        ("[mqtt:zigbee2mqtt/Linky, /dev/ttyAMA0]", ("mqtt:zigbee2mqtt/Linky", "/dev/ttyAMA0")),
        (
            "{topic: mqtt:node/sensor/+/state, labels: {linky_east: EAST}, unit: Wh}",
            ("mqtt:node/sensor/+/state?unit=Wh&linky_east=EAST",),
        ),
        (
            "[{topic: mqtt:node/sensor/+/state, labels: {east: EAST}, unit: Wh}, mqtt:tele/linky/SENSOR]",
            ("mqtt:node/sensor/+/state?unit=Wh&east=EAST", "mqtt:tele/linky/SENSOR"),
        ),
    ],
)
def test_a_port_may_be_a_topic(tmp_path: Path, written: str, ports: tuple[str, ...]) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text(f"port: {written}\n")
    assert load(ReaderConfig, file).port == ports


def test_a_topic_that_is_listed_twice_in_two_forms_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text("port: [mqtt:zigbee2mqtt/Linky, {topic: mqtt:zigbee2mqtt/Linky}]\n")
    with pytest.raises(ConfigError, match="listed twice"):
        load(ReaderConfig, file)


def test_a_port_that_is_chosen_in_the_page_stands_alone(tmp_path: Path) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text("port: ask\n")
    assert load(ReaderConfig, file).port == ()
    file.write_text("port: [ask, /dev/ttyUSB0]\n")
    with pytest.raises(ConfigError, match="ask stands alone"):
        load(ReaderConfig, file)


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("tcp://host:1", "socket://"),
        ("http://host/", "simulate://"),
        ("zigbee2mqtt://Linky", "mqtt:TOPIC"),
        ("loop://", "rfc2217://"),
        ("spy:///dev/ttyAMA0", "device"),
        ("://", "device"),
        ("socket://", "socket://HOST:PORT"),
        ("socket://host", "socket://HOST:PORT"),
        ("socket://:5331", "socket://HOST:PORT"),
        ("socket://host:", "socket://HOST:PORT"),
        ("socket://host:99999", "socket://HOST:PORT"),
        ("socket://host:serial", "socket://HOST:PORT"),
        ("rfc2217://host", "rfc2217://HOST:PORT"),
        ("simulate://", "simulate://"),
        ("simulate://standard-two-phase-base", "standard-two-phase-base"),
        ("ttyUSB0", "write /dev/ttyUSB0"),
        ("ttyACM12", "write /dev/ttyACM12"),
        ("serial0", "write /dev/serial0"),
        ("dev/ttyAMA0", "write /dev/ttyAMA0"),
        ("null", "write /dev/null"),  # it is there, under whatever name a udev rule gave it
    ],
)
def test_rejects_a_port_that_can_never_be_opened_with_what_is_expected(
    tmp_path: Path, port: str, expected: str
) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text(f'port: ["{port}"]\n')
    with pytest.raises(ConfigError) as caught:
        load(ReaderConfig, file)
    message = str(caught.value)
    assert message.startswith(f"{file}, line 1: port: ")
    assert expected in message
    assert "\n" not in message
