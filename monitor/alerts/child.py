"""Sends one text to one address: a process of its own, so that apprise takes no memory of the monitor.

It reads what to do as JSON from its standard input: an address is a secret, and arguments and environment are not. It
outlives a monitor that is killed, and leaves a receipt for the next one.
"""

import io
import json
import logging
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any, TextIO

NO_PACKAGE, BAD_ADDRESS, GONE = "package", "address", "gone"
TIMEOUT, CRASHED, EXPIRED, OTHER = "timeout", "crashed", "expired", "other"

_NUMBERS = (("http", re.compile(r"\berror=([1-5]\d\d)")), ("smtp", re.compile(r"\(([45]\d\d), b['\"]")))
_WORDS = {
    "host": r"Name or service not known|name resolution|No address associated|nodename nor servname",
    "refused": r"Connection refused",
    "certificate": r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
    "tls": r"\[SSL",
    "network": r"Network is unreachable|No route to host",
    TIMEOUT: r"timed? ?out",
}


def reduce(text: str) -> str:
    """Return the code of what a library reported.

    >>> reduce("Failed to send to topic 'secret': Unauthorized, error=401.")
    'http 401'
    >>> reduce("Socket Exception: (535, b'5.7.8 bad password of me@example.org')")
    'smtp 535'
    >>> reduce("HTTPSConnectionPool(host='secret', port=443): Read timed out.")
    'timeout'
    """
    for name, pattern in _NUMBERS:
        if found := pattern.search(text):
            return f"{name} {found[1]}"
    return next((code for code, pattern in _WORDS.items() if re.search(pattern, text)), OTHER)


LIMIT = 60  # seconds; a service that hangs is given up
_CONNECT, _ANSWER = 10, 40  # seconds; what is sent again after a short wait may arrive twice


def main() -> None:
    """Send, and leave a receipt."""
    signal.alarm(LIMIT)
    # systemd stops all processes of the service together: a message that has left needs its receipt.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    job = json.load(sys.stdin)
    receipt = Path(job["receipt"])
    part = receipt.with_suffix(".part")
    _write(part, None)  # before it is sent: a full disk must not hide that it was
    if (why := send(job["url"], job["title"], job["body"])) is not None:
        _write(part, why)
    part.rename(receipt)
    folder = os.open(receipt.parent, os.O_RDONLY)
    os.fsync(folder)


def _write(file: Path, why: str | None) -> None:
    with file.open("w", encoding="ascii") as stream:
        json.dump({"why": why}, stream)
        stream.flush()
        os.fsync(stream.fileno())


def send(url: str, title: str, body: str) -> str | None:
    """Send a text; return the code of what went wrong (see `failures`), None: the service took it."""
    try:
        import apprise
    except ImportError:
        return NO_PACKAGE

    reports = io.StringIO()  # apprise says nowhere else why something failed
    service = _service(url, reports)
    if service is None:
        return BAD_ADDRESS
    service.socket_connect_timeout = max(service.socket_connect_timeout, _CONNECT)
    service.socket_read_timeout = max(service.socket_read_timeout, _ANSWER)
    sender = apprise.Apprise(service, asset=service.asset)
    if sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
        return None
    return reduce(reports.getvalue())


def is_known(url: str) -> bool:
    """Tell whether apprise understands an address; nothing is sent.

    Raises:
        ImportError: apprise is not installed.
    """
    return _service(url, io.StringIO()) is not None


def _service(url: str, reports: TextIO) -> Any:
    import apprise

    log = logging.getLogger("apprise")
    log.handlers = [logging.StreamHandler(reports)]
    log.setLevel(logging.DEBUG)
    log.propagate = False  # what it logs contains the address
    program = "TeleInfo Monitor"
    in_memory = apprise.PersistentStoreMode.MEMORY
    asset = apprise.AppriseAsset(app_id=program, app_desc=program, app_url="", storage_mode=in_memory)
    return apprise.Apprise.instantiate(url, asset=asset)


if __name__ == "__main__":
    main()
