"""As much of RFC 6455 as a test needs: a client that exchanges JSON with a server on loopback."""

import base64
import json
import os
import socket
import struct
from typing import Any, Self

ANSWER_WITHIN = 60.0  # seconds

_TEXT, _CLOSE, _PING, _PONG, _MORE = 0x1, 0x8, 0x9, 0xA, 0x0
_LAST = 0x80  # of a message's frames; and, in the other byte: masked


class WebSocketError(Exception):
    """The peer is no WebSocket server, or has closed the connection."""


class WebSocket:
    """A connection; each message is one JSON value."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._socket = socket.create_connection((host, port), timeout=ANSWER_WITHIN)
        self._file = self._socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        status = self._file.readline()
        while self._file.readline().strip():
            pass
        if b" 101 " not in status:
            self.close()
            raise WebSocketError(f"no WebSocket on {path}: {status!r}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def send(self, message: object) -> None:
        """Send a message."""
        self._send_frame(_TEXT, json.dumps(message).encode())

    def receive(self) -> dict[str, Any]:
        """Wait for the next message; TimeoutError when none comes."""
        text = b""
        while True:
            first, second = self._read(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack("!H", self._read(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self._read(8))[0]
            payload = self._read(size)
            opcode = first & 0x0F
            if opcode == _PING:
                self._send_frame(_PONG, payload)
            elif opcode == _CLOSE:
                raise WebSocketError("the peer has closed the WebSocket")
            elif opcode in (_TEXT, _MORE):
                text += payload
                if first & _LAST:
                    message: dict[str, Any] = json.loads(text)
                    return message

    def _send_frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", _LAST | opcode, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", _LAST | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", _LAST | opcode, 0x80 | 127, size)
        self._socket.sendall(head + bytes(4) + payload)  # masked, with a mask of zeros

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise WebSocketError("the WebSocket ended")
        return data
