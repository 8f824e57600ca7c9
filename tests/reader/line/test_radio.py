"""Which serial ports are those of radio sticks, and must never be offered."""

from pathlib import Path

import pytest

from common.machine.host import Host
from reader.line.radio import is_radio

BY_ID = "/dev/serial/by-id/usb-"


@pytest.mark.parametrize(
    "name",
    [
        "dresden_elektronik_ingenieurtechnik_GmbH_ConBee_II_DE2132111-if00",
        "ITEAD_SONOFF_Zigbee_3.0_USB_Dongle_Plus_V2_20240122184111-if00",
        "Itead_Sonoff_Zigbee_3.0_USB_Dongle_Plus_V2_a6ee897e4d1fef11aa004ad0639e525b-if00-port0",
        "SONOFF_SONOFF_Dongle_Plus_MG24_5c8b0e1f-if00-port0",
        "Nabu_Casa_SkyConnect_v1.0_3abe54797c91ed118fc3cad13b20a111-if00-port0",
        "Nabu_Casa_Home_Assistant_Connect_ZBT-1_9e2adbd75b8beb119fe564a0f320645d-if00-port0",
        "Nabu_Casa_ZBT-2_10B41DE58D6C-if00",
        "Nabu_Casa_ZWA-2_D83BDA76C2B8-if00",
        "SMLIGHT_SMLIGHT_SLZB-06p10_40df2f3e3977ed11b142f6fafdf7b791-if00-port0",
        "Texas_Instruments_TI_CC2531_USB_CDC___0X00124B0018ED3DDF-if00",
        "Silicon_Labs_CC2652P_stick-if00-port0",
        "Silicon_Labs_HubZ_Smart_Home_Controller_612016F5-if01-port0",
        "0658_0200-if00",
        "Zooz_800_Z-Wave_Stick_533D004242-if00",
        "FTDI_ZiGate_ZIGATE+-if00-port0",
        "ZEPHYR_Zigbee_NCP_54ACCFAFA6DADC49-if00",
    ],
)
def test_a_radio_stick_is_known_by_its_name(name: str, tmp_path: Path) -> None:
    assert is_radio(BY_ID + name, Host(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "FTDI_FT230X_Basic_UART_D30AB-if00-port0",
        "FTDI_TTL232R-3V3_FTBEJ2C8-if00-port0",
        "1a86_USB_Single_Serial_5435-if00",
        "1a86_USB2.0-Serial-if00-port0",
        "Silicon_Labs_CP2102N_USB_to_UART_Bridge_Controller_0001-if00-port0",
        "Prolific_Technology_Inc._USB-Serial_Controller-if00-port0",
        "LiXee_TIC-DIN_B0036ABC-if00-port0",
        "Cartelectronic_Interface_USB_1_TIC_TI-if00-port0",
        "Cartelectronic_MicroTeleinfo_V3.0-if00",
    ],
)
def test_an_adapter_of_a_meter_is_none(name: str, tmp_path: Path) -> None:
    assert not is_radio(BY_ID + name, Host(tmp_path))


@pytest.mark.parametrize("interface", ["1-1:1.0/ttyUSB0", "1-1:1.0"])
@pytest.mark.parametrize(("product", "radio"), [("Sonoff Zigbee 3.0 USB Dongle Plus", True), ("FT230X", False)])
def test_without_a_name_in_dev_the_name_of_the_usb_device_counts(
    tmp_path: Path, interface: str, product: str, radio: bool
) -> None:
    """As in a container that was given `--device /dev/ttyUSB0`."""
    device = tmp_path / "sys" / "devices" / "usb1" / "1-1"
    (device / interface).mkdir(parents=True)
    (device / "idVendor").write_text("10c4\n")
    (device / "product").write_text(product + "\n")
    tty = tmp_path / "sys" / "class" / "tty" / "ttyUSB0"
    tty.mkdir(parents=True)
    (tty / "device").symlink_to(device / interface)
    assert is_radio("/dev/ttyUSB0", Host(tmp_path)) is radio
