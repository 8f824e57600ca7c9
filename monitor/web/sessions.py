"""Sessions: a password opens one, a cookie finds it again, and a file keeps them while the program is away."""

import hashlib
import hmac
import json
import logging
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.machine.files import replace_file
from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason
from common.settings.language import plural

log = logging.getLogger(__name__)

UNUSED = 90 * 86400.0  # seconds after the last visit
LONGEST = 365 * 86400.0  # seconds after the login
_SAVED_EVERY = 86400.0  # seconds; a visit is written down once a day
_ID = 12  # characters
_MOST = 1000
_COOKIE_AGE = 400 * 86400  # seconds; browsers keep none for longer
_TOKEN = re.compile(r"([0-9A-Za-z_-]{32})\.([0-9a-f]{64})")


@dataclass(slots=True)
class Session:
    """An open session."""

    id: str  # the beginning of the digest of its token
    since: float  # Unix time
    seen: float
    browser: str | None  # None: of an earlier version, and not seen since
    saved: float = 0.0  # what the file says of `seen`


class Sessions:
    """All open sessions; any thread may call any of it. Of a token only a digest is kept: the file opens nothing.

    A token is signed. Whoever has one was here before, although the session may have ended: so a browser keeps its
    own limit of wrong passwords.
    """

    def __init__(self, folder: Path) -> None:
        """Read what the last run has left in the folder."""
        self._file = folder / "sessions.json"
        self._lock = threading.RLock()
        self._writing = threading.Lock()
        self._changes = ChangeLogger(log)
        self._key = secrets.token_bytes(32)
        self._password: str | None = None  # a digest of the line of the password that they belong to
        self._open: dict[str, Session] = {}  # by the digest of the token
        self.unsaved = True  # whether `save` has something to do
        self._read()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def belong_to(self, line: str, keep: str = "") -> None:
        """End all sessions if the password has changed since they were opened; that of the token `keep` goes on.

        `line` is that of the password's file; empty: there is none yet.
        """
        digest = _digest(line)
        with self._lock:
            if digest == self._password:
                return
            kept = {one: session for one, session in self._open.items() if one == _digest(keep)}
            if self._password is not None:
                ended = plural(len(self._open) - len(kept), "session")
                log.info("The password of the page has changed: %s ended", ended)
            self._open, self._password, self.unsaved = kept, digest, True

    def begin(self, now: float, browser: str | None = None) -> str:
        """Open a session; return its token."""
        with self._lock:
            for digest in [one for one, session in self._open.items() if _is_over(session, now)]:
                self._end(digest)
            while len(self._open) >= _MOST:
                self._end(min(self._open, key=lambda digest: self._open[digest].seen))
            name = secrets.token_urlsafe(24)
            token = f"{name}.{self._signature(name)}"
            digest = _digest(token)
            self._open[digest] = Session(digest[:_ID], now, now, browser, now)
            self.unsaved = True
        return token

    def find(self, token: str, now: float, browser: str | None = None) -> bool:
        """Tell whether a session is open, and remember that it is used, by which browser."""
        digest = _digest(token)
        with self._lock:
            session = self._open.get(digest)
            if session is None:
                return False
            if (over := _is_over(session, now)) is not None:
                log.info("A session has ended: %s", over)
                self._end(digest)
                return False
            session.seen, session.browser = max(session.seen, now), session.browser or browser
            if now - session.saved >= _SAVED_EVERY:
                session.saved = now
                self.unsaved = True
            return True

    def all(self, now: float) -> Sequence[Session]:
        """Return those that are open, the one that was used last first."""
        with self._lock:
            found = [session for session in self._open.values() if _is_over(session, now) is None]
        return sorted(found, key=lambda session: -session.seen)

    def id_of(self, token: str) -> str:
        """Return the id of the session that a token opens, or would open."""
        return _digest(token)[:_ID]

    def end(self, token: str) -> bool:
        """End a session; return whether it was open."""
        return self.end_id(self.id_of(token))

    def end_id(self, identifier: str) -> bool:
        """End the session that has an id; return whether it was open."""
        with self._lock:
            found = [digest for digest, session in self._open.items() if session.id == identifier]
            for digest in found:
                self._end(digest)
        return bool(found)

    def end_all(self, keep: str = "") -> int:
        """End all sessions but that of the token `keep`; return how many they were."""
        with self._lock:
            ended = [digest for digest in self._open if digest != _digest(keep)]
            for digest in ended:
                self._end(digest)
        return len(ended)

    def is_ours(self, token: str) -> bool:
        """Tell whether a token was made here, for a session that may have ended."""
        match = _TOKEN.fullmatch(token)
        return match is not None and hmac.compare_digest(match[2], self._signature(match[1]))

    def save(self) -> None:
        """Write the file if something has changed; in any thread. After a failure the next change tries again."""
        with self._writing:
            with self._lock:
                if not self.unsaved:
                    return
                self.unsaved = False
                sessions = {digest: [one.since, one.seen, one.browser] for digest, one in self._open.items()}
                document = {"key": self._key.hex(), "password": self._password, "sessions": sessions}
            text = json.dumps(document, indent=1)
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
            sessions = {str(digest): _session(digest, *values) for digest, values in found["sessions"].items()}
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


def _session(digest: str, since: float, seen: float, browser: str | None = None) -> Session:
    """Return what the file says of a session; earlier versions did not keep the browser."""
    return Session(digest[:_ID], float(since), float(seen), browser, float(seen))


def _is_over(session: Session, now: float) -> str | None:
    """Return why a session is over, or None; a clock may have been ahead for a moment, before the network was there."""
    if now - session.since >= LONGEST:
        return "a year after its login"
    return "not used for 90 days" if now - session.seen >= UNUSED else None


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
