"""Writes what the programs read, for their users; all of it can be repeated after a kill at any moment."""

import json
import logging
import os
import pwd
import secrets
import shutil
from pathlib import Path
from typing import Any

from common.database.mariadb import Database, DatabaseConfig
from common.errors import ConfigError, DatabaseError
from common.machine.host import Host
from common.settings.config import host_names
from common.settings.yaml_file import read_yaml
from deploy import page_password
from deploy.app import configuration
from deploy.app.configuration import Known
from deploy.app.options import Options, read_options
from deploy.app.supervisor import Answers, Supervisor, read_answers
from deploy.database_accounts import account_sql
from deploy.files import write
from deploy.serial_ports import port_groups
from reader.line.port_list import ports

log = logging.getLogger(__name__)

DATA = Path("/data")
RUN = Path(configuration.FOLDER)
SERVICES = Path("/run/service")
ANSWERS = DATA / "answers.json"
#: The users of the programs; at the database, storer and monitor have accounts of the same names.
USERS = {"reader": "teleinfo-reader", "storer": "teleinfo", "monitor": "teleinfo-monitor"}
#: The owner's own file; what it says of the household, `take-over` brings into the database.
_OWN = Path("/config/monitor.yaml")
_SQL = Path(__file__).resolve().parents[2] / "mariadb"
_ACCOUNTS = ("storer", "monitor")  # programs that have one, and files of SQL
_SERVICES = Path(__file__).with_name("services")
_SERVICES_OF_BOTH = {"reader", "storer", "monitor", "mariadb"}
_SERVICES_ALONE = Path(__file__).resolve().parents[1] / "image" / "services"
_NO_BROKER = (
    "No MQTT broker: frames are kept here until there is one. Install the app Mosquitto broker (Settings, Apps) and"
    " start it, or name your own broker in this app's option mqtt"
)


def know(answers: Answers, options: Options) -> Known:
    """Put together what the files are made of."""
    passwords = (
        {} if options.internal else {program: own_secret(f"{program}.database-password") for program in _ACCOUNTS}
    )
    return Known(options, answers, os.environ.get("TZ", ""), passwords, _own_zone())


def prepare() -> tuple[Known, Known]:
    """Ask the Supervisor, and write all files; return what was known before, and what is known now.

    The answers are to be kept with `keep` once the programs use them: what was interrupted before is done again.

    Raises:
        ConfigError: the options cannot be read.
    """
    file = DATA / "options.json"
    try:
        options = read_options(file)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    options = without_bad_broker(options)
    kept = read_answers(ANSWERS)
    before = know(kept, options)
    answers = Supervisor().answers(kept, database=not options.internal)
    known = before._replace(answers=_with_accounts(before._replace(answers=answers)))
    RUN.mkdir(mode=0o755, exist_ok=True)
    _write_page_password(options)
    write_files(known)
    write(RUN / "household.yaml", f"language: {configuration.language(known)}\n")
    write(RUN / "app.json", json.dumps(configuration.state(known, ports(Host()))), group=_user("monitor").pw_gid)
    return before, known


def without_bad_broker(options: Options) -> Options:
    """Leave out a broker that no program would accept: the page must start, to say so."""
    try:
        host_names(options.mqtt.get("host", "none"))
    except ValueError as error:
        log.error("The option mqtt.host is not used: %s", error)
        return options._replace(mqtt={})
    return options


def keep(known: Known) -> None:
    """Keep the Supervisor's answers."""
    write(ANSWERS, json.dumps(known.answers))


