"""Tries a TLS handshake with a broker, and says what is wrong with its certificate or with ours."""

import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import Any

from common.doctor.connection_failure import ConnectionFailed, Failure, of_tcp, text_of
from common.settings.config import Tls

_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH = 62, 64  # X509_V_ERR_…, of OpenSSL
_NOT_YET_VALID, _EXPIRED = 9, 10


def shake_hands(host: str, port: int, tls: Tls, timeout: float) -> float | None:
    """Connect and disconnect; return when the broker's certificate ends, in Unix time.

    Raises:
        ConnectionFailed: it did not succeed.
    """
    try:
        with _handshake(host, port, tls_context(tls), timeout) as secure:
            end = (secure.getpeercert() or {}).get("notAfter")
    except ssl.SSLCertVerificationError as error:
        failures = {_EXPIRED: Failure.TLS_EXPIRED, _NOT_YET_VALID: Failure.TLS_NOT_YET}
        failure, text = failures.get(error.verify_code, Failure.TLS_AUTHORITY), error.verify_message
        if error.verify_code in (_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH):
            failure, text = Failure.TLS_NAME, _names(host, port, tls, timeout)
        raise ConnectionFailed(text, failure) from error
    except (OSError, ValueError) as error:
        alert = isinstance(error, ssl.SSLError) and error.reason and "ALERT" in error.reason
        raise ConnectionFailed(text_of(error), Failure.TLS_REFUSED if alert else Failure.TLS_NONE) from error
    return ssl.cert_time_to_seconds(end) if isinstance(end, str) else None


def tls_context(tls: Tls, *, check_name: bool = True) -> ssl.SSLContext:
    """Return what a connection as configured is made with.

    Raises:
        ConnectionFailed: the files cannot be used.
    """
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
        raise ConnectionFailed(f"{files}: {text_of(error)}", Failure.TLS_FILES) from error
    return context


def _names(host: str, port: int, tls: Tls, timeout: float) -> str:
    """Return for which names the certificate is."""
    names: Sequence[Any] = ()
    context = tls_context(tls, check_name=False)
    with contextlib.suppress(OSError), _handshake(host, port, context, timeout) as secure:
        names = (secure.getpeercert() or {}).get("subjectAltName", ())
    return ", ".join(name for _, name in names) or "another name"


def _handshake(host: str, port: int, context: ssl.SSLContext, timeout: float) -> ssl.SSLSocket:
    try:
        plain = socket.create_connection((host, port), timeout)
    except (OSError, ValueError) as error:
        raise of_tcp(error) from error
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise
