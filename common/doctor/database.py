"""Findings about a database that does not accept the connection."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.database.mariadb import DatabaseConfig
from common.doctor.findings import Finding, problem
from common.errors import DatabaseError
from common.machine.deployment import Commands, Deployment, here
from common.settings.config import LOCALHOST

SUBJECT = "Database"
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
    """Tell whether the first host is this machine."""
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


_SSL = -1  # stands for the errors of TLS, which have several numbers
#: What is wrong, by the server's number of the error, and the fix.
_CAUSES: Mapping[int, tuple[str, str]] = {
    1045: (
        "the server at {where} does not accept the user {user} with this password",
        "correct {set_user} and its password ({set_password}); or as administrator ({admin}): ALTER USER {account}"
        " IDENTIFIED BY 'the password'; if there is no such user, see {page}",
    ),
    1698: (
        "the server at {where} does not accept the user {user} with a password",
        "set {set_user} to an account of its own that exists, see {page}",
    ),
    1044: (
        "the user {user} has no rights on the database {name}",
        "correct {set_name}; or as administrator ({admin}): {grant}",
    ),
    1049: (
        "there is no database {name} at {where}",
        "as administrator ({admin}): CREATE DATABASE {name} CHARACTER SET utf8mb4;",
    ),
    1130: (
        "the server at {where} accepts no account from this machine",
        "create an account for its address, see docs/database.md",
    ),
    2013: (
        "{where} does not answer like a database",
        "is {set_port} the port of MariaDB, usually 3306? If it is, restart the server: {restart}",
    ),
    2003: (
        "no server at {where}: {reason}",
        "is it running, does it accept other machines (bind-address), does a firewall block the port? See"
        " docs/database.md",
    ),
    _SSL: (
        "the TLS certificate of the server at {where} is not accepted: {reason}",
        "set database.tls.ca to the authority that signed the certificate, and database.host to a name in it; see"
        " docs/database.md",
    ),
}
_START = "start it: {start}; if it is on another machine, set {set_host}"


def diagnose_refusal(facts: Refusal, needs: Needs) -> Finding:
    """Turn it into a finding."""
    commands = here(needs.program)
    other = "create the file, or correct its name" if "password_file" in facts.error else "see docs/database.md"
    code = _SSL if "[SSL" in facts.error else 2003 if facts.code == 2002 else facts.code
    what, fix = _CAUSES.get(code, ("{reason}", other))
    bundled = commands.deployment is Deployment.COMPOSE and facts.where.startswith("mariadb:")
    if code == 2003 and (facts.local or bundled):
        fix = _START
    seen = _ACCOUNT.search(facts.error)  # as the server names it: it sees an address that we do not know
    account = seen[0] if seen else f"'{facts.user}'@'{'localhost' if facts.local else 'ADDRESS OF THIS MACHINE'}'"
    names = {
        "where": facts.where,
        "user": facts.user,
        "name": facts.name,
        "page": needs.page,
        "reason": _reason(facts.error, code),
        "account": account,
        "grant": grant(facts.name, account, needs.rights),
        "admin": commands.sql(),
        "start": commands.start("mariadb"),
        "restart": commands.restart("mariadb"),
        "set_password": _password_setting(commands, needs),
        **{f"set_{key}": commands.setting(f"database.{key}") for key in ("host", "port", "name", "user")},
    }
    return problem(SUBJECT, what.format_map(names), fix.format_map(names))


def _reason(error: str, code: int) -> str:
    """Return what an error says of why, without what is around it."""
    if code == 2003 and "refused" in error:
        return "nothing listens there"
    patterns = {_SSL: r"\[SSL[^]]*\] ?([^()]+)", 2003: r"\(\[?(?:Errno -?\d+\]?)? ?([^()]+)\)"}
    match = re.search(patterns[code], error) if code in patterns else None
    return match[1].strip() if match else error


def grant(name: str, account: str, rights: Sequence[str]) -> str:
    """Write the statement that gives rights on a database.

    >>> grant("teleinfodb", "'teleinfo'@'%'", ["SELECT"])
    "GRANT SELECT ON teleinfodb.* TO 'teleinfo'@'%';"
    """
    return f"GRANT {', '.join(rights)} ON {name}.* TO {account};"


def _password_setting(commands: Commands, needs: Needs) -> str:
    """Return where the password is set."""
    if commands.deployment is Deployment.APP:  # the app sets it at each start
        return commands.restart("teleinfo-storer")
    if commands.deployment is Deployment.COMPOSE:
        return f"docker compose run --rm setup password {needs.account}"
    return "database.password_file"
