"""Writes what the programs read, for their users; all of it can be repeated after a kill at any moment."""

import json
import logging
import os
import pwd
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from common.errors import ConfigError
from common.settings.yaml_file import read_yaml
from deploy import page_password
from deploy.app import configuration
from deploy.app.options import Options, read_options
from deploy.app.supervisor import Answers, Supervisor, read_answers
from deploy.database_accounts import account_sql
from deploy.files import write
from deploy.meters import port_groups

log = logging.getLogger(__name__)

DATA = Path("/data")
RUN = Path("/run/teleinfo")
OWN = Path("/config/monitor.yaml")
TEMPLATES = Path(__file__).resolve().parents[2]  # mariadb/*.sql
SERVICES = Path("/run/service")

ANSWERS = "answers.json"
FOUND = "found.json"
#: The users of the programs; at the database, storer and monitor have accounts of the same names.
USERS = {"reader": "teleinfo-reader", "storer": "teleinfo", "monitor": "teleinfo-monitor"}
_SQL = {"storer": "mariadb/storer.sql", "monitor": "mariadb/monitor.sql"}
_NO_BROKER = (
    "No broker: frames are kept here until there is one. Install the app Mosquitto broker (Settings, Apps) and start"
    " it; or name yours in this app's option mqtt"
)


class Known(NamedTuple):
    """What the configurations are made of."""

    options: Options
    answers: Answers


def ask(environment: Mapping[str, str] = os.environ) -> Known:
    """Read the options, and ask the Supervisor; its answers are kept.

    Raises:
        ConfigError: the options cannot be read.
    """
    file = DATA / "options.json"
    try:
        options = read_options(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    kept = read_answers(DATA / ANSWERS)
    answers = Supervisor(environment).answers(kept, database=not options.internal)
    write(DATA / ANSWERS, json.dumps(answers))
    return Known(options, answers)


def prepare(known: Known, environment: Mapping[str, str] = os.environ) -> set[str]:
    """Write the files; return the programs whose files have changed."""
    options, answers = known
    RUN.mkdir(mode=0o755, exist_ok=True)
    changed = {program for program in USERS if _write_passwords(program, options, answers)}
    configurations = {
        "reader": configuration.reader(options, answers),
        "storer": configuration.storer(options, answers),
        "monitor": configuration.monitor(options, answers, _own(), environment.get("TZ", "")),
    }
    for program, content in configurations.items():
        if write(RUN / f"{program}.yaml", _json(content), group=_user(program).pw_gid):
            changed.add(program)
    if _write_page_password(options):
        changed.add("monitor")
    found = configuration.state(options, answers, read_found())
    write(RUN / "app.json", _json(found), group=_user("monitor").pw_gid)
    return changed


def prepare_folders(options: Options) -> None:
    """Make the folders of the programs and of s6, at the start of the container."""
    for program, folder in (
        ("reader", Path(configuration.JOURNAL)),
        ("reader", Path(configuration.SPOOL)),
        ("storer", DATA / "backup"),
        ("monitor", Path(configuration.SESSIONS)),
    ):
        folder.mkdir(mode=0o700, exist_ok=True)
        # A backup that was restored on another machine may have brought other owners.
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _user(program).pw_uid, _user(program).pw_gid)
    socket = Path(configuration.SOCKET).parent
    socket.mkdir(exist_ok=True)
    shutil.chown(socket, "mysql", "mysql")
    statements = (account_sql((TEMPLATES / sql).read_text(), None, "localhost") for sql in _SQL.values())
    write(RUN / "accounts.sql", "".join(statements), group=pwd.getpwnam("mysql").pw_gid)
    groups = {_user("reader").pw_gid, *port_groups(Path("/dev"))}
    groups |= {Path(port).stat().st_gid for port in options.ports if Path(port).exists()} - {0}
    write(RUN / "reader.groups", ",".join(map(str, sorted(groups))))
    shutil.rmtree(SERVICES, ignore_errors=True)
    shutil.copytree(Path(__file__).with_name("services"), SERVICES)
    if not options.ports:
        (SERVICES / "reader" / "down").touch()
    if not options.internal:
        (SERVICES / "mariadb" / "down").touch()


def read_found() -> list[Mapping[str, str]]:
    """Return what was received on the ports, the last time that we listened."""
    try:
        found: list[Mapping[str, str]] = json.loads((RUN / FOUND).read_text())
    except FileNotFoundError:
        return []
    return found


def explain(known: Known) -> None:
    """Log what the owner should do."""
    if configuration.broker_of(*known) == "none":
        log.warning(_NO_BROKER)
    if known.options.password is not None and len(known.options.password) < page_password.SHORTEST:
        log.warning(
            "Option password: it must have %d characters or more; port 8080 is closed", page_password.SHORTEST
        )


def database_password(program: str) -> str:
    """Return the password of our account at another database server; create it when there is none."""
    return _secret(f"{program}.database-password")


def _write_passwords(program: str, options: Options, answers: Answers) -> bool:
    given = {configuration.MQTT_PASSWORD: configuration.broker(options, answers).get("password")}
    if not options.internal:
        given[configuration.DATABASE_PASSWORD] = database_password(program)
    group = _user(program).pw_gid
    written = [write(Path(file.format(program)), f"{text}\n", group=group) for file, text in given.items() if text]
    return any(written)


def _write_page_password(options: Options) -> bool:
    """Write the hash of the page's password; it is kept, because a new one would end all sessions."""
    password = options.password or ""
    if len(password) < page_password.SHORTEST:
        password = _secret("page-password")
    file = DATA / "secrets" / "page-password-hash"
    existing = file.read_text() if file.exists() else ""
    write(file, hashed := page_password.password_file(password, existing))
    return write(Path(configuration.PAGE_PASSWORD), hashed, group=_user("monitor").pw_gid)


def _secret(name: str) -> str:
    file = DATA / "secrets" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    if not file.exists():
        write(file, secrets.token_urlsafe(24) + "\n")
    return file.read_text().rstrip("\n")


def _own() -> Mapping[str, Any]:
    """Return the owner's own part of monitor.yaml; one that is wrong counts as none."""
    if not OWN.exists():
        return {}
    try:
        own = read_yaml(OWN)
    except ConfigError as error:
        log.error("%s", error)
        return {}
    return own if isinstance(own, dict) else {}


def _user(program: str) -> pwd.struct_passwd:
    return pwd.getpwnam(USERS[program])


def _json(content: Any) -> str:
    """Write JSON, which is YAML, too."""
    return json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n"
