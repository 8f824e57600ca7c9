"""Sessions: a password opens one, a cookie finds it again, and a file keeps them while the program is away."""

import hashlib
import hmac
import json
import logging
import re
import secrets
import threading
from pathlib import Path

from common.machine.files import replace_file
from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason
from common.settings.language import plural

log = logging.getLogger(__name__)

UNUSED = 90 * 86400.0  # seconds after the last visit
LONGEST = 365 * 86400.0  # seconds after the login
_SEEN_EVERY = 86400.0  # seconds; a visit is written down once a day
_MOST = 1000
_COOKIE_AGE = 400 * 86400  # seconds; browsers keep none for longer
_TOKEN = re.compile(r"([0-9A-Za-z_-]{32})\.([0-9a-f]{64})")


class Sessions:
    """All open sessions. Of a token only a digest is kept: who reads the file can enter with none of them.

    A token is signed. Whoever has one was here before, although the session may have ended: so a browser keeps its
    own limit of wrong passwords.
    """

    def __init__(self, folder: Path) -> None:
        """Read what the last run has left in the folder."""
        self._file = folder / "sessions.json"
        self._lock = threading.Lock()
        self._changes = ChangeLogger(log)
        self._key = secrets.token_bytes(32)
        self._password: str | None = None  # a digest of the line of the password that they belong to
        self._open: dict[str, list[float]] = {}  # digest of the token: when opened, when seen
        self.unsaved = True  # whether `save` has something to do
        self._read()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def belong_to(self, line: str) -> None:
        """End all sessions if the password has changed since they were opened; `line` is that of its file."""
        digest = _digest(line)
        if digest == self._password:
            return
        if self._password is not None:
            log.info("The password of the page has changed: %s ended", plural(len(self._open), "session"))
        self._open.clear()
        self._password = digest
        self.unsaved = True

    def begin(self, now: float) -> str:
        """Open a session; return its token."""
        for digest in [digest for digest, (opened, seen) in self._open.items() if _is_over(opened, seen, now)]:
            self._end(digest)
        while len(self._open) >= _MOST:
            self._end(min(self._open, key=lambda digest: self._open[digest][1]))
        name = secrets.token_urlsafe(24)
        token = f"{name}.{self._signature(name)}"
        self._open[_digest(token)] = [now, now]
        self.unsaved = True
        return token

    def find(self, token: str, now: float) -> bool:
        """Tell whether a session is open, and remember that it is used."""
        digest = _digest(token)
        if digest not in self._open:
            return False
        opened, seen = self._open[digest]
        if (over := _is_over(opened, seen, now)) is not None:
            log.info("A session has ended: %s", over)
            self._end(digest)
            return False
        if now - seen >= _SEEN_EVERY:
            self._open[digest][1] = now
            self.unsaved = True
        return True

    def end(self, token: str) -> bool:
        """End a session; return whether it was open."""
        digest = _digest(token)
        is_open = digest in self._open
        if is_open:
            self._end(digest)
        return is_open

    def end_all(self) -> int:
        """End all sessions; return how many they were."""
        count = len(self._open)
        self._open.clear()
        self.unsaved = True
        return count

    def is_ours(self, token: str) -> bool:
        """Tell whether a token was made here, for a session that may have ended."""
        match = _TOKEN.fullmatch(token)
        return match is not None and hmac.compare_digest(match[2], self._signature(match[1]))

    def save(self) -> None:
        """Write the file if something has changed; in any thread. After a failure the next change tries again."""
        with self._lock:
            if not self.unsaved:
                return
            self.unsaved = False
            text = json.dumps(
                {"key": self._key.hex(), "password": self._password, "sessions": dict(self._open)}, indent=1
            )
            try:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                replace_file(self._file, text.encode(), mode=0o600)
            except OSError as error:
                text = (
                    f"state: {self._file} cannot be written: {reason(error)}; until it can, a restart ends all sessions"
                )
                self._changes.log(logging.WARNING, text)
                return
        self._changes.reset()

    def _read(self) -> None:
        try:
            found = json.loads(self._file.read_bytes())
            key, password = bytes.fromhex(found["key"]), found["password"]
            sessions = {
                str(digest): [float(opened), float(seen)] for digest, (opened, seen) in found["sessions"].items()
            }
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("state: %s cannot be read: %s; all sessions have ended", self._file, reason(error))
            return
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("state: %s is damaged; all sessions have ended", self._file)
            return
        self._key, self._password, self._open, self.unsaved = key, password, sessions, False

    def _end(self, digest: str) -> None:
        del self._open[digest]
        self.unsaved = True

    def _signature(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()


def _is_over(opened: float, seen: float, now: float) -> str | None:
    """Return why a session is over, or None; a clock may have been ahead for a moment, before the network was there."""
    if now - opened >= LONGEST:
        return "a year after its login"
    return "not used for 90 days" if now - seen >= UNUSED else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def cookie_named(name: str, header: str) -> str:
    """Return a cookie of a request, or "" if it has none of this name."""
    for part in header.split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return ""


def set_cookie(name: str, token: str, path: str, *, secure: bool) -> str:
    """Return the header that keeps a token in a browser."""
    return f"{name}={token}; Path={path}; Max-Age={_COOKIE_AGE}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
