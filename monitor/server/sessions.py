"""Sessions: a password opens one, a signed cookie keeps it. Nothing is stored."""

import hashlib
import hmac
import logging
import re
import threading
from pathlib import Path

from common.errors import NotReady
from common.file_errors import reason

log = logging.getLogger(__name__)

LIFETIME = 90 * 86400  # seconds after the last visit
RENEW_AFTER = 86400
_SALT = b"teleinfo-monitor session 1"
_TOKEN = re.compile(r"1\.([0-9]{1,12})\.([0-9a-f]{64})")


class Password:
    """The password of the page, as its file has it now.

    Cookies are signed with a key that is derived from it by scrypt: so a restart ends no session, a changed password
    ends all of them, and the program needs no place to write to. A password is checked by deriving its key, too, and
    comparing keys in constant time.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()  # scrypt takes 16 MB: one at a time
        self._known: tuple[str, bytes] | None = None

    def key(self) -> bytes:
        """Return the key of sessions; it takes 0.1 s and more when the password is new.

        Raises:
            NotReady: the file cannot be read, or is empty.
        """
        text = self._read()
        with self._lock:
            if self._known is None or self._known[0] != text:
                self._known = (text, _derived(text))
            return self._known[1]

    def known_key(self) -> bytes | None:
        """Return the key if that takes no time, else None.

        Raises:
            NotReady: the file cannot be read, or is empty.
        """
        text, known = self._read(), self._known
        return known[1] if known is not None and known[0] == text else None

    def matches(self, attempt: str) -> bool:
        """Tell whether this is the password; it takes 0.1 s and more.

        Raises:
            NotReady: the file cannot be read, or is empty.
        """
        key = self.key()
        with self._lock:
            return hmac.compare_digest(_derived(attempt), key)

    def _read(self) -> str:
        try:
            text = self._file.read_text(encoding="utf-8-sig").rstrip("\r\n")
        except OSError as error:
            raise NotReady(f"password_file: {self._file} cannot be read: {reason(error)}") from error
        except ValueError as error:
            raise NotReady(f"password_file: {self._file} is not UTF-8: save it again with this encoding") from error
        if not text:
            raise NotReady(f"password_file: {self._file} is empty: write a password into it")
        return text


def _derived(password: str) -> bytes:
    return hashlib.scrypt(password.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=32)


def issue(key: bytes, now: float) -> str:
    """Return the token of a new session."""
    seconds = str(int(now))
    return f"1.{seconds}.{_signature(key, seconds)}"


def age(token: str, key: bytes, now: float) -> float | None:
    """Return how many seconds ago a session was issued; None: it is none of ours, or over."""
    match = _TOKEN.fullmatch(token)
    if match is None or not hmac.compare_digest(match[2], _signature(key, match[1])):
        return None
    seconds = now - int(match[1])
    # A clock may have been ahead for a moment, such as before the network was there.
    return max(seconds, 0.0) if seconds < LIFETIME else None


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def cookie_named(name: str, header: str) -> str:
    """Return a cookie of a request, or "" if it has none of this name."""
    for part in header.split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return ""


def set_cookie(name: str, token: str, path: str, *, secure: bool) -> str:
    """Return the header that keeps a token in a browser; an empty one removes it."""
    seconds = LIFETIME if token else 0
    return f"{name}={token}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
