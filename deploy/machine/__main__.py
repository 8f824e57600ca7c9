"""Gives the programs of the package `teleinfo` their broker and their database. All of it can be repeated.

It runs when the package is installed, when the machine starts, and when the page has made an account or named a broker.
"""

import fcntl
import grp
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.errors import ConfigError
from common.settings.yaml_file import read_yaml
from deploy.broker import access_rules, passwords_file, read_accounts, read_broker, read_untrusted
from deploy.database_accounts import account_sql
from deploy.files import write
from deploy.machine.configuration import (
    ACCOUNTS,
    BROKER,
    FOLDER,
    NAMED_PASSWORD,
    PORT,
    PROGRAMS,
    mqtt,
    own_broker,
    password_file,
    with_broker,
)

log = logging.getLogger("teleinfo-setup")

_ROOT = Path(__file__).resolve().parents[2]
_HERE = Path(__file__).resolve().parent
_BROKER = Path("/etc/mosquitto/teleinfo")
_BROKER_CONFIG = Path("/etc/mosquitto/conf.d/teleinfo.conf")
_BROKER_STATE = Path("/var/lib/mosquitto/mosquitto.db")  # written when mosquitto ends, and each half an hour
_DATABASE_CONFIG = Path("/etc/mysql/mariadb.conf.d/70-teleinfo.cnf")
_SOCKET = "/run/mysqld/mysqld.sock"
_DATABASES = Path("/var/lib/mysql")
_NOT_OTHERS = {"mysql", "performance_schema", "sys", "teleinfodb", "lost+found"}
_SYSTEMD = Path("/run/systemd/system")
#: Seconds until the files are read again: systemd does not start this a second time for what is written meanwhile.
_PAUSE = 2
_DATABASE_PASSWORDS = {"storer": f"{FOLDER}/database-password", "monitor": f"{FOLDER}/monitor-password"}


def main() -> int:
    """Set up what is missing, and apply what the page has written; return the exit code."""
    logging.basicConfig(format="teleinfo: %(message)s", level=logging.INFO)
    fcntl.flock(os.open(FOLDER, os.O_RDONLY), fcntl.LOCK_EX)  # the page may write while the package is installed
    if not any(_yaml(program).exists() for program in PROGRAMS):
        _take_broker()
        _tune_database()
    for program in PROGRAMS:
        _write_configuration(program)
    before = None
    while (now := _written()) != before:
        before = now
        _apply()
        time.sleep(_PAUSE)
    if not _make_database_accounts():
        return 1
    if _systemctl("is-failed", "teleinfo-storer"):  # MariaDB answered it before it had the account
        _systemctl("--no-block", "start", "teleinfo-storer")
    return 0


def _yaml(program: str) -> Path:
    return Path(FOLDER, f"{program}.yaml")


def _ours() -> bool:
    return _BROKER_CONFIG.exists()


def _take_broker() -> None:
    """Make Debian's mosquitto ours if it came along just now; one that had clients before is its owner's."""
    if not _is_new():
        log.info("this machine has a broker already: it is used, and the page asks for its account")
        return
    _BROKER.mkdir(mode=0o750, parents=True, exist_ok=True)
    shutil.chown(_BROKER, group="mosquitto")
    _write_accounts()
    texts = [(_ROOT / "mosquitto/common.conf").read_text(), (_HERE / "mosquitto.conf").read_text()]
    write(_BROKER_CONFIG, "\n".join(texts), group=_group("mosquitto"))
    _systemctl("restart", "mosquitto")


def _is_new() -> bool:
    """Tell whether mosquitto never ended and never was configured, and no other broker has its port."""
    checked = subprocess.run(["dpkg", "--verify", "mosquitto"], capture_output=True, text=True, check=False)
    if _BROKER_STATE.exists() or list(_BROKER_CONFIG.parent.glob("*.conf")) or "/etc/mosquitto/" in checked.stdout:
        return False
    return _systemctl("is-active", "mosquitto") or not _answers(PORT)


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _tune_database() -> None:
    """Fit MariaDB to a small machine, unless it has databases of others."""
    found = {path.name for path in _DATABASES.iterdir() if path.is_dir()} if _DATABASES.is_dir() else set()
    if _DATABASE_CONFIG.exists() or not _DATABASE_CONFIG.parent.is_dir() or found - _NOT_OTHERS:
        return
    _DATABASE_CONFIG.write_text((_ROOT / "mariadb/small-machine.cnf").read_text())
    _systemctl("restart", "mariadb")


