"""Findings about a database that does not accept the connection."""

import re
from collections.abc import Callable, Sequence
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


def diagnose_refusal(facts: Refusal, needs: Needs) -> Finding:
    """Turn it into a finding."""
    user, name, where = facts.user, facts.name, facts.where
    commands = here(needs.program)
    admin, setting = commands.sql(), commands.setting
    seen = _ACCOUNT.search(facts.error)  # as the server names it: it sees an address that we do not know
    account = seen[0] if seen else f"'{user}'@'{'localhost' if facts.local else 'ADDRESS OF THIS MACHINE'}'"
    if "[SSL" in facts.error:
        return problem(
            SUBJECT,
            f"the TLS certificate of the server at {where} is not accepted: {_after_ssl(facts.error)}",
            "set database.tls.ca to the authority that signed the certificate, and database.host to a name in it;"
            " see docs/database.md",
        )
    causes: dict[int, Callable[[], tuple[str, str]]] = {
        1045: lambda: (
            f"the server at {where} does not accept the user {user} with this password",
            f"correct {setting('database.user')} and its password{_password_setting(commands, needs)}; or as"
            f" administrator ({admin}): ALTER USER {account} IDENTIFIED BY 'the password'; if there is no such user,"
            f" see {needs.page}",
        ),
        1698: lambda: (
            f"the server at {where} does not accept the user {user} with a password",
            f"set {setting('database.user')} to an account of its own that exists, see {needs.page}",
        ),
        1044: lambda: (
            f"the user {user} has no rights on the database {name}",
            f"correct {setting('database.name')}; or as administrator ({admin}): {grant(name, account, needs.rights)}",
        ),
        1049: lambda: (
            f"there is no database {name} at {where}",
            f"as administrator ({admin}): CREATE DATABASE {name} CHARACTER SET utf8mb4;",
        ),
        1130: lambda: (
            f"the server at {where} accepts no account from this machine",
            "create an account for its address, see docs/database.md",
        ),
        2013: lambda: (
            f"{where} does not answer like a database",
            f"is {setting('database.port')} the port of MariaDB, usually 3306? If it is, restart the server:"
            f" {commands.restart('mariadb')}",
        ),
        2003: lambda: _unreachable(facts, commands),
        2002: lambda: _unreachable(facts, commands),
    }
    other = "create the file, or correct its name" if "password_file" in facts.error else "see docs/database.md"
    what, fix = causes.get(facts.code, lambda: (facts.error, other))()
    return problem(SUBJECT, what, fix)


def _unreachable(facts: Refusal, commands: Commands) -> tuple[str, str]:
    reason = "nothing listens there" if "refused" in facts.error else _between_brackets(facts.error)
    bundled = commands.deployment is Deployment.COMPOSE and facts.where.startswith("mariadb:")
    if facts.local or bundled:
        return (
            f"no server at {facts.where}: {reason}",
            f"start it: {commands.start('mariadb')}; if it is on another machine, set"
            f" {commands.setting('database.host')}",
        )
    return (
        f"no server at {facts.where}: {reason}",
        "is it running, does it accept other machines (bind-address), does a firewall block the port? See"
        " docs/database.md",
    )


def _after_ssl(text: str) -> str:
    match = re.search(r"\[SSL[^]]*\] ?([^()]+)", text)
    return match[1].strip() if match else text


def _between_brackets(text: str) -> str:
    match = re.search(r"\(\[?(?:Errno -?\d+\]?)? ?([^()]+)\)", text)
    return match[1] if match else text


def grant(name: str, account: str, rights: Sequence[str]) -> str:
    """Write the statement that gives rights on a database.

    >>> grant("teleinfodb", "'teleinfo'@'%'", ["SELECT"])
    "GRANT SELECT ON teleinfodb.* TO 'teleinfo'@'%';"
    """
    return f"GRANT {', '.join(rights)} ON {name}.* TO {account};"


def _password_setting(commands: Commands, needs: Needs) -> str:
    """Return where the password is set."""
    if commands.deployment is Deployment.APP:  # the app sets it at each start
        return f" ({commands.restart('teleinfo-storer')})"
    if commands.deployment is Deployment.COMPOSE:
        return f" (docker compose run --rm setup password {needs.account})"
    return " (database.password_file)"
