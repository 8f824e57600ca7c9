"""Asks a broker what it would let us do, and disturbs nobody: a few packets of MQTT 5, by hand.

A right to publish is asked for with a message of QoS 2 that is never released: the broker answers whether it may be
(PUBREC and a reason), but it hands nothing to anybody before our PUBREL, and forgets it when we are gone. The library
that the programs use sends the PUBREL by itself and keeps the reason to itself, so it is not used here.

Whether a subscription is forbidden need not be in the broker's answer: mosquitto grants it, and delivers nothing.
"""

import contextlib
import errno
import json
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from common.config import Broker
from common.errors import NotReady, TeleinfoError

_CONNECT, _CONNACK, _PUBLISH, _PUBREC, _SUBSCRIBE, _SUBACK, _DISCONNECT = 1, 2, 3, 5, 8, 9, 14
_KEEPALIVE = 600  # seconds; longer than anybody listens
_SIZES = {  # bytes of an MQTT 5 property's value, by its identifier; the others have a length of their own
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
_RECEIVE_MAXIMUM, _MAXIMUM_QOS, _MAXIMUM_PACKET_SIZE = 0x21, 0x24, 0x27

_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH = 62, 64  # X509_V_ERR_…, of OpenSSL
_NOT_YET_VALID, _EXPIRED = 9, 10


class Failure(StrEnum):
    """Why there is no connection."""

    NAME = "name"  # no such host
    REFUSED = "refused"  # nobody listens there
    SILENT = "silent"  # no answer in time
    UNREACHABLE = "unreachable"  # no way there
    PASSWORD_FILE = "password file"  # noqa: S105 - ours cannot be read
    TLS_FILES = "tls files"  # ours cannot be used
    TLS_NAME = "tls name"  # the certificate is for somebody else
    TLS_AUTHORITY = "tls authority"  # nobody we trust has signed it
    TLS_EXPIRED = "tls expired"
    TLS_NOT_YET = "tls not yet"  # it is valid later, says our clock
    TLS_NONE = "no tls"  # it does not speak TLS there
    TLS_REFUSED = "tls refused"  # it does not like our certificate, or that we have none
    CLOSED = "closed"  # it hung up without a word
    NOT_MQTT = "not mqtt"
    VERSION = "version"  # it does not speak MQTT 5
    QOS = "qos"  # it takes only what may be lost
    CREDENTIALS = "credentials"
    CLIENT_ID = "client id"
    BANNED = "banned"
    BUSY = "busy"
    OTHER = "other"


_REASONS = {
    0x01: Failure.VERSION,  # as a broker of MQTT 3.1.1 says it
    0x84: Failure.VERSION,
    0x85: Failure.CLIENT_ID,
    0x86: Failure.CREDENTIALS,
    0x87: Failure.CREDENTIALS,
    0x88: Failure.BUSY,
    0x89: Failure.BUSY,
    0x8A: Failure.BANNED,
    0x97: Failure.BUSY,
    0x9F: Failure.BUSY,
}
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


class ConnectionFailed(TeleinfoError):
    """The broker cannot be reached, or does not let us in."""

    def __init__(self, detail: str, failure: Failure = Failure.OTHER) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Received:
    """A message that came in while we listened."""

    topic: str
    payload: bytes
    retained: bool
    at: float  # monotonic seconds

    @property
    def fields(self) -> dict[str, Any]:
        """What a JSON object holds; nothing when it is none."""
        try:
            message = json.loads(self.payload)
        except (ValueError, RecursionError):
            return {}
        return message if isinstance(message, dict) else {}


class Probe:
    """One short connection; all of it raises `ConnectionFailed` when the broker is gone, or silent for too long."""

    def __init__(self, settings: Broker, client_id: str, *, timeout: float = 5.0) -> None:
        """Connect; no will, no session that stays."""
        self.certificate_ends: float | None = None  # Unix time
        self._timeout = timeout
        self._settings = settings
        self._buffer = b""
        self._last_id = 0
        self._heard: list[Received] = []
        try:
            self._password = settings.secret() if settings.username is not None else None
        except NotReady as error:
            raise ConnectionFailed(f"mqtt.{error}", Failure.PASSWORD_FILE) from error
        self.largest: int | None = None  # bytes of a packet that it takes; None: any
        self._socket = self._open()
        try:
            self._say_hello(client_id)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(_packet(_DISCONNECT, 0, b""))
        with contextlib.suppress(OSError):
            self._socket.close()

    @property
    def can_ask(self) -> int:
        """How many rights to publish can be asked for on one connection: none without QoS 2."""
        return self._receive_maximum if self._maximum_qos == 2 else 0

    def may_publish(self, topics: Sequence[str]) -> dict[str, int]:
        """Return the broker's reason for each topic, 0x80 and more is a no; at most `can_ask` topics."""
        waiting = {}
        for topic in topics:
            number = self._next_id()
            waiting[number] = topic
            self._send(_packet(_PUBLISH, 0b0100, _text(topic) + number.to_bytes(2, "big") + b"\0"))
        reasons = {}
        deadline = time.monotonic() + self._timeout
        while waiting:
            kind, _, body = self._receive(deadline)
            if kind == _PUBREC and (topic := waiting.pop(int.from_bytes(body[:2], "big"), "")):
                reasons[topic] = body[2] if len(body) > 2 else 0
        return reasons

    def subscribe(self, filters: Sequence[str]) -> dict[str, int]:
        """Subscribe; return the broker's reason for each filter, 0x80 and more is a no."""
        number = self._next_id()
        body = number.to_bytes(2, "big") + b"\0" + b"".join(_text(name) + b"\0" for name in filters)
        self._send(_packet(_SUBSCRIBE, 0b0010, body))
        deadline = time.monotonic() + self._timeout
        while True:
            kind, _, answer = self._receive(deadline)
            if kind == _SUBACK and answer[:2] == number.to_bytes(2, "big"):
                length, start = _length(answer, 2)
                return dict(zip(filters, answer[start + length :], strict=False))

    def listen(self, seconds: float) -> list[Received]:
        """Return what comes in, what came in before included."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(_Late):
            while True:
                self._receive(deadline)
        heard, self._heard = self._heard, []
        return heard

    # -- connecting ----------------------------------------------------------------------------------------------------

    def _open(self) -> socket.socket:
        settings = self._settings
        context = None if settings.tls is None else self._context()
        try:
            plain = socket.create_connection((settings.host, settings.port), self._timeout)
        except socket.gaierror as error:
            raise ConnectionFailed(error.strerror or str(error), Failure.NAME) from error
        except UnicodeError as error:
            raise ConnectionFailed("that is no name of a host", Failure.NAME) from error
        except OSError as error:
            raise ConnectionFailed(error.strerror or str(error), _why(error)) from error
        if context is None:
            return plain
        try:
            secure = context.wrap_socket(plain, server_hostname=settings.host)
        except (OSError, ValueError) as error:
            plain.close()
            raise self._tls_failure(error) from error
        end = (secure.getpeercert() or {}).get("notAfter")
        self.certificate_ends = ssl.cert_time_to_seconds(end) if isinstance(end, str) else None
        return secure

    def _context(self, *, check_name: bool = True) -> ssl.SSLContext:
        tls = self._settings.tls
        assert tls is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = check_name
        try:
            if tls.ca is None:
                context.load_default_certs()
            else:
                context.load_verify_locations(tls.ca)
            if tls.certificate is not None:
                context.load_cert_chain(tls.certificate, tls.key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = ", ".join(name for name in (tls.ca, tls.certificate, tls.key) if name)
            raise ConnectionFailed(f"{files}: {_reason(error)}", Failure.TLS_FILES) from error
        return context

    def _tls_failure(self, error: Exception) -> ConnectionFailed:
        if isinstance(error, ssl.SSLCertVerificationError):
            if error.verify_code in (_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH):
                return ConnectionFailed(", ".join(self._names()) or "somebody else", Failure.TLS_NAME)
            if error.verify_code == _EXPIRED:
                return ConnectionFailed(error.verify_message, Failure.TLS_EXPIRED)
            if error.verify_code == _NOT_YET_VALID:
                return ConnectionFailed(error.verify_message, Failure.TLS_NOT_YET)
            return ConnectionFailed(error.verify_message, Failure.TLS_AUTHORITY)
        if isinstance(error, TimeoutError):
            return ConnectionFailed("it does not answer to TLS", Failure.TLS_NONE)
        if isinstance(error, ssl.SSLError) and error.reason and "ALERT" in error.reason:
            return ConnectionFailed(_reason(error), Failure.TLS_REFUSED)
        return ConnectionFailed(_reason(error), Failure.TLS_NONE)

    def _names(self) -> list[str]:
        """Return for whom the broker's certificate is."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection((self._settings.host, self._settings.port), self._timeout) as plain,
            self._context(check_name=False).wrap_socket(plain, server_hostname=self._settings.host) as secure,
        ):
            names = (secure.getpeercert() or {}).get("subjectAltName", ())
            return [str(name[1]) for name in names]
        return []

    def _say_hello(self, client_id: str) -> None:
        settings = self._settings
        flags = 0b0000_0010  # a clean start
        payload = _text(client_id)
        if settings.username is not None:
            flags |= 0b1000_0000
            payload += _text(settings.username)
            if self._password is not None:
                flags |= 0b0100_0000
                payload += _text(self._password)
        head = _text("MQTT") + bytes((5, flags)) + _KEEPALIVE.to_bytes(2, "big") + b"\0"
        deadline = time.monotonic() + self._timeout
        try:
            with contextlib.suppress(ConnectionError, ssl.SSLError):  # why it hung up may be waiting to be read
                self._socket.sendall(_packet(_CONNECT, 0, head + payload))
            kind, _, body = self._next_packet(deadline)
        except _Late as error:
            raise ConnectionFailed("it accepts the connection, and says nothing", Failure.SILENT) from error
        except ssl.SSLError as error:  # TLS 1.3 refuses a client only after the handshake
            raise ConnectionFailed(_reason(error), Failure.TLS_REFUSED) from error
        except OSError as error:
            raise ConnectionFailed(error.strerror or str(error), Failure.CLOSED) from error
        if kind != _CONNACK or len(body) < 2:
            raise _no_broker()
        if body[1]:
            raise ConnectionFailed(f"reason 0x{body[1]:02x}", _REASONS.get(body[1], Failure.OTHER))
        try:
            found = dict(_properties(body, 2)) if len(body) > 2 else {}
        except (IndexError, ValueError) as error:
            raise _no_broker() from error
        self._receive_maximum = found.get(_RECEIVE_MAXIMUM, 65_535)
        self._maximum_qos = found.get(_MAXIMUM_QOS, 2)
        self.largest = found.get(_MAXIMUM_PACKET_SIZE)
        if self._maximum_qos == 0:
            raise ConnectionFailed("Maximum QoS 0", Failure.QOS)

    # -- packets -------------------------------------------------------------------------------------------------------

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.settimeout(self._timeout)
            self._socket.sendall(packet)
        except OSError as error:
            raise ConnectionFailed(error.strerror or str(error), Failure.CLOSED) from error

    def _receive(self, deadline: float) -> tuple[int, int, bytes]:
        """Return the next packet: kind, flags, body. Messages are kept aside, too."""
        try:
            return self._next_packet(deadline)
        except OSError as error:
            raise ConnectionFailed(error.strerror or str(error), Failure.CLOSED) from error

    def _next_packet(self, deadline: float) -> tuple[int, int, bytes]:
        while True:
            packet = self._cut()
            if packet is not None:
                break
            left = deadline - time.monotonic()
            if left <= 0:
                raise _Late("it does not answer any more", Failure.SILENT)
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65_536)
            except TimeoutError:
                continue
            if not data:
                raise ConnectionFailed("it ended the connection", Failure.CLOSED)
            self._buffer += data
        kind, flags, body = packet
        if kind == _PUBLISH:
            try:
                self._keep(flags, body)
            except (IndexError, ValueError) as error:
                raise _no_broker() from error
        elif kind == _DISCONNECT:
            reason = body[0] if body else 0
            raise ConnectionFailed(
                f"it ended the connection: reason 0x{reason:02x}", _REASONS.get(reason, Failure.CLOSED)
            )
        return packet

    def _cut(self) -> tuple[int, int, bytes] | None:
        """Take a whole packet out of what came in."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        try:
            length, start = _length(buffer, 1)
        except IndexError:
            return None
        except ValueError as error:
            raise _no_broker() from error
        if len(buffer) < start + length:
            if buffer[0] >> 4 not in (_CONNACK, _PUBLISH, _PUBREC, _SUBACK, _DISCONNECT):
                raise _no_broker()
            return None
        self._buffer = buffer[start + length :]
        return buffer[0] >> 4, buffer[0] & 0xF, buffer[start : start + length]

    def _keep(self, flags: int, body: bytes) -> None:
        size = int.from_bytes(body[:2], "big")
        topic = body[2 : 2 + size].decode("utf-8", "replace")
        position = 2 + size + (2 if flags >> 1 & 0b11 else 0)
        length, start = _length(body, position)
        self._heard.append(Received(topic, body[start + length :], bool(flags & 1), time.monotonic()))


class _Late(ConnectionFailed):
    """The time is up."""


def _no_broker() -> ConnectionFailed:
    return ConnectionFailed("what answers there is not an MQTT broker", Failure.NOT_MQTT)


def _why(error: OSError) -> Failure:
    if isinstance(error, ConnectionRefusedError):
        return Failure.REFUSED
    if isinstance(error, TimeoutError):
        return Failure.SILENT
    return Failure.UNREACHABLE if error.errno in _UNREACHABLE else Failure.OTHER


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason or error).replace("_", " ").lower()


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _packet(kind: int, flags: int, body: bytes) -> bytes:
    length, size = bytearray(), len(body)
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes((kind << 4 | flags,)) + bytes(length) + body


def _length(data: bytes, position: int) -> tuple[int, int]:
    """Read a number of one to four bytes; return it, and where it ends."""
    value = 0
    for place in range(4):
        digit = data[position + place]
        value |= (digit & 0x7F) << 7 * place
        if digit < 0x80:
            return value, position + place + 1
    raise ValueError("a length of more than four bytes")


def _properties(data: bytes, position: int) -> Iterator[tuple[int, int]]:
    """Yield the properties that are numbers."""
    length, start = _length(data, position)
    end = start + length
    while start < end:
        name = data[start]
        start += 1
        if name in _SIZES:
            yield name, int.from_bytes(data[start : start + _SIZES[name]], "big")
            start += _SIZES[name]
        else:
            for _ in range(2 if name == 0x26 else 1):  # a user's property is two texts
                start += 2 + int.from_bytes(data[start : start + 2], "big")
