"""A port that is chosen in the page: what is offered, whose choice counts, and what is remembered."""

import json
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.contract.ports import OfferedPort, read_offer
from common.errors import ConfigError
from common.machine.host import Host
from common.mqtt.events import PublishToken
from reader.config import ReaderConfig, SpoolConfig
from reader.line.choice import FILE, LOOK_EVERY, PortChoice, has_only_topics, ports_of, ports_to_open

ONE = "/dev/serial/by-id/usb-FTDI_FT230X_Basic_UART_D30-if00-port0"
TOPIC = "mqtt:zigbee2mqtt/Linky"
RADIO = "/dev/serial/by-id/usb-ITead_Sonoff_Zigbee_3.0_USB_Dongle_Plus_0111-if00-port0"
OTHER = "/dev/serial/by-id/usb-1a86_USB_Single_Serial_5435-if00"


class Rig:
    """A reader `home` on a machine with the ports that the test plugs in."""

    def __init__(self, folder: Path) -> None:
        self.root, self.folder = folder / "root", folder / "spool"
        self.by_id = self.root / "dev" / "serial" / "by-id"
        self.by_id.mkdir(parents=True, exist_ok=True)
        self.sent: list[bytes] = []
        self.connected = True
        self.start()

    def start(self) -> None:
        self.choice = PortChoice("home", self.folder, self._publish, Host(self.root))

    def _publish(self, payload: bytes) -> PublishToken | None:
        if not self.connected:
            return None
        self.sent.append(payload)
        return PublishToken(1, len(self.sent))

    @property
    def choice_file(self) -> Path:
        return self.folder / FILE

    def plug(self, name: str, device: str) -> None:
        (self.root / "dev" / device).touch()
        (self.by_id / Path(name).name).symlink_to(f"../../{device}")

    def choose(self, *ports: str, monitor: str = "main", **more: Any) -> bool:
        payload = json.dumps({"reader": "home", "ports": ports, "labels": {}} | more).encode()
        return self.choice.on_message(monitor, payload, 0.0)

    def announce(self, devices: list[dict[str, Any]]) -> None:
        """As the list of a zigbee2mqtt."""
        self.choice.on_announcement("zigbee2mqtt/bridge/devices", json.dumps(devices).encode())

    def offers(self, at: float) -> list[OfferedPort]:
        self.choice.tick(at)
        return read_offer(self.sent[-1])


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


# --- what is offered


def test_ports_are_offered_by_name_when_they_change_and_at_each_connection(rig: Rig) -> None:
    rig.plug(ONE, "ttyUSB0")
    assert rig.offers(0.0) == [OfferedPort(ONE, "FTDI FT230X Basic UART D30", chosen=False, present=True)]
    rig.choice.tick(LOOK_EVERY)
    assert len(rig.sent) == 1, "nothing has changed"
    rig.plug(OTHER, "ttyACM0")
    assert [port.name for port in rig.offers(2 * LOOK_EVERY)] == [OTHER, ONE]
    rig.choice.connected()
    rig.choice.tick(2 * LOOK_EVERY)
    assert rig.sent[-1] == rig.sent[-2]


def test_an_offer_that_could_not_be_sent_is_sent_later(rig: Rig) -> None:
    rig.connected = False
    rig.choice.tick(0.0)
    rig.connected = True
    assert rig.offers(0.1) == []


