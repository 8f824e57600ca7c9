"""Findings about a database that does not accept the connection."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.check.findings import Finding, Texts
from common.database.mariadb import DatabaseConfig
from common.errors import DatabaseError
from common.machine.deployment import Commands, Deployment, here
from common.settings.config import LOCALHOST
from common.settings.language import tr

_ABSENT, _TLS = "database_2003", "database_tls"
_CODES = [f"database_{code}" for code in (1045, 1698, 1044, 1049, 1130, 2013, 2003)]  # the server's, of errors
_TEXTS = Texts(Path(__file__).with_name("findings.yaml"))
_ACCOUNT = re.compile(r"'[^'@]+'@'[^']+'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Where a database is, and why there is no connection, if there is none."""

    where: str
    user: str
    name: str
    local: bool = True  # the server is on this machine
    error: str = ""
    code: int = 0  # of the error; 0: it is not the server's


def address(config: DatabaseConfig) -> str:
    """Return where the first host is."""
    return config.unix_socket or f"{config.host[0]}:{config.port}"


def is_local(config: DatabaseConfig) -> bool:
    """Return whether the first host is this machine."""
    return bool(config.unix_socket) or config.host[0] in LOCALHOST


def error_code(error: DatabaseError) -> int:
    """Return the server's number of an error, or 0."""
    arguments = error.__cause__.args if error.__cause__ else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def refusal_of(config: DatabaseConfig, error: DatabaseError) -> Refusal:
    """Return the facts of a failed connection."""
    return Refusal(
        where=address(config),
        user=config.user,
        name=config.name,
        local=is_local(config),
        error=str(error),
        code=error_code(error),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a program needs of a database: its account in compose.yaml, that account's rights, and how to make it."""

    program: str
    account: str
    rights: Sequence[str]
    page: str = "docs/database.md"


def diagnose_refusal(facts: Refusal, needs: Needs) -> Finding:
    """Turn it into a finding."""
    commands, key = here(needs.program), _key(facts)
    bundled = commands.deployment is Deployment.COMPOSE and facts.where.startswith("mariadb:")
    if key == _ABSENT and (facts.local or bundled):
        key = "database_start"
    seen = _ACCOUNT.search(facts.error)  # as the server names it: it sees an address that we do not know
    account = seen[0] if seen else f"'{facts.user}'@'{'localhost' if facts.local else 'ADDRESS OF THIS MACHINE'}'"
    return _TEXTS.finding(
        key,
        where=facts.where,
        user=facts.user,
        name=facts.name,
        page=needs.page,
        reason=_TEXTS.translated(_reason(facts.error, _key(facts))),
        account=account,
        grant=grant(facts.name, account, needs.rights),
        admin=commands.sql(),
        start_database=commands.start("mariadb"),
        restart_database=commands.restart("mariadb"),
        set_password=_password_setting(commands, needs),
        set_host=commands.setting("database.host"),
        set_port=commands.setting("database.port"),
        set_name=commands.setting("database.name"),
        set_user=commands.setting("database.user"),
    )


def _key(facts: Refusal) -> str:
    """Return the text for what the server said."""
    if "[SSL" in facts.error:
        return _TLS
    key = _ABSENT if facts.code == 2002 else f"database_{facts.code}"
    other = "database_password_file" if "password_file" in facts.error else "database_other"
    return key if key in _CODES else other


def _reason(error: str, key: str) -> str:
    """Return what an error says of why, without what is around it."""
    if key == _ABSENT and "refused" in error:
        return tr("nothing listens there", "rien n’y écoute")
    patterns = {_TLS: r"\[SSL[^]]*\] ?([^()]+)", _ABSENT: r"\(\[?(?:Errno -?\d+\]?)? ?([^()]+)\)"}
    match = re.search(patterns[key], error) if key in patterns else None
    return match[1].strip() if match else error


def grant(name: str, account: str, rights: Sequence[str]) -> str:
    """Write the statement that gives rights on a database.

    >>> grant("teleinfodb", "'teleinfo'@'%'", ["SELECT"])
    "GRANT SELECT ON teleinfodb.* TO 'teleinfo'@'%';"
    """
    return f"GRANT {', '.join(rights)} ON {name}.* TO {account};"


def _password_setting(commands: Commands, needs: Needs) -> str:
    """Return where the password is set."""
    if commands.deployment in (Deployment.APP, Deployment.IMAGE):  # they set it at each start
        return commands.restart("teleinfo-storer")
    if commands.deployment is Deployment.COMPOSE:
        return f"docker compose run --rm setup password {needs.account}"
    return "database.password_file"
