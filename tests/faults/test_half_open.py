"""A gateway in the network goes silent without a word: its port is opened afresh."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from tests.faults.rig import Processes
from tests.support.meters import ADDRESSES, numbered_frame
from tests.support.programs import wait_until
from tests.support.servers import HOST

WITHIN = 120.0  # seconds, for what should take a few
AFRESH_WITHIN = 120.0  # seconds of silence, at most, until a port in the network is opened afresh
RAW, RFC2217 = "socket", "rfc2217"


class Gateway:
    """A serial port behind TCP, which can fall silent on a connection and keeps it open: no FIN, no reset."""

    def __init__(self, kind: str, address: str) -> None:
        self.connections = 0
        self.number = 0  # of the next frame
        self._kind = kind
        self._address = address
        self._silent_on = 0  # the connection on which nothing more comes
        self._server = socket.create_server((HOST, 0))
        self._server.settimeout(0.1)
        self.url = f"{kind}://{HOST}:{self._server.getsockname()[1]}"
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._accept, name="gateway", daemon=True)]
        self._threads[0].start()

    def fall_silent(self) -> None:
        """Say nothing more on the connection of now; the next one is served."""
        self._silent_on = self.connections

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._server.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._server.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket, mine: int) -> None:
        due = time.monotonic()
        with connection, serial.serial_for_url("loop://") as line:
            telnet = None
            if self._kind == RFC2217:
                telnet = serial.rfc2217.PortManager(line, _Writer(connection))  # type: ignore[arg-type]
            connection.settimeout(0.02)
            while not self._stop.is_set():
                if mine == self._silent_on:
                    self._stop.wait(0.1)  # what is asked is not answered either
                    continue
                try:
                    asked = connection.recv(1024)
                    if not asked:
                        return
                    if telnet is not None:
                        assert list(telnet.filter(asked)) == [], "nobody sends anything to a meter"
                except TimeoutError:
                    pass
                except OSError:
                    return
                if time.monotonic() >= due:
                    due = time.monotonic() + 0.2
                    frame = numbered_frame(self.number, 10_000_000, time.time(), self._address)
                    with contextlib.suppress(OSError):
                        connection.sendall(b"".join(telnet.escape(frame)) if telnet else frame)
                        self.number += 1


class _Writer:
    """What `PortManager` answers through."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)


@pytest.fixture
def gateways() -> Iterator[dict[str, Gateway]]:
    both = {kind: Gateway(kind, address) for kind, address in zip((RAW, RFC2217), ADDRESSES, strict=False)}
    yield both
    for gateway in both.values():
        gateway.close()


def test_a_gateway_that_says_nothing_more_is_connected_to_afresh(gateways: dict[str, Gateway], tmp_path: Path) -> None:
    ports = ", ".join(gateway.url for gateway in gateways.values())
    with Processes(tmp_path, port=f"[{ports}]") as rig:
        programs = reader, _ = rig.start_reader(), rig.start_storer()

        def newest(meter: str) -> int:
            query = "SELECT COALESCE(MAX(power), -1) FROM frames JOIN meters ON meters.id = meter_id"
            return int(rig.sql(f"{query} WHERE identifier = '{meter}'")[0][0])

        meters = dict(zip(gateways, ADDRESSES, strict=False))
        wait_until(lambda: bool(rig.sql("SHOW TABLES LIKE 'tallies'")), WITHIN, "tables", programs)
        wait_until(lambda: min(map(newest, meters.values())) > 5, WITHIN, "rows of both", programs)
        for gateway in gateways.values():
            gateway.fall_silent()
        began = time.monotonic()
        wait_until(
            lambda: all(gateway.connections > 1 for gateway in gateways.values()), AFRESH_WITHIN, "both are", programs
        )
        print(f"afresh {time.monotonic() - began:.0f} s after the last byte")
        numbers = {kind: gateway.number for kind, gateway in gateways.items()}
        wait_until(
            lambda: all(newest(meters[kind]) > number for kind, number in numbers.items()), WITHIN, "rows", programs
        )
        reader.stop()
        lines = rig.health("reader")["lines"]
        assert isinstance(lines, list)
        assert [line["reopens"] for line in lines] == [1, 1]
