"""The messages of ports: what a reader could listen to, and which of it a monitor chooses. The contract of the two.

    teleinfo/reader/NAME/ports   {"ports": [{"name": "/dev/serial/by-id/…", "label": "FTDI FT230X", "chosen": true,
                                  "present": true, "kept": null},
                                 {"name": "mqtt:zigbee2mqtt/Linky", "label": "Linky (Zigbee2MQTT)", …}]}
    teleinfo/monitor/NAME/ports  {"reader": "home", "ports": ["/dev/serial/by-id/…"], "labels": {}}

A port that was chosen and is unplugged is offered, too; it is not `present`. One that is `kept` for something else is
listed and cannot be chosen: `radio` is a stick of Zigbee, Z-Wave or the like, `in_use` is open in another program.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from common.contract.frame import read_json
from common.contract.topic_port import is_topic, read_topic_port
from common.errors import MessageError

#: The simulated meter that the page offers to somebody who has no adapter yet.
SIMULATED = "simulate://standard-single-phase-tempo"
#: What may be chosen: names of serial ports, ports over the network, topics, and the simulated meter. A message must
#: not open any other device.
PORT = (
    r"/dev/(serial/by-(id|path)/[^/\s]{1,200}|serial\d{1,3}|tty[A-Za-z]{1,10}\d{1,4}|teleinfo[\w.-]{0,100}|pts/\d{1,6})"
    r"|(socket|rfc2217)://[\w.:\[\]-]{1,200}:\d{1,5}"
    r"|mqtt:[^\s/#$+][^#]{0,999}"
    rf"|{SIMULATED}"
)
MOST_PORTS = 8  # of a reader
LONGEST = 64_000  # bytes of a message
KEPT = ("radio", "in_use")
_MOST_OFFERED = 64
_LONGEST_TEXT = 1200


class OfferedPort(NamedTuple):
    """A port that a reader could listen to."""

    name: str  # as the configuration has it
    label: str  # what people call it
    chosen: bool
    present: bool  # it is plugged in; of a topic: nobody has withdrawn it
    kept: str | None = None  # one of KEPT: why it is not to be chosen

    def to_message(self) -> dict[str, Any]:
        """Return it as it is published."""
        return self._asdict()


def write_offer(ports: Sequence[OfferedPort]) -> bytes:
    """Write what a reader could listen to; the last of what is too much is left out."""
    rows = [port.to_message() for port in ports[:_MOST_OFFERED]]
    while len(payload := json.dumps({"ports": rows}, ensure_ascii=False).encode()) > LONGEST:
        rows.pop()
    return payload


def read_offer(payload: bytes) -> list[OfferedPort]:
    """Read what a reader could listen to.

    Raises:
        MessageError: it is not such a message.
    """
    rows = _object(payload).get("ports")
    if not isinstance(rows, list) or len(rows) > _MOST_OFFERED:
        raise MessageError("not an offer of ports: `ports` is no list, or too long a one")
    return [_offered(row) for row in rows]


def _offered(row: Any) -> OfferedPort:
    name, label = (row.get("name"), row.get("label")) if isinstance(row, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(label, str) or len(name) + len(label) > _LONGEST_TEXT:
        raise MessageError("not an offer of ports: one has no name or no label, or too long a one")
    kept = row.get("kept")
    return OfferedPort(
        name,
        label,
        chosen=row.get("chosen") is True,
        present=row.get("present") is True,
        kept=kept if kept in KEPT else None,
    )


def write_choice(reader: str, ports: Sequence[str], labels: Mapping[str, str]) -> bytes:
    """Write which ports are chosen for a reader, and what people call them."""
    choice = {"reader": reader, "ports": list(ports), "labels": dict(labels)}
    return json.dumps(choice, ensure_ascii=False).encode()


def read_choice(payload: bytes, reader: str) -> tuple[str, ...] | None:
    """Read which ports are chosen for a reader: none is a choice, too. Return None if it is for another reader.

    Raises:
        MessageError: it is not such a message.
    """
    message = _object(payload)
    if message.get("reader") != reader:
        return None
    ports = message.get("ports")
    if not isinstance(ports, list) or len(ports) > MOST_PORTS:
        raise MessageError(f"`ports` is no list of at most {MOST_PORTS} ports")
    for port in ports:
        if not isinstance(port, str) or not re.fullmatch(PORT, port):
            raise MessageError(f"no serial port of this name: {str(port)[:_LONGEST_TEXT]!r}")
        if is_topic(port):
            try:
                read_topic_port(port)
            except ValueError as error:
                raise MessageError(f"no topic that can be read: {error}") from error
    if len(set(ports)) < len(ports):
        raise MessageError("a port is listed twice")
    return tuple(ports)


def _object(payload: bytes) -> dict[str, Any]:
    if len(payload) > LONGEST:
        raise MessageError(f"too large: {len(payload)} bytes, at most {LONGEST} are expected")
    message = read_json(payload)
    if not isinstance(message, dict):
        raise MessageError("a JSON object is expected")
    return message