def _write_configuration(program: str) -> None:
    """Write the YAML of a program that has none."""
    if _yaml(program).exists():
        return
    text = (_HERE / f"{program}.yaml").read_text()
    if program == "monitor":
        text += own_broker(ours=_ours())
    text = with_broker(text, mqtt(program, None, ours=_ours()))
    write(_yaml(program), text, group=_group(f"teleinfo-{program}"))


def _make_database_accounts() -> bool:
    """Make database and accounts of the programs that use MariaDB's socket; return whether it could be done."""
    statements = [
        account_sql((_ROOT / f"mariadb/{program}.sql").read_text(), _secret(file, f"teleinfo-{program}"), "localhost")
        for program, file in _DATABASE_PASSWORDS.items()
        if {"unix_socket": _SOCKET, "password_file": file}.items() <= _section(program, "database").items()
    ]
    if not statements:
        return True
    made = subprocess.run(["mariadb"], input="".join(statements), capture_output=True, text=True, check=False)
    if made.returncode and _SYSTEMD.exists():
        log.error("MariaDB does not make our accounts: %s; look: sudo systemctl status mariadb", made.stderr.strip())
    return made.returncode == 0


def _written() -> list[Any]:
    """Return what the page has written."""
    return [read_untrusted(Path(ACCOUNTS)), _named()]


def _named() -> Mapping[str, Any] | None:
    named = read_broker(Path(BROKER))
    return None if named and "${" in (named["username"] or "") else named  # YAML would put a variable in its place


def _apply() -> None:
    """Give the broker its accounts, and the programs their broker, if the owner leaves that to the page."""
    if _ours() and _write_accounts():
        _systemctl("reload", "mosquitto")
    if not _section("monitor", "own_broker"):
        return
    named = _named()
    changed = named is not None and write(
        Path(NAMED_PASSWORD), f"{named['password'] or ''}\n", group=_group("teleinfo")
    )
    restart = []
    for program in PROGRAMS:
        file = _yaml(program)
        text = with_broker(file.read_text(encoding="utf-8"), mqtt(program, named, ours=_ours()))
        if write(file, text, group=_group(f"teleinfo-{program}")) or changed:
            restart.append(f"teleinfo-{program}")
    if restart:
        # Without waiting: they start after this.
        _systemctl("--no-block", "try-restart", *restart)
        log.info("the broker is now %s", f"{named['host']}:{named['port']}" if named else "that of this machine")


def _write_accounts() -> bool:
    """Write the broker's accounts and their rights; return whether they changed."""
    added = read_accounts(read_untrusted(Path(ACCOUNTS)))
    own = {program: _secret(password_file(program), f"teleinfo-{program}") for program in PROGRAMS}
    roles = [(name, name) for name in own] + [(account.name, account.role) for account in added]
    rules = access_rules((_ROOT / "mosquitto/acl").read_text(), roles)
    group = _group("mosquitto")
    changed = write(_BROKER / "passwords", passwords_file(own, added), group=group)
    return write(_BROKER / "acl", rules, group=group) or changed


def _section(program: str, key: str) -> Mapping[str, Any]:
    """Return a section of a YAML file; of one that cannot be read, the program itself says what is wrong."""
    try:
        section = (read_yaml(_yaml(program)) or {}).get(key)
    except (ConfigError, AttributeError):
        return {}
    return section if isinstance(section, dict) else {}


def _secret(file: str, group: str) -> str:
    """Return the password in a file; it is made when it is first needed."""
    path = Path(file)
    if not path.exists():
        write(path, secrets.token_urlsafe(24) + "\n", group=_group(group))
    return path.read_text(encoding="utf-8").strip()


def _group(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _systemctl(*arguments: str) -> bool:
    """Run systemctl where systemd runs; return whether it agreed."""
    return _SYSTEMD.exists() and subprocess.run(["systemctl", "--quiet", *arguments], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
