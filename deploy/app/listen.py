"""Listens to the serial ports, and prints what it receives as JSON: for owners who have not chosen one."""

import json
import re

from common.machine.host import Host
from deploy.meters import listen_to_all
from reader.doctor.command import SECONDS
from reader.doctor.line import listen
from reader.line.port import open_port
from reader.line.serial_ports import ports

#: Radio sticks of other apps: opened at a meter's speed, they would stop working.
_RADIO = re.compile(r"zigbee|z-?wave|zwa|zbt|thread|skyconnect|conbee|nabu_casa|rfxcom|enocean", re.IGNORECASE)


def listen_to_ports() -> None:
    """Listen for some seconds to all ports that may be a meter's."""
    candidates = [port for port in ports(Host()) if not _RADIO.search(port)]
    heard = listen_to_all(candidates, lambda port: listen(port, "auto", SECONDS, open_port)) if candidates else []
    print(json.dumps([{"port": one.port, "says": one.finding.what, "meter": bool(one.meters)} for one in heard]))
