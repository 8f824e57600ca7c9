"""What lets people and programs in: the password of the page or a code, sessions, tokens; kept in the state folder."""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from common.errors import NotReady
from common.runtime.logs import ChangeLogger
from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.web import password
from monitor.web.code import LoginCode
from monitor.web.login_throttle import LoginThrottle
from monitor.web.sessions import Sessions
from monitor.web.tokens import Tokens

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a change, as far as it matters."""

    is_guarded: bool  # a password, a proxy or Home Assistant has let it in
    ingress_user: str | None = None  # whom Home Assistant names, by id; None: it does not come from there
    session: str = ""  # the token of its session
    address: str = ""
    is_near: bool = True  # it is answered even where the home network is not


class Credentials:
    """All of it, for who serves and for what changes it; any thread may call any of it."""

    def __init__(
        self,
        config: MonitorConfig,
        clock: Callable[[], float] = time.time,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Read what the last run has left; `announce` is called with each new code, `clock` is Unix time."""
        self.file = config.page_password  # None: no password is asked
        self.is_fixed = config.password_file is not None
        self.clock = clock
        self.sessions = Sessions(config.state) if self.file is not None else None
        self.tokens = Tokens(config.state)
        self.throttle = LoginThrottle()
        self.code = LoginCode(config.state, clock, announce)
        self._lock = threading.Lock()  # of what the file says, and whose the sessions are
        self._changes = ChangeLogger(log)

    def line(self) -> str:
        """Return the hash of the password, "" while there is none; whatever it is now, sessions of another one end.

        Raises:
            NotReady: the password cannot be read.
        """
        assert self.sessions is not None
        with self._lock:
            line = self._read()
            self.sessions.belong_to(line)
        return line

    def _read(self) -> str:
        assert self.file is not None
        try:
            line = "" if self._is_missing() else password.read(self.file)
            if line and not password.is_hash(line):
                raise NotReady(password.plain(self.file))
        except NotReady as error:
            self._changes.log(logging.ERROR, f"{error}: {password.command()}")
            raise
        self._changes.reset()
        return line

    def is_password(self, attempt: str, session: str) -> bool:
        """Tell whether this is the password that is in force, as the browser of a session says it again.

        Raises:
            RequestError: it was wrong too often.
            NotReady: the password cannot be read.
        """
        now = time.monotonic()
        wait = self.throttle.begin(session, now, known=True)
        if wait:
            self.throttle.waited(session, known=True)
        if wait != 0:
            raise RequestError("many_passwords")
        if not password.matches(attempt, self.line()):
            return False
        self.throttle.succeeded(session, known=True)
        return True

    def _is_missing(self) -> bool:
        assert self.file is not None
        if self.is_fixed:
            return False
        try:
            os.stat(self.file)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False  # `password.read` says why
        return False

    def look(self) -> None:
        """Have a code as long as there is no password; called each second."""
        if self.file is None or self.is_fixed:
            return
        if self._is_missing():
            self.code.renew()
        else:
            self.code.end()

    def set_password(self, text: str, session: str) -> None:
        """Set the password; all sessions end but the one that sets it.

        Raises:
            OSError: it cannot be written; the one from before is still in force.
        """
        assert self.file is not None
        assert self.sessions is not None
        line = password.hashed(text)
        with self._lock:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            password.write(self.file, line)
            self.sessions.belong_to(line, keep=session)
        self.sessions.save()
        self.code.end()
