import pytest

from common.doctor.findings import ok
from deploy.app.listen import says, without_radios
from deploy.meters import Heard

BY_ID = "/dev/serial/by-id/usb-"


@pytest.mark.parametrize(
    "radio",
    [
        "ITEAD_SONOFF_Zigbee_3.0_USB_Dongle_Plus_V2_20230509-if00",
        "dresden_elektronik_ingenieurtechnik_GmbH_ConBee_II_DE2693211-if00",
        "Nabu_Casa_SkyConnect_v1.0_1c2f-if00-port0",
        "Nabu_Casa_ZBT-2_9C139EAA-if00",
        "Silicon_Labs_HubZ_Smart_Home_Controller_C0F003-if00-port0",
        "0658_0200-if00",
        "Texas_Instruments_TI_CC2531_USB_CDC___0X00124B-if00",
        "Zooz_800_Z-Wave_Stick_533D004242-if00",
        "SMLIGHT_SMLIGHT_SLZB-07_c06a-if00-port0",
    ],
)
def test_radio_sticks_of_other_apps_are_left_alone(radio: str) -> None:
    assert without_radios([BY_ID + radio]) == []


@pytest.mark.parametrize(
    "port",
    [
        BY_ID + "FTDI_FT230X_Basic_UART_DK0FTE5V-if00-port0",
        BY_ID + "Silicon_Labs_CP2102_USB_to_UART_Bridge_Controller_0001-if00-port0",
        BY_ID + "1a86_USB_Serial-if00-port0",
        "/dev/ttyAMA0",
        "/dev/serial0",
    ],
)
def test_ports_that_may_be_a_meters_are_listened_to(port: str) -> None:
    assert without_radios([port]) == [port]


@pytest.mark.parametrize(
    ("what", "said"),
    [("{port} is silent: no character in 6 s", "is silent: no character in 6 s"), ("{port}: noise", "noise")],
)
def test_what_was_received_does_not_repeat_the_port(what: str, said: str) -> None:
    port = f"{BY_ID}FTDI_FT230X-if00-port0"
    assert says(Heard(port, set(), ok("Line", what.format(port=port)))) == said
