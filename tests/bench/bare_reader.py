"""The least reader: a port, frames cut at ETX, split, published as JSON.

`python -m tests.bench.bare_reader PORT BROKER`.
"""

import json
import sys
import time

import paho.mqtt.client as paho
import serial
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.servers import HOST


def values(frame: bytes) -> dict[str, str]:
    """Cut a frame into labels and values; no checksum is verified."""
    text = bytes(byte & 0x7F for byte in frame).decode("ascii")
    fields = (line.strip("\n").split("\t") for line in text[1:-1].split("\r") if line)
    return {field[0]: field[1] for field in fields}


def main() -> None:
    port, broker = sys.argv[1], int(sys.argv[2])
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect(HOST, broker)
    client.loop_start()
    line = serial.Serial(port, 9600, timeout=None)
    data = b""
    while True:
        data += line.read(max(1, line.in_waiting))
        frame, etx, rest = data.partition(b"\x83" if b"\x83" in data else b"\x03")
        if etx:
            content = {
                "at": time.time(),
                "frame": values(frame[frame.rfind(b"\x02" if b"\x02" in frame else b"\x82") :]),
            }
            client.publish("bare/frame", json.dumps(content), qos=1)
            data = rest


if __name__ == "__main__":
    main()
