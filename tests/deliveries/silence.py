"""A home in a network namespace of its own, whose only way out is a device that records what is sent to it.

Run by `unshare --net --mount`, as root: `python -P -m tests.deliveries.silence FOLDER [NAME…]`. It starts the whole
chain, asks all that the page asks, runs the `check` commands, switches on what is named, and prints as JSON what left:
`{"packets": ["udp 192.0.2.53:53 api.example.org", …], "asked": 42}`. Nothing answers out there.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from demo.chain import FOLDER
from demo.questions import paths, questions
from tests.support.programs import ROOT, command_line, run_command, wait_until
from tests.support.servers import free_port

_NAME_SERVER = "192.0.2.53"  # of the addresses for documents: nobody's
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp"}


class WayOut:
    """The device that everything goes to which is not for this machine."""

    def __init__(self, folder: Path) -> None:
        self.packets: list[str] = []
        self._device = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self._device, _TUNSETIFF, struct.pack("16sH22s", b"out", _IFF_TUN | _IFF_NO_PI, b""))
        for words in ("link set lo up", "addr add 192.0.2.1/24 dev out", "link set out up",
                      "route add default dev out"):  # fmt: skip
            subprocess.run(["ip", *words.split()], check=True)
        resolver = folder / "resolv.conf"
        resolver.write_text(f"nameserver {_NAME_SERVER}\noptions timeout:1 attempts:1\n")
        subprocess.run(["mount", "--bind", resolver, os.path.realpath("/etc/resolv.conf")], check=True)
        threading.Thread(target=self._record, daemon=True).start()

    def _record(self) -> None:
        while True:
            packet = os.read(self._device, 65_536)
            if packet[0] >> 4 == 4:  # of IPv6 there are only the kernel's own: the device has no such address
                self.packets.append(described(packet))


def described(packet: bytes) -> str:
    """Return protocol, host and port that an IPv4 packet is for; of a question for a name, the name."""
    start = (packet[0] & 15) * 4
    protocol, host = _PROTOCOLS.get(packet[9], str(packet[9])), socket.inet_ntoa(packet[16:20])
    if protocol == "icmp":
        return f"icmp {host}"
    (port,) = struct.unpack("!H", packet[start + 2 : start + 4])
    name = ".".join(part.decode("ascii", "replace") for part in _labels(packet[start + 20 :])) if port == 53 else ""
    return f"{protocol} {host}:{port} {name}".rstrip()


def _labels(question: bytes) -> list[bytes]:
    found = []
    while question and question[0]:
        length = question[0]
        found.append(question[1 : 1 + length])
        question = question[1 + length :]
    return found


def main() -> int:
    """Live in the home; print what left it."""
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    out = WayOut(folder)
    port = free_port()
    demo = command_line("demo", "--seconds", "40", "--page-port", str(port), "--no-history")
    home = {"PYTHONPATH": str(ROOT), "TELEINFO_LANGUAGE": "fr"}
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(demo, cwd=folder, env=os.environ | home, stdout=log, stderr=log)
    try:
        asked = _visit(f"http://127.0.0.1:{port}/", names)
        for program in ("reader", "storer", "monitor"):
            run_command(program, "check", "--config", folder / FOLDER / f"{program}.yaml")
        running.wait(timeout=300)
    finally:
        running.terminate()
        running.wait()
    print(json.dumps({"packets": out.packets, "asked": asked}))
    return 0


def _visit(page: str, names: Sequence[str]) -> int:
    """Look at every place, ask all that they ask, and try what is named; return how many questions had an answer."""
    api = f"{page}api/v1/"
    wait_until(lambda: bool(_ask(api + "meters", quiet=True)), 120, "a meter on the page")
    (meter,) = [one["id"] for one in _ask(api + "meters")["meters"]]
    today = datetime.now(ZoneInfo("Europe/Paris")).date()
    asked = [f"{api}{route}?{urlencode(parameters)}" for route, parameters in questions(meter, today)]
    asked += [page + path for path in ("", *paths(today))]
    answered = 0
    for address in asked:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                answer.read()
                answered += 1
        except urllib.error.HTTPError as error:  # such as 404: nothing of last year is known in this home
            error.close()
    for name in names:
        _ask(f"{api}fetch/{name}/try", method="POST")
    return answered


def _ask(address: str, *, method: str = "GET", quiet: bool = False) -> Any:
    """Return the answer of the page; None: it cannot be reached yet."""
    headers = {"Content-Type": "application/json", "Origin": address.partition("/api/")[0]}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, None, headers, method=method), timeout=120
        ) as answer:
            found = json.load(answer)
            return found if not quiet or found.get("meters") else None
    except urllib.error.URLError:
        if not quiet:
            raise
        return None


if __name__ == "__main__":
    sys.exit(main())
