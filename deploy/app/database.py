"""Starts the app's own database server; a new one takes over the backup in /data/backup before.

A new data directory gets its name when it is complete: what was interrupted is done again.
"""

import contextlib
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.app.configuration import SOCKET
from deploy.app.prepare import DATA, RUN, USERS

log = logging.getLogger(__name__)

FOLDER = DATA / "databases"
BACKUP = DATA / "backup"
_NEW = DATA / "databases.new"
_SETTINGS = Path(__file__).with_name("mariadb.cnf")
_PRIVATE_SOCKET = "/run/mysqld/private.sock"
_START_TIMEOUT = 300.0  # seconds; it may have to recover
#: It ends with us, as whom s6 starts again.
_AS_MYSQL = ("setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups", "--pdeathsig=KILL")


def run_database() -> None:
    """Make this process the server.

    Raises:
        CalledProcessError: a program has failed, and has said why.
    """
    shutil.rmtree(_NEW, ignore_errors=True)
    if not FOLDER.exists():
        _create()
    elif _is_of_another_version():
        log.info("Upgrading the database to this version of MariaDB")
        with _private_server(FOLDER):
            _run("mariadb-upgrade", f"--socket={_PRIVATE_SOCKET}", "--silent")
    os.execvp("setpriv", [*_AS_MYSQL[:-1], *_server(FOLDER, SOCKET)])


def _create() -> None:
    log.info("Creating the database")
    _NEW.mkdir(mode=0o700)
    shutil.chown(_NEW, "mysql", "mysql")
    _run(
        "mariadb-install-db", f"--defaults-file={_SETTINGS}", f"--datadir={_NEW}", "--user=mysql", "--skip-test-db",
        "--auth-root-authentication-method=socket", "--auth-root-socket-user=root", "--skip-log-bin",
    )  # fmt: skip
    if any(BACKUP.glob("*.jsonl.gz")):
        log.info("Restoring the backup in %s; meanwhile the meter is read, and its frames are kept", BACKUP)
        with _private_server(_NEW):
            _restore()
    os.sync()
    _NEW.rename(FOLDER)


def _restore() -> None:
    file = RUN / "restore.yaml"
    file.write_text(f"database: {{unix_socket: {_PRIVATE_SOCKET}}}\n")
    _run("s6-setuidgid", USERS["storer"], "teleinfo-storer", "restore", "--config", str(file), str(BACKUP))


def _is_of_another_version() -> bool:
    """Compare the version that the tables are of with the server's."""
    written = FOLDER / "mariadb_upgrade_info"
    if not written.exists():
        return True
    server = subprocess.run(("mariadbd", "--version"), check=True, capture_output=True, text=True).stdout
    return f"Ver {written.read_text().strip(chr(0)).strip()} " not in server.replace("-", " ", 1) + " "


@contextlib.contextmanager
def _private_server(folder: Path) -> Iterator[None]:
    """Run a server that nobody else can reach, until it answers; stop it at the end."""
    server = subprocess.Popen((*_AS_MYSQL, *_server(folder, _PRIVATE_SOCKET)))
    try:
        _wait_until_ready(server)
        yield
    finally:
        server.terminate()
        code = server.wait()
    if code:
        raise subprocess.CalledProcessError(code, "mariadbd")


def _wait_until_ready(server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_TIMEOUT
    ready = ("mariadb", f"--socket={_PRIVATE_SOCKET}", "--silent", "--execute", "DO 0")
    while subprocess.run(ready, capture_output=True, check=False).returncode:
        if server.poll() is not None or time.monotonic() > end:
            raise subprocess.CalledProcessError(server.returncode or 1, "mariadbd")
        time.sleep(0.2)


def _server(folder: Path, socket: str) -> tuple[str, ...]:
    accounts = RUN / "accounts.sql"
    return ("mariadbd", f"--defaults-file={_SETTINGS}", f"--datadir={folder}", f"--socket={socket}", f"--init-file={accounts}")


def _run(*command: str) -> None:
    """Run a program; its output is shown only if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        log.error("%s: %s", command[0], done.stdout.strip())
        raise subprocess.CalledProcessError(done.returncode, command[0])