def prepare_container(known: Known) -> None:
    """Make the folders of the programs, and those of s6, at the start of the container."""
    options = known.options
    works = Path(configuration.STORER_WORKS)
    works.unlink(missing_ok=True)
    for program, folder in (
        ("storer", works.parent),
        ("reader", Path(known.journal)),
        ("reader", Path(configuration.SPOOL)),
        ("storer", Path(configuration.BACKUP)),
        ("monitor", Path(configuration.SESSIONS)),
    ):
        give_folder(program, folder)
    socket = Path(configuration.SOCKET)
    socket.parent.mkdir(exist_ok=True)
    socket.unlink(missing_ok=True)  # of a server that was killed: the programs start when there is a new one
    shutil.chown(socket.parent, "mysql", "mysql")
    statements = (account_sql((_SQL / f"{program}.sql").read_text(), None, "localhost") for program in _ACCOUNTS)
    write(RUN / "accounts.sql", "".join(statements), group=pwd.getpwnam("mysql").pw_gid)
    named = [Path(port) for port in (*options.ports, *ports(Host()))]
    groups = port_groups(Path("/dev")) | {port.stat().st_gid for port in named if port.exists()}
    groups = groups - {0} | {_user("reader").pw_gid}
    write(RUN / "reader.groups", ",".join(map(str, sorted(groups))))
    shutil.rmtree(SERVICES, ignore_errors=True)
    shutil.copytree(_SERVICES, SERVICES, symlinks=True)
    if known.alone is not None:
        for service in {folder.name for folder in SERVICES.glob("[!.]*")} - _SERVICES_OF_BOTH:
            shutil.rmtree(SERVICES / service)
        shutil.copytree(_SERVICES_ALONE, SERVICES, symlinks=True, dirs_exist_ok=True)
    if not options.internal:
        (SERVICES / "mariadb" / "down").touch()


def give_folder(program: str, folder: Path) -> None:
    """Give a folder to a program, with all that is in it: a backup may have come from another machine."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, _user(program).pw_uid, _user(program).pw_gid, follow_symlinks=False)


def explain(known: Known) -> None:
    """Log what the owner should do."""
    if configuration.broker_of(known) == "none":
        log.warning(_NO_BROKER)
    if known.options.password is not None and len(known.options.password) < page_password.SHORTEST:
        log.warning(
            "The option password is too short: %d characters or more; until then nobody can log in on port 8080",
            page_password.SHORTEST,
        )


def _with_accounts(known: Known) -> Answers:
    """Make our accounts with that of the service, which the programs never use; note for which server they are."""
    service = known.answers.get("mysql")
    if known.options.internal or not service:
        return known.answers
    server = DatabaseConfig(
        host=(service["host"],), port=service["port"], user=service["username"], password=service["password"],
        name="information_schema",
    )  # fmt: skip
    try:
        connection = Database(server).connect()
        for program in _ACCOUNTS:
            sql = (_SQL / f"{program}.sql").read_text()
            for statement in account_sql(sql, known.passwords[program], "%").splitlines():
                connection.execute(statement)
        connection.close()
    except DatabaseError as error:
        log.warning("Our accounts at the app MariaDB could not be made: %s; trying again", error)
        return known.answers
    return {**known.answers, "accounts": service}


def write_files(known: Known) -> None:
    """Write the files of the programs."""
    for program, files in configuration.files(known).items():
        for name, content in files.items():
            write(RUN / name, content, group=_user(program).pw_gid)


def _write_page_password(options: Options) -> None:
    """Write the hash of the page's password; it is kept, because a new one would end all sessions."""
    password = options.password or ""
    if len(password) < page_password.SHORTEST:
        password = own_secret("page-password")
    kept = DATA / "secrets" / "page-password-hash"
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    hashed = page_password.password_file(password, kept.read_text() if kept.exists() else "")
    write(kept, hashed)
    write(RUN / "page-password", hashed, group=_user("monitor").pw_gid)


def own_secret(name: str) -> str:
    """Return a password; it is made when it is first needed."""
    file = DATA / "secrets" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    if not file.exists():
        write(file, secrets.token_urlsafe(24) + "\n")
    return file.read_text().rstrip("\n")


def _own_zone() -> Any:
    """Return the time zone of the owner's file; one that cannot be read has none."""
    if not _OWN.exists():
        return None
    try:
        own = read_yaml(_OWN)
    except ConfigError as error:
        log.error("%s", error)
        return None
    return own.get("time_zone") if isinstance(own, dict) else None


def _user(program: str) -> pwd.struct_passwd:
    return pwd.getpwnam(USERS[program])
