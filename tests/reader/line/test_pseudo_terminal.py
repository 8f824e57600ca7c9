"""A source of bytes on a real pseudo-terminal (recording/test_recorder.py tests the wait for a client)."""

import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from queue import Queue
from types import SimpleNamespace

import pytest

from reader.line.pseudo_terminal import serve_pty
from reader.simulator.line import SimulatedLine


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


class Burst:
    """More than a terminal keeps, at once."""

    closed = False

    def read(self, timeout: float) -> bytes:
        self.closed = True
        return b"x" * 500_000


def test_a_machine_that_stalls_longer_than_a_client_may_be_late_costs_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    stalled = threading.Event()

    class Poll:
        def __init__(self) -> None:
            self._poll = select.poll()
            self._waits = False

        def register(self, file: int, events: int) -> None:
            self._poll.register(file, events)
            self._waits = events == select.POLLOUT

        def poll(self, timeout: float) -> list[tuple[int, int]]:
            if self._waits and not stalled.is_set():
                time.sleep(1.2)
                stalled.set()
                return []
            return self._poll.poll(timeout)

    monkeypatch.setattr("reader.line.pseudo_terminal.select", SimpleNamespace(poll=Poll, POLLOUT=select.POLLOUT))
    names = Queue[str]()
    options = {"announce": names.put, "wait_for_client": True}
    server = threading.Thread(target=serve_pty, args=(Burst(),), kwargs=options, daemon=True)
    server.start()
    terminal = os.open(names.get(timeout=300), os.O_RDONLY | os.O_NOCTTY)
    assert stalled.wait(60)
    received = b"".join(pieces(terminal))
    os.close(terminal)
    server.join(300)
    assert len(received) == 500_000


def pieces(terminal: int) -> Iterator[bytes]:
    with suppress(OSError):  # so it ends when its other side has gone
        while data := os.read(terminal, 4096):
            yield data


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
