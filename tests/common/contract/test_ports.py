"""The messages of ports between reader and monitor."""

import json
from typing import Any

import pytest

from common.contract.ports import OfferedPort, read_choice, read_offer, write_choice, write_offer
from common.errors import MessageError

ADAPTER = "/dev/serial/by-id/usb-FTDI_FT230X_Basic_UART_D30-if00-port0"


def choice(**changes: Any) -> bytes:
    return json.dumps({"reader": "home", "ports": [ADAPTER], "labels": {}} | changes).encode()


def test_what_is_offered_is_written_and_read() -> None:
    offered = [
        OfferedPort(ADAPTER, "FTDI – café", True, True),
        OfferedPort("/dev/serial0", "serial0", False, False, "radio"),
    ]
    assert json.loads(write_offer(offered)) == {
        "ports": [
            {"name": ADAPTER, "label": "FTDI – café", "chosen": True, "present": True, "kept": None},
            {"name": "/dev/serial0", "label": "serial0", "chosen": False, "present": False, "kept": "radio"},
        ]
    }
    assert read_offer(write_offer(offered)) == offered
    assert read_offer(write_offer([])) == []
    assert read_offer(b'{"ports": [{"name": "/dev/serial0", "label": "", "kept": "coffee"}]}')[0].kept is None


def test_whatever_is_found_the_offer_can_be_read() -> None:
    many = [OfferedPort(f"mqtt:{number}/{'é' * 200}", "Linky", False, True) for number in range(100)]
    assert read_offer(write_offer(many)) == many[:64]
    long = [OfferedPort(f"mqtt:{number}?{'é' * 1000}", "Linky", False, True) for number in range(64)]
    read = read_offer(write_offer(long))
    assert 20 < len(read) < 64
    assert read == long[: len(read)]


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "[]",
        '{"ports": {}}',
        '{"ports": ["/dev/ttyUSB0"]}',
        '{"ports": [{"name": "/dev/ttyUSB0"}]}',
        '{"ports": [{"name": "/dev/ttyUSB0", "label": 5}]}',
        json.dumps({"ports": [{"name": "x" * 1201, "label": ""}]}),
        json.dumps({"ports": [{"name": "", "label": ""}] * 65}),
    ],
)
def test_what_is_no_offer_is_refused(payload: str) -> None:
    with pytest.raises(MessageError):
        read_offer(payload.encode())


@pytest.mark.parametrize(
    "port",
    [
        ADAPTER,
        "/dev/serial/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.0-port0",
        "/dev/serial0",
        "/dev/ttyAMA0",
        "/dev/ttyACM12",
        "/dev/teleinfo",
        "/dev/teleinfo-TINFO-0123",
        "/dev/pts/7",
        "socket://192.168.1.20:5331",
        "socket://[fe80::1]:5331",
        "mqtt:zigbee2mqtt/Compteur d’électricité",
        "mqtt:node/sensor/+/state?unit=Wh&linky_east=EAST",
        "rfc2217://gateway.local:2217",
        "simulate://standard-single-phase-tempo",
    ],
)
def test_serial_ports_network_ports_and_the_simulated_meter_can_be_chosen(port: str) -> None:
    assert read_choice(choice(ports=[port]), "home") == (port,)


def test_what_is_chosen_is_written_and_read() -> None:
    message = write_choice("home", [ADAPTER], {ADAPTER: "café"})
    assert json.loads(message) == {"reader": "home", "ports": [ADAPTER], "labels": {ADAPTER: "café"}}
    assert read_choice(message, "home") == (ADAPTER,)


def test_none_is_a_choice_and_that_of_another_reader_is_not_ours() -> None:
    assert read_choice(choice(ports=[]), "home") == ()
    assert read_choice(choice(), "attic") is None
    assert read_choice(choice(reader=None), "home") is None
    assert read_choice(b"{}", "home") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"ports": None},
        {"ports": ADAPTER},
        {"ports": [5]},
        {"ports": [[ADAPTER]]},
        {"ports": [ADAPTER, ADAPTER]},
        {"ports": [f"/dev/ttyUSB{number}" for number in range(9)]},
        *(
            {"ports": [port]}
            for port in (
                "",
                "ask",
                "ttyUSB0",
                "/dev/watchdog",  # to open it, and to close it again, restarts the machine
                "/dev/sda",
                "/dev/tty1\n",
                "/dev/serial/by-id/",
                "/dev/serial/by-id/../../watchdog",
                "/dev/../etc/passwd",
                "/etc/passwd",
                "simulate://historic-single-phase-base",
                "simulate://standard-single-phase-tempo?speed=100",
                "spy:///dev/ttyUSB0",
                "socket://host",
                "socket://host:1?logging=debug",
                "mqtt:#",
                "mqtt:$SYS/broker",
                "mqtt:node/+/+",
                "mqtt:node/sensor/+/state?unit=Wh",
                "/dev/ttyUSB" + "0" * 300,
            )
        ),
        {"labels": {"x": "y" * 70_000}},
    ],
    ids=str,
)
def test_a_choice_that_no_page_makes_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        read_choice(choice(**changes), "home")


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"[" * 10_000, b"\xff\xfe", b'"\\ud800"'])
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        read_choice(payload, "home")
