"""With every switch off, nothing leaves this machine: no connection, no question for a name."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deliveries.silence import described
from tests.support.programs import ROOT


def live(folder: Path, *names: str) -> Any:
    """Return what left a home that lived for a while; `names` are switches whose services are tried."""
    if not Path("/dev/net/tun").exists():
        pytest.skip("this machine has no /dev/net/tun, through which packets are seen")
    if os.geteuid() != 0:
        pytest.fail("this test needs root", pytrace=False)
    command = ["unshare", "--net", "--mount", sys.executable, "-P", "-m", "tests.deliveries.silence", str(folder)]
    ran = subprocess.run(
        [*command, *names],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:] + (folder / "log").read_text()[-3000:]
    return json.loads(ran.stdout)


def test_with_every_switch_off_nothing_is_sent_to_another_host(tmp_path: Path) -> None:
    lived = live(tmp_path)

    assert lived["packets"] == []
    assert lived["asked"] > 100


def test_what_is_tried_is_seen_there(tmp_path: Path) -> None:
    lived = live(tmp_path, "tempo")

    assert {packet for packet in lived["packets"] if " " in packet} >= {"udp 192.0.2.53:53 www.services-rte.com"}


def test_a_packet_is_described_by_where_it_goes() -> None:
    # Headers of IPv4 and UDP, then a question for example.org, by hand (RFC 791, 768, 1035).
    question = bytes(12) + b"\x07example\x03org\x00" + b"\x00\x01\x00\x01"
    header = bytes([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 53])
    packet = header + bytes([0x30, 0x39, 0, 53, 0, 0, 0, 0]) + question

    assert described(packet) == "udp 192.0.2.53:53 example.org"
