"""Writes groups and frames as a meter sends them: an encoder of its own, from the documents and not from the reader."""

from collections.abc import Callable

import pytest

Sign = Callable[[bytes], bytes]
Send = Callable[..., bytes]


def _sign(zone: bytes) -> bytes:
    # Mode 2 ends with the HT that it counts; mode 1 does not count the space it puts before the checksum.
    checksum = bytes([sum(zone) % 64 + 32])
    return zone + checksum if zone.endswith(b"\t") else zone + b" " + checksum


def _send(*zones: bytes) -> bytes:
    return b"\x02" + b"".join(b"\n" + _sign(zone) + b"\r" for zone in zones) + b"\x03"


@pytest.fixture(scope="session")
def sign() -> Sign:
    """Give a group, written without its checksum, its checksum: `PAPP 00750` or, with tabs, `VTIC.02.`."""
    return _sign


@pytest.fixture(scope="session")
def send() -> Send:
    """Make a frame of groups that are written without their checksums."""
    return _send


@pytest.fixture(scope="session")
def parity() -> Sign:
    """Give each byte its even parity."""

    def parity(data: bytes) -> bytes:
        return bytes(byte if f"{byte:b}".count("1") % 2 == 0 else byte + 128 for byte in data)

    return parity
