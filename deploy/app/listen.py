"""Listens to the serial ports, and prints what it receives as JSON: for owners who have not chosen one."""

import json
import re
from collections.abc import Sequence

from common.machine.host import Host
from deploy.meters import Heard, listen_to_all
from reader.doctor.command import SECONDS
from reader.doctor.line import listen
from reader.line.port import open_port
from reader.line.serial_ports import ports

#: Radio sticks of other apps: opened at a meter's speed, they would stop working.
_RADIO = re.compile(
    r"zig|z-?wave|zwa-|zbt-|zooz|hubz|0658_0200|cc2\d{3}|slzb|thread|skyconnect|conbee|nabu_casa|rfxcom|enocean",
    re.IGNORECASE,
)


def listen_to_ports() -> None:
    """Listen for some seconds to all ports that may be a meter's."""
    candidates = without_radios(ports(Host()))
    heard = listen_to_all(candidates, lambda port: listen(port, "auto", SECONDS, open_port)) if candidates else []
    print(json.dumps([{"port": one.port, "says": says(one), "meter": bool(one.meters)} for one in heard]))


def says(heard: Heard) -> str:
    """Return what was received, without the port, which stands beside it."""
    return heard.finding.what.removeprefix(heard.port).lstrip(" :")


def without_radios(found: Sequence[str]) -> list[str]:
    """Leave out radio sticks, by the names that their makers gave them.

    >>> without_radios(["/dev/serial/by-id/usb-ITEAD_SONOFF_Zigbee_3.0-if00", "/dev/ttyAMA0"])
    ['/dev/ttyAMA0']
    """
    return [port for port in found if not _RADIO.search(port)]