def test_a_broker_that_refuses_the_offer_is_named_once_with_the_fix(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    for number in (1, 2):
        rig.choice.connected()
        rig.choice.tick(0.0)
        rig.choice.on_answer(PublishToken(1, 77), 0x87)  # to another message
        rig.choice.on_answer(PublishToken(1, number), 0x87)
    (line,) = caplog.messages
    assert "access rules" in line
    rig.choice.on_answer(PublishToken(1, 2), 0)
    rig.choice.on_answer(PublishToken(1, 2), 0x87)
    assert len(caplog.messages) == 2


def test_a_chosen_port_that_is_unplugged_is_offered_and_said_to_be_away(rig: Rig) -> None:
    rig.plug(ONE, "ttyUSB0")
    rig.choose(ONE)
    assert rig.offers(0.0) == [OfferedPort(ONE, "FTDI FT230X Basic UART D30", chosen=True, present=True)]
    (rig.by_id / Path(ONE).name).unlink()
    (rig.root / "dev" / "ttyUSB0").unlink()
    assert rig.offers(LOOK_EVERY) == [OfferedPort(ONE, "FTDI FT230X Basic UART D30", chosen=True, present=False)]


def test_ports_that_go_while_they_are_listed_are_gone(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last adapter, its folder goes, too."""
    rig.plug(ONE, "ttyUSB0")

    def gone(folder: Path) -> Any:
        raise FileNotFoundError(folder)

    monkeypatch.setattr(Path, "iterdir", gone)
    assert rig.offers(0.0) == []


LINKY = [{
    "type": "EndDevice", "ieee_address": "0x00158d0000000001", "friendly_name": "Linky", "supported": True,
    "definition": {"model": "ZLinky_TIC", "vendor": "LiXee", "exposes": []},
}]  # fmt: skip


def test_meters_that_other_devices_decode_are_offered_behind_the_ports_of_the_machine(rig: Rig) -> None:
    rig.plug(ONE, "ttyUSB0")
    rig.offers(0.0)
    rig.announce(LINKY)
    assert rig.offers(LOOK_EVERY)[1:] == [OfferedPort(TOPIC, "Linky (Zigbee2MQTT)", chosen=False, present=True)]
    rig.choose(TOPIC)
    rig.announce([])  # it was removed there
    rig.announce(LINKY)
    assert rig.offers(LOOK_EVERY)[1:] == [OfferedPort(TOPIC, "Linky (Zigbee2MQTT)", chosen=True, present=True)]


def test_a_chosen_meter_that_its_publisher_has_removed_is_offered_and_said_to_be_away(rig: Rig) -> None:
    rig.choose(TOPIC)
    assert rig.offers(0.0) == [OfferedPort(TOPIC, "zigbee2mqtt/Linky", chosen=True, present=True)], "none said so"
    rig.announce(LINKY)
    rig.offers(LOOK_EVERY)
    rig.announce([])
    assert rig.offers(2 * LOOK_EVERY) == [OfferedPort(TOPIC, "zigbee2mqtt/Linky", chosen=True, present=False)]


def test_a_meter_whose_values_are_labelled_is_offered_once(rig: Rig) -> None:
    for name in ("linky_east", "linky_sinsts"):
        config = {"stat_t": f"node/sensor/{name}/state", "uniq_id": name, "dev": {"ids": "node", "name": "Node"}}
        units = {"linky_east": ("Wh", "energy", "total_increasing"), "linky_sinsts": ("VA", "apparent_power", None)}
        unit, kind, state = units[name]
        rig.choice.on_announcement(
            f"homeassistant/sensor/node/{name}/config",
            json.dumps(config | {"unit_of_meas": unit, "dev_cla": kind, "stat_cla": state, "name": name}).encode(),
        )
    assert [port.name for port in rig.offers(0.0)] == ["mqtt:node/sensor/+/state"]
    labelled = "mqtt:node/sensor/+/state?unit=Wh&linky_east=EAST&linky_sinsts=SINSTS"
    rig.choose(labelled)
    (port,) = rig.offers(LOOK_EVERY)
    assert (port.name, port.chosen, port.present) == (labelled, True, True)


def test_a_radio_stick_is_listed_and_a_choice_of_it_is_refused(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """A byte at a wrong speed is enough to disturb a Zigbee network."""
    rig.plug(ONE, "ttyUSB0")
    rig.plug(RADIO, "ttyUSB1")
    assert [(port.name, port.kept) for port in rig.offers(0.0)] == [(ONE, None), (RADIO, "radio")]
    assert rig.choose(ONE, RADIO)
    assert rig.choice.ports == (ONE,)
    assert "Not listening to " + RADIO in caplog.text


def test_a_port_that_another_program_uses_is_listed_and_not_offered_until_it_is_free(rig: Rig) -> None:
    rig.plug(ONE, "ttyUSB0")
    status = (rig.root / "dev" / "ttyUSB0").stat()
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    (rig.root / "proc" / "77").mkdir(parents=True)
    locks = rig.root / "proc" / "locks"
    locks.write_text(f"1: FLOCK  ADVISORY  WRITE 77 {device} 0 EOF\n")
    assert [port.kept for port in rig.offers(0.0)] == ["in_use"]
    locks.write_text("")
    assert [port.kept for port in rig.offers(LOOK_EVERY)] == [None]


def test_a_choice_shows_in_the_offer_at_once(rig: Rig) -> None:
    rig.plug(ONE, "ttyUSB0")
    rig.offers(0.0)
    rig.choose(ONE)
    assert [port.chosen for port in rig.offers(0.5)] == [True]


def test_the_pins_of_a_raspberry_pi_are_named_after_it(rig: Rig) -> None:
    (rig.root / "dev" / "ttyAMA0").touch()
    model = rig.root / "proc" / "device-tree" / "model"
    model.parent.mkdir(parents=True)
    model.write_text("Raspberry Pi 4 Model B Rev 1.2\0")
    assert rig.offers(0.0) == [
        OfferedPort("/dev/ttyAMA0", "Raspberry Pi 4 Model B Rev 1.2: ttyAMA0", chosen=False, present=True)
    ]


# --- whose choice counts


def test_a_choice_lasts_over_a_restart_and_none_is_a_choice(rig: Rig) -> None:
    assert list(rig.choice.ports) == []
    assert rig.choose(ONE, OTHER)
    rig.start()
    assert rig.choice.ports == (ONE, OTHER)
    assert not rig.choose(ONE, OTHER), "the broker sends it again"
    assert rig.choose()
    rig.start()
    assert list(rig.choice.ports) == []


def test_that_of_another_reader_and_a_cleared_topic_change_nothing(rig: Rig) -> None:
    rig.choose(ONE)
    assert not rig.choose(OTHER, reader="attic")
    assert not rig.choice.on_message("main", b"", 0.0)
    assert rig.choice.ports == (ONE,)


@pytest.mark.parametrize("again", [("main", "second"), ("second", "main")], ids=" first, then ".join)
def test_of_two_monitors_the_newest_choice_counts_in_whatever_order_the_broker_repeats_them(
    rig: Rig, again: tuple[str, str]
) -> None:
    said = {"main": ONE, "second": OTHER}
    for monitor, port in said.items():
        assert rig.choose(port, monitor=monitor)
    rig.start()
    for monitor in again:
        assert not rig.choose(said[monitor], monitor=monitor)
    assert rig.choice.ports == (OTHER,)
    assert rig.choose("/dev/ttyAMA0", monitor="main")


def test_monitors_that_somebody_makes_up_do_not_fill_the_disk(rig: Rig) -> None:
    for number in range(100):
        rig.choose(f"/dev/ttyUSB{number}", monitor=f"monitor-{number}")
    assert rig.choice.ports == ("/dev/ttyUSB99",)
    assert len(json.loads((rig.folder / FILE).read_text())["choices"]) == 8


def test_what_is_no_choice_is_ignored_and_said_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.choose(ONE)
    caplog.clear()
    for payload in (b"[" * 50_000, b'{"reader": "home", "ports": ["/dev/watchdog"]}', b"\xff"):
        assert not rig.choice.on_message("main", payload, 0.0)
    assert rig.choice.ports == (ONE,)
    (line,) = caplog.messages
    assert len(line) < 300


# --- what is remembered


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"choices": 5}', '{"choices": [{"monitor": "main", "ports": ["/etc/passwd"]}]}', "\0" * 99],
)
def test_a_damaged_file_is_said_and_the_broker_s_choice_replaces_it(
    rig: Rig, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    rig.choose(ONE)
    (rig.folder / FILE).write_text(content)
    caplog.clear()
    rig.start()
    assert list(rig.choice.ports) == []
    assert "damaged" in caplog.text
    assert rig.choose(ONE)
    rig.start()
    assert rig.choice.ports == (ONE,)


def test_a_file_that_was_half_written_when_the_power_failed_does_not_count(rig: Rig) -> None:
    rig.choose(ONE)
    (rig.folder / FILE).with_suffix(".part").write_text('{"choices": [{"mon')
    rig.start()
    assert rig.choice.ports == (ONE,)
    assert rig.choose(OTHER)


def test_without_a_disk_the_choice_counts_and_is_said_to_be_lost_at_a_restart(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.folder.touch()
    caplog.set_level(logging.WARNING)
    rig.choose(ONE)
    rig.choose(OTHER)
    assert rig.choice.ports == (OTHER,)
    assert len([line for line in caplog.messages if "cannot be written" in line]) == 1


def test_commands_read_the_configured_port_or_else_the_chosen_one(rig: Rig) -> None:
    asking = ReaderConfig(name="home", port=(), spool=SpoolConfig(journal=rig.folder, path=rig.folder))
    assert not ports_of(asking)
    with pytest.raises(ConfigError, match=r"no port is chosen yet.*--port"):
        ports_to_open(asking)
    rig.choose(ONE)
    assert ports_of(asking) == ports_to_open(asking) == (ONE,)
    assert ports_of(replace(asking, port=(OTHER,))) == (OTHER,)


def test_a_meter_that_arrives_decoded_is_on_the_broker_alone(rig: Rig) -> None:
    asking = ReaderConfig(name="home", port=(), spool=SpoolConfig(journal=rig.folder, path=rig.folder))
    assert not has_only_topics(asking)
    rig.choose(TOPIC)
    assert has_only_topics(asking)
    with pytest.raises(ConfigError, match=r"arrives decoded.*--port"):
        ports_to_open(asking)
    rig.choose(TOPIC, ONE)
    assert not has_only_topics(asking)
    assert ports_to_open(asking) == (ONE,)
    rig.choice_file.unlink()
    rig.choice_file.mkdir()  # it cannot be read
    assert not has_only_topics(asking)
