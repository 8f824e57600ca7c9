"""A source of bytes on a real pseudo-terminal."""

import os
import threading
from datetime import datetime
from queue import Queue

from reader.simulator.line import SimulatedLine
from reader.simulator.pseudo_terminal import serve_pty


def test_passes_every_byte_unchanged() -> None:
    class Bytes:
        """All 256 bytes and some control characters again, then nothing until it is closed."""

        def __init__(self) -> None:
            self.bursts = [bytes(range(256)), b"\r\n\x03\x04\x11\x13\x1a\x7f\xff\r\r"]
            self.ended = threading.Event()

        @property
        def closed(self) -> bool:
            return self.ended.is_set()

        def read(self, timeout: float) -> bytes:
            if self.bursts:
                return self.bursts.pop(0)
            self.ended.wait(timeout)
            return b""

    source, names = Bytes(), Queue[str]()
    server = threading.Thread(target=serve_pty, args=(source,), kwargs={"announce": names.put}, daemon=True)
    server.start()
    expected = bytes(range(256)) + b"\r\n\x03\x04\x11\x13\x1a\x7f\xff\r\r"
    terminal = os.open(names.get(timeout=300), os.O_RDONLY | os.O_NOCTTY)
    received = b""
    while len(received) < len(expected):
        received += os.read(terminal, 4096)
    os.close(terminal)
    source.ended.set()
    server.join(300)
    assert not server.is_alive()
    assert received == expected


def test_does_not_wait_for_a_client() -> None:
    source = SimulatedLine("standard-single-phase-base", speed=5000)  # far more than the buffer of a terminal
    frames, meter_frame = 0, source.meter.frame

    def closing_frame(now: datetime) -> bytes:
        nonlocal frames
        frames += 1
        if frames == 100:
            source.close()
        return meter_frame(now)

    source.meter.frame = closing_frame  # type: ignore[method-assign]
    server = threading.Thread(target=serve_pty, args=(source,), kwargs={"announce": lambda _: None}, daemon=True)
    server.start()
    server.join(300)
    assert not server.is_alive()
