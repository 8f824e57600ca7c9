"""Private servers: those of the demo, which fail as a test wants; with accounts, access rules and several hosts."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from common.settings import config
from demo import servers
from demo.servers import HOST, STOPPED_WITHIN, InstanceError, Server, die_with, find_program, free_port

__all__ = ["HOST", "STOPPED_WITHIN", "InstanceError", "die_with", "find_program", "free_port"]

PASSWORD = "not-the-real-one"
#: A kill of the server loses nothing with 2; only a power cut of the machine would.
FAST_DATABASE = ("--innodb-flush-log-at-trx-commit=2",)
#: Nothing is synced to the disk: tables are made in half of the time. A kill of the server still loses nothing.
UNSYNCED_DATABASE = (*FAST_DATABASE, "--debug-no-sync")
READER_RULES = """
topic write teleinfo/+/frame
topic write teleinfo/+/replay
topic write teleinfo/+/tally
topic write teleinfo/+/state
topic write teleinfo/+/link
topic read teleinfo/+/link
topic read teleinfo/+/stored
topic read teleinfo/storer/+/status
topic readwrite teleinfo/reader/+/status
topic readwrite teleinfo/reader/+/health
topic readwrite teleinfo/reader/+/ports
topic readwrite homeassistant/device/+/config
topic read homeassistant/status
"""
STORER_RULES = """
topic read teleinfo/+/frame
topic read teleinfo/+/replay
topic read teleinfo/+/tally
topic read teleinfo/+/link
topic read teleinfo/reader/+/status
topic write teleinfo/+/stored
topic write teleinfo/rejected
topic readwrite teleinfo/storer/+/status
topic readwrite teleinfo/storer/+/health
"""


class FaultyServer(Server):
    """What can happen to a server."""

    def restart(self) -> None:
        """Stop the server and start it again, on the same port and with the same data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Make the server hang: connections stay open, nothing is answered."""
        process = self._running()
        process.send_signal(signal.SIGSTOP)
        # WNOWAIT leaves the exit status to Popen
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Resume a paused server."""
        self._running().send_signal(signal.SIGCONT)


class Broker(servers.Broker, FaultyServer):
    """A private mosquitto; any client on this machine may connect."""


class Database(servers.Database, FaultyServer):
    """A private MariaDB with a database, and a user with the rights of the storer."""

    def sql(self, statement: str) -> str:
        """Run SQL as the server's administrator, with times in UTC, whatever the time zone of this machine."""
        return super().sql(f"SET time_zone = '+00:00';\n{statement}")

    def create_database(self) -> None:
        """Drop the database and create it and its user again."""
        self.sql(f"DROP DATABASE IF EXISTS {self.name};\n{self.account_sql('storer.sql', self.password)}")


def careful_broker(folder: Path, *, reader: str = READER_RULES, storer: str = STORER_RULES, extra: str = "") -> Broker:
    """Make a broker with the accounts `reader`, `storer` and `everybody` (no restrictions); start it with `with`."""
    folder.mkdir(parents=True, exist_ok=True)
    passwords, rules = folder / "passwords", folder / "rules"
    for file in (passwords, rules):
        file.touch(mode=0o600)
    for user in ("reader", "storer", "everybody"):
        command = ["mosquitto_passwd", "-b", str(passwords), user, PASSWORD]
        subprocess.run(command, check=True, capture_output=True)
    rules.write_text(f"user reader{reader}\nuser storer{storer}\nuser everybody\ntopic readwrite #\n")
    lines = ["allow_anonymous false", f"password_file {passwords}", f"acl_file {rules}", extra]
    return Broker(folder, config="\n".join(lines))


def account(broker: Broker, user: str | None, **changes: object) -> config.Broker:
    """Return the settings that connect to the broker with one of its accounts; None: without one."""
    settings = {"host": broker.host, "port": broker.port, "username": user, "password": PASSWORD if user else None}
    return config.Broker(**settings | changes)  # type: ignore[arg-type]


def database_at(address: str, folder: Path, port: int, password: str) -> Database:
    """Prepare a database server at another address of this machine: another host, to the storer."""
    folder.mkdir(parents=True)
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(password + "\n")
    database = Database(folder, port=port, options=[*FAST_DATABASE, f"--bind-address={address}"])
    database.host = address
    return database


def save_data(database: Database, copy: Path) -> None:
    """Copy the files of a database; the server is stopped for a moment."""
    database.stop()
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(database.folder / "data", copy)
    database.start()


def restore_data(database: Database, copy: Path) -> None:
    """Put the files of a database back from a copy; the server is killed first, its clients notice nothing else."""
    if database.process is not None:
        database.kill()
    shutil.rmtree(database.folder / "data", ignore_errors=True)
    shutil.copytree(copy, database.folder / "data")
    database.start()


def waiting_for_rows(database: Database) -> int:
    """Return how many transactions wait for a lock of a row.

    By the server's counter: information_schema.innodb_trx and innodb_lock_waits show a picture that is not made anew
    while somebody looks more often than ten times a second.
    """
    return int(database.sql("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'").split()[1])
