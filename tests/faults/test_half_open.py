"""A gateway that is switched off and on says no good-bye: its old connection is silent for ever, a new one works."""

import contextlib
import socket
import threading
import time
from pathlib import Path

from demo.instances import HOST, free_port
from reader.line import NETWORK_SILENCE
from tests.faults.rig import Program, numbered_frame, wait_until

WITHIN = NETWORK_SILENCE + 30  # seconds


class Gateway:
    """Sends a few frames on the first connection and then nothing, without FIN; on later ones, frames all the time."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []
        self._server = socket.create_server((HOST, 0))
        self.port: int = self._server.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self._server.settimeout(0.1)
        number = 0
        while not self._stop.wait(0.1):
            with contextlib.suppress(TimeoutError):
                self.connections.append(self._server.accept()[0])
            number += 1
            if len(self.connections) > 1 or (self.connections and number < 20):
                with contextlib.suppress(OSError):
                    self.connections[-1].sendall(numbered_frame(number, 10_000_000, time.time()))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for connection in (*self.connections, self._server):
            connection.close()


def test_a_half_open_connection_of_a_gateway_is_opened_afresh(tmp_path: Path) -> None:
    config = tmp_path / "reader.yaml"
    gateway = Gateway()
    config.write_text(
        f"name: rig\nport: socket://{HOST}:{gateway.port}\nmqtt: {{host: {HOST}, port: {free_port()}}}\n"
        f"spool: {{journal: {tmp_path}/journal, path: {tmp_path}/spool}}\n"
        f"clock: {{patience: 0s}}\n"
    )
    reader = Program("reader", "reader", "run", "--config", str(config), folder=tmp_path)

    def said(text: str) -> int:
        return reader.log.read_text(errors="replace").count(text)

    try:
        wait_until(lambda: said("frames are coming") == 1, 20, "the first frames", [reader])
        wait_until(lambda: said("frames are coming") == 2, WITHIN, "frames on a new connection", [reader])
        assert len(gateway.connections) == 2
        assert said("no frame for 10 s: nothing arrives on socket://") == 1
        assert said("no byte for 60 s") == 1
        assert reader.stop() == 0
    finally:
        if reader.process is not None and reader.process.poll() is None:
            reader.kill()
        gateway.close()
