"""Why there is no connection to a broker, by what the network, the TLS library or the broker said."""

import socket
import ssl
from enum import StrEnum

from common.errors import TeleinfoError
from common.settings.config import Tls


class Failure(StrEnum):
    """Why there is no connection."""

    NAME = "name"  # no such host
    REFUSED = "refused"  # nothing listens on the port
    UNREACHABLE = "unreachable"  # no route to the host, or no TCP connection in time
    SILENT = "silent"  # connected, but no answer in time
    PASSWORD_FILE = "password file"  # noqa: S105 - cannot be read
    TLS_FILES = "tls files"  # certificates or key of the configuration cannot be used
    TLS_CERTIFICATE = "tls certificate"  # the broker's is for another name or time, or of another authority
    TLS_NONE = "no tls"  # the port does not use TLS
    TLS_REFUSED = "tls refused"  # our certificate, or its absence, is not accepted
    NOT_MQTT = "not mqtt"  # closed, or something else than MQTT 5 sent, instead of an answer to CONNECT
    CLOSED = "closed"  # the connection was lost after the broker had accepted it
    QOS = "qos"  # QoS 0 only
    CREDENTIALS = "credentials"
    OTHER = "other"


_REASONS = {0x84: Failure.NOT_MQTT, 0x86: Failure.CREDENTIALS, 0x87: Failure.CREDENTIALS}


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
        return ConnectionFailed(_text_of(error), Failure.NAME)
    refused = isinstance(error, ConnectionRefusedError)
    return ConnectionFailed(_text_of(error), Failure.REFUSED if refused else Failure.UNREACHABLE)


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return what a connection as configured is made with.

    Raises:
        ConnectionFailed: the files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if tls.ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        files = ", ".join(name for name in (tls.ca, tls.certificate, tls.key) if name)
        raise ConnectionFailed(f"{files}: {_text_of(error)}", Failure.TLS_FILES) from error
    return context


def shake_hands(host: str, port: int, context: ssl.SSLContext, timeout: float) -> float | None:
    """Connect and disconnect; return when the broker's certificate ends, in Unix time.

    Raises:
        ConnectionFailed: it did not succeed.
    """
    try:
        plain = socket.create_connection((host, port), timeout)
    except (OSError, ValueError) as error:
        raise of_tcp(error) from error
    try:
        with plain, context.wrap_socket(plain, server_hostname=host) as secure:
            end = (secure.getpeercert() or {}).get("notAfter")
    except ssl.SSLCertVerificationError as error:
        raise ConnectionFailed(error.verify_message, Failure.TLS_CERTIFICATE) from error
    except (OSError, ValueError) as error:
        alert = isinstance(error, ssl.SSLError) and error.reason and "ALERT" in error.reason
        raise ConnectionFailed(_text_of(error), Failure.TLS_REFUSED if alert else Failure.TLS_NONE) from error
    return ssl.cert_time_to_seconds(end) if isinstance(end, str) else None


def _text_of(error: Exception) -> str:
    """Return what an error says, for people."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)
