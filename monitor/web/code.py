"""The code that opens the page while it has no password: six digits, in the log and on request.

It is kept in the state folder, too, so that `teleinfo-monitor password --code`, a process of its own, can make one that
the running monitor takes at once.
"""

import hmac
import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from common.machine.files import replace_file
from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason

log = logging.getLogger(__name__)

VALID = 86400.0  # seconds
MOST_WRONG = 10  # then there is another one
NAME = "code.json"
_DIGITS = 6


def new_code() -> str:
    """Return a code, as people read it: 4821-93."""
    digits = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    return f"{digits[:4]}-{digits[4:]}"


def write_code(folder: Path, code: str, made: float) -> None:
    """Write a code, made at a Unix time, for the running monitor.

    Raises:
        OSError: it cannot be written.
    """
    owner = folder.stat() if os.geteuid() == 0 else None  # a command of root: it is the monitor's all the same
    content = json.dumps({"code": code, "made": made}).encode()
    replace_file(folder / NAME, content, mode=0o600, owner=owner)


class LoginCode:
    """The code that is valid now, if any; any thread may call any of it."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Begin without one; `announce` is called with each one that is made here, `clock` is Unix time."""
        self._folder = folder
        self._clock = clock
        self._announce = announce
        self._lock = threading.Lock()
        self._code: str | None = None
        self._made = 0.0
        self._wrong = 0
        self._known: int | None = None  # of the file: when it was changed last
        self._changes = ChangeLogger(log)

    def renew(self) -> None:
        """Make one if there is none, or if it is too old; called each second while the page has no password."""
        with self._lock:
            self._look()
            if self._code is None or not 0 <= self._clock() - self._made < VALID:
                self._make()

    def accepts(self, attempt: str) -> bool:
        """Tell whether this is the code; a wrong one counts."""
        with self._lock:
            self._look()
            if self._code is None or not 0 <= self._clock() - self._made < VALID:
                return False
            if hmac.compare_digest(re.sub(r"\D", "", attempt).encode(), self._code.replace("-", "").encode()):
                self._wrong = 0
                return True
            self._wrong += 1
            if self._wrong >= MOST_WRONG:
                self._make()
            return False

    def end(self) -> None:
        """Forget it: the page has a password."""
        with self._lock:
            if self._code is not None:
                self._code = None
                (self._folder / NAME).unlink(missing_ok=True)

    def _make(self) -> None:
        self._code, self._made, self._wrong = new_code(), self._clock(), 0
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_code(self._folder, self._code, self._made)
        except OSError as error:
            text = f"state: {self._folder} cannot be written: {reason(error)}; no password can be set"
            self._changes.log(logging.WARNING, text)
        self._known = self._changed_at()
        self._announce(self._code)

    def _look(self) -> None:
        """Take the code that a command made meanwhile."""
        changed = self._changed_at()
        if self._code is None or changed is None or changed == self._known:
            return
        self._known = changed
        try:
            found = json.loads((self._folder / NAME).read_bytes())
        except (OSError, ValueError):
            return
        match found:
            case {"code": str(code), "made": int(made) | float(made)} if re.fullmatch(r"\d{4}-\d\d", code):
                self._code, self._made, self._wrong = code, made, 0

    def _changed_at(self) -> int | None:
        try:
            return (self._folder / NAME).stat().st_mtime_ns
        except OSError:
            return None
