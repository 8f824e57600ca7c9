"""Why there is no connection to a broker, by what the network, the TLS library or the broker said."""

import errno
import socket
import ssl
from enum import StrEnum

from common.errors import TeleinfoError


class Failure(StrEnum):
    """Why there is no connection."""

    NAME = "name"  # no such host
    REFUSED = "refused"  # nothing listens on the port
    UNREACHABLE = "unreachable"  # no route to the host, or no TCP connection in time
    SILENT = "silent"  # connected, but no answer in time
    PASSWORD_FILE = "password file"  # noqa: S105 - cannot be read
    TLS_FILES = "tls files"  # certificates or key of the configuration cannot be used
    TLS_NAME = "tls name"  # the certificate is for another host name
    TLS_AUTHORITY = "tls authority"  # the certificate is not signed by an authority we trust
    TLS_EXPIRED = "tls expired"
    TLS_NOT_YET = "tls not yet"  # the certificate becomes valid later, by this machine's clock
    TLS_NONE = "no tls"  # the port does not use TLS
    TLS_REFUSED = "tls refused"  # our certificate, or its absence, is not accepted
    NOT_MQTT = "not mqtt"  # closed, or something else than MQTT sent, instead of an answer to CONNECT
    CLOSED = "closed"  # the connection was lost after the broker had accepted it
    VERSION = "version"  # no MQTT 5
    QOS = "qos"  # QoS 0 only
    CREDENTIALS = "credentials"
    BANNED = "banned"
    BUSY = "busy"
    OTHER = "other"


_REASONS = {
    0x84: Failure.VERSION,
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
    """There is no connection to the broker, or it was lost."""

    def __init__(self, detail: str, failure: Failure = Failure.OTHER) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


def of_code(code: int, otherwise: Failure) -> Failure:
    """Return what a reason code of MQTT 5 means; `otherwise` if it says nothing of why."""
    return _REASONS.get(code, otherwise)


def of_tcp(error: Exception) -> ConnectionFailed:
    """Return why there is no TCP connection."""
    if isinstance(error, socket.gaierror) or not isinstance(error, OSError):
        failure = Failure.NAME
    elif isinstance(error, ConnectionRefusedError):
        failure = Failure.REFUSED
    elif isinstance(error, TimeoutError) or error.errno in _UNREACHABLE:
        failure = Failure.UNREACHABLE
    else:
        failure = Failure.OTHER
    return ConnectionFailed(text_of(error), failure)


def text_of(error: Exception) -> str:
    """Return what an error says, for people."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)
