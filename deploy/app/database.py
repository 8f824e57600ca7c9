"""Starts the app's own database server; a new one takes over the backup in /data/backup before.

Of the dumps there, a backup of Home Assistant takes the newest only, in a folder of its own (config.yaml leaves the
others out), and the files of months.

A new data directory gets its name when it is complete: what was interrupted is done again.
"""

import contextlib
import logging
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.app import configuration
from deploy.app.configuration import SOCKET
from deploy.app.prepare import DATA, RUN, USERS, give_folder

log = logging.getLogger(__name__)

FOLDER = DATA / "databases"
BACKUP = Path(configuration.BACKUP)
NEWEST = BACKUP / "newest"
_NEW = DATA / "databases.new"
_DAMAGED = DATA / "backup.damaged"
_SETTINGS = Path(__file__).with_name("mariadb.cnf")
_PRIVATE_SOCKET = "/run/mysqld/private.sock"
_START_TIMEOUT = 600.0  # seconds; it may have to recover
_AS_MYSQL = ("setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups")
_DUMPS = "*.sql.gz"
_VERSION = re.compile(r"Ver (\S+?-MariaDB)")


def run_database() -> None:
    """Make this process the server.

    Raises:
        CalledProcessError: a program has failed, and has said why.
    """
    shutil.rmtree(_NEW, ignore_errors=True)
    if not FOLDER.exists():
        _create()
    elif _is_of_another_series():
        _upgrade()
    os.execvp("setpriv", [*_AS_MYSQL, *_server(FOLDER, SOCKET)])  # noqa: S606 - s6 watches this process


def _create() -> None:
    log.info("Creating the database")
    _NEW.mkdir(mode=0o700)
    shutil.chown(_NEW, "mysql", "mysql")
    _run(
        "mariadb-install-db", f"--defaults-file={_SETTINGS}", f"--datadir={_NEW}", "--user=mysql", "--skip-test-db",
        "--auth-root-authentication-method=socket", "--auth-root-socket-user=root",
    )  # fmt: skip
    for dump in NEWEST.glob(_DUMPS):
        dump.replace(BACKUP / dump.name)
    if any(BACKUP.glob("*.gz")) and _is_usable():
        log.info("Restoring the backup; meanwhile the meter is read, and its frames are kept")
        with _private_server(_NEW):
            log.info("%s", _storer("restore", "--partial", "--config", str(_restore_config()), str(BACKUP)))
    _upgraded(_NEW).write_text(_version())
    os.sync()
    _NEW.rename(FOLDER)
    os.sync()


def _is_usable() -> bool:
    """Check the backup; one without a whole dump is put aside: frames are to be stored. Months may be missing."""
    try:
        _storer("restore", "--check", "--partial", str(BACKUP))
    except subprocess.CalledProcessError as error:
        if error.returncode < 0:
            raise  # killed: that says nothing of the backup
        log.error("The database begins empty; the damaged backup is kept in %s", _DAMAGED)
        shutil.rmtree(_DAMAGED, ignore_errors=True)
        BACKUP.rename(_DAMAGED)
        give_folder("storer", BACKUP)
        return False
    return True


def keep_newest() -> bool:
    """Put the newest dump where Home Assistant takes it from; return whether it is another one than before."""
    dump = max(BACKUP.glob(_DUMPS), default=None)
    if dump is None or (NEWEST / dump.name).exists():
        return False
    shutil.rmtree(NEWEST, ignore_errors=True)
    NEWEST.mkdir(mode=0o700)
    (NEWEST / dump.name).hardlink_to(dump)
    return True


def _restore_config() -> Path:
    file = RUN / "restore.yaml"
    file.write_text(f"database: {{unix_socket: {_PRIVATE_SOCKET}}}\n")
    return file


def _upgrade() -> None:
    """Bring the server's own tables to its version; if that fails, the server works with those of before."""
    log.info("Upgrading the database to this version of MariaDB")
    with contextlib.suppress(subprocess.CalledProcessError), _private_server(FOLDER):
        _run("mariadb-upgrade", f"--socket={_PRIVATE_SOCKET}", "--silent")


def _is_of_another_series() -> bool:
    """Tell whether the server's own tables are of 11.4 for a server 11.8, or so; mariadb-upgrade looks at no more."""
    noted = _upgraded(FOLDER)
    return not noted.exists() or noted.read_text().split(".")[:2] != _version().split(".")[:2]


def _upgraded(folder: Path) -> Path:
    """Return the file in which mariadb-upgrade notes the version of the server's own tables."""
    return folder / "mariadb_upgrade_info"


def _version() -> str:
    """Return the server's version as mariadb-upgrade notes it, such as 11.8.9-MariaDB."""
    said = subprocess.run(("mariadbd", "--version"), check=True, capture_output=True, text=True).stdout
    match = _VERSION.search(said)
    return match[1] if match else ""


@contextlib.contextmanager
def _private_server(folder: Path) -> Iterator[None]:
    """Run a server that no program knows, until it answers; stop it at the end. It ends with this process."""
    server = subprocess.Popen((*_AS_MYSQL, "--pdeathsig=KILL", *_server(folder, _PRIVATE_SOCKET)))
    try:
        _wait_until_ready(server)
        yield
    finally:
        server.terminate()
        server.wait()


def _wait_until_ready(server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_TIMEOUT
    ready = ("mariadb", f"--socket={_PRIVATE_SOCKET}", "--execute", "DO 0")
    while subprocess.run(ready, capture_output=True, check=False).returncode:
        if server.poll() is not None or time.monotonic() > end:
            raise subprocess.CalledProcessError(1, "mariadbd")
        time.sleep(0.2)


def _server(folder: Path, socket: str) -> tuple[str, ...]:
    accounts = RUN / "accounts.sql"
    places = (f"--datadir={folder}", f"--socket={socket}", f"--init-file={accounts}")
    return ("mariadbd", f"--defaults-file={_SETTINGS}", *places)


def _storer(*arguments: str) -> str:
    return _run("s6-setuidgid", USERS["storer"], "teleinfo-storer", *arguments)


def _run(*command: str) -> str:
    """Run a program; return its output, which is shown if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    output = done.stdout.strip()
    if done.returncode:
        log.error("%s", output or f"{command[0]} has failed")
        raise subprocess.CalledProcessError(done.returncode, command[0])
    return output
