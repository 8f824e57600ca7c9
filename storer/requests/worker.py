"""The storer's thread that looks for what the page asks and for settings that changed."""

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from common.database.mariadb import Connection, Database
from common.errors import DatabaseError
from common.runtime.logs import ChangeLogger
from storer.requests import table
from storer.requests.join import join_by_itself
from storer.requests.problem import Failed
from storer.rollups.state import server_now

if TYPE_CHECKING:
    import subprocess

log = logging.getLogger(__name__)

AGAIN = 75  # the exit code of a process whose database has gone away: its request is begun again
LONGEST = 6 * 3600.0  # seconds of a request
_EVERY = 1.0  # seconds
_SETTINGS_EVERY = 10.0
_CLEAN_EVERY = 600.0
_JOIN_EVERY = 60.0
_AFTER_ERROR = 10.0
_STOP_TIMEOUT = 1.0


class RequestWorker:
    """Runs in a thread of its own; its errors never stop frames."""

    def __init__(
        self,
        database: Database,
        name: str,
        config: Path,
        stop: threading.Event,
        read_settings: Callable[[Connection], None],
    ) -> None:
        """Work for the storer `name`, whose configuration is the file `config`, until `stop` is set.

        `read_settings` is called every ten seconds.
        """
        self._database = database
        self._name = name
        self._command = [sys.executable, "-P", "-u", "-m", "storer.requests", "--config", str(config)]
        self._stop = stop
        self._read_settings = read_settings
        self._settings_due = self._clean_due = self._join_due = float("-inf")
        self._connection: Connection | None = None
        self._errors = ChangeLogger(log)
        self._thread = threading.Thread(target=self._run, name="requests", daemon=True)

    def start(self) -> None:
        """Start the thread; the tables must be there."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end of the thread, after `stop` was set; not for a statement that takes long."""
        if self._thread.ident is not None:
            self._thread.join(_STOP_TIMEOUT)

    def _run(self) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            try:
                wait = _EVERY if self._work() else _AFTER_ERROR
                if self._errors.reset():
                    log.info("Requests are carried out again")
            except Exception as error:  # noqa: BLE001 - whatever it is, frames are stored; it is tried again
                wait = _AFTER_ERROR
                text = str(error) if isinstance(error, DatabaseError) else repr(error)
                self._errors.log(logging.WARNING, f"Requests: {text}; trying again")
                self._close()
        self._close()

    def _work(self) -> bool:
        """Do what is due; return whether it went well."""
        if self._connection is None:
            self._connection = self._database.connect()
        connection, now = self._connection, server_now(self._connection)
        if time.monotonic() >= self._settings_due:
            self._settings_due = time.monotonic() + _SETTINGS_EVERY
            self._read_settings(connection)
        if time.monotonic() >= self._clean_due:
            self._clean_due = time.monotonic() + _CLEAN_EVERY
            table.clean(connection, now)
        if time.monotonic() >= self._join_due:
            self._join_due = time.monotonic() + _JOIN_EVERY
            join_by_itself(connection)
        return not table.is_due(connection, self._name, now) or self._carry_out(connection)

    def _carry_out(self, connection: Connection) -> bool:
        """Run the process for one request; return whether it ended well, whatever became of the request."""
        import subprocess  # only here: most days nothing needs it

        child = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        end = time.monotonic() + LONGEST
        while True:
            try:
                said, _ = child.communicate(timeout=_EVERY)
                break
            except subprocess.TimeoutExpired:
                if self._stop.is_set() or time.monotonic() > end:
                    self._end(child)
                    said = ""
                    break
                if time.monotonic() >= self._settings_due:
                    self._settings_due = time.monotonic() + _SETTINGS_EVERY
                    self._read_settings(connection)
        for line in said.splitlines():
            log.info("%s", line)
        if child.returncode not in (0, AGAIN) and not self._stop.is_set():
            self._fail(connection, child.returncode)
        return child.returncode == 0

    def _end(self, child: "subprocess.Popen[str]") -> None:
        import subprocess

        child.kill()
        if child.stdout is not None:
            child.stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_EVERY)

    def _fail(self, connection: Connection, code: int | None) -> None:
        """Note that the process has ended without a word: it is not begun again."""
        log.warning("A request ended its process (%s)", code)
        problem = Failed(
            "Cette demande a arrêté le programme qui la traitait : le fichier est-il trop grand, ou abîmé ?",
            "This request stopped the program that was at it: is the file too large, or damaged?",
        )
        sql = "SELECT id FROM requests WHERE state = 'running' AND storer = %s"
        for (number,) in connection.query(sql, (self._name,)):
            table.fail(connection, number, problem)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
