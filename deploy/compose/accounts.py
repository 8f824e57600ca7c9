"""The accounts at the broker, at the database and on the page, and the store of their passwords."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.files import write

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PASSWORD_BYTES = 24  # 192 bits
_LONGEST = 200


class SetupError(Exception):
    """Something that the user must correct; the message says what and how, in one line."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the broker or at the database, or the password of the page."""

    name: str
    role: str  # a section of mosquitto/acl; "sql": at the database; "page": of the web page
    note: str = ""  # for people


#: Those that always exist.
ACCOUNTS = (
    Account("reader", "reader", "the reader of compose"),
    Account("storer", "storer", "the storer of compose"),
    Account("monitor", "monitor", "the monitor of compose: reads"),
    Account("home-assistant", "home-assistant", "Home Assistant: reads, publishes its own status"),
    Account("phone", "phone", "a phone, a script: reads"),
    Account("health", "health", "the health check of mosquitto's container"),
    Account("console", "phone", "mosquitto_sub in mosquitto's container: reads"),
    Account("teleinfo", "sql", "the storer, at the database"),
    Account("teleinfo-monitor", "sql", "the monitor: reads the database"),
    Account("grafana", "sql", "Grafana, SQL: reads the database"),
    Account("page", "page", "the web page: its password"),
)
#: Those whose client id at the broker is the name of their account: see mosquitto/mosquitto.conf.
GUESTS = ("home-assistant", "phone", "device")
#: Roles of accounts that are added.
ROLES = ("reader", "storer", "monitor", *GUESTS)
#: How the client ids of programs begin.
_CLIENT_ID = "teleinfo-"


class PasswordStore:
    """A folder with a file for each password; only `setup` can read it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def accounts(self) -> list[Account]:
        """Return all accounts, those that always exist first."""
        return [*ACCOUNTS, *self._added()]

    def find(self, name: str) -> Account:
        """Return an account.

        Raises:
            SetupError: there is no account of this name.
        """
        for account in self.accounts():
            if account.name == name:
                return account
        names = ", ".join(account.name for account in self.accounts())
        raise SetupError(f"unknown account {name!r}; known: {names}")

    def password(self, account: Account) -> str:
        """Return the password of an account; create one when it has none."""
        file = self._file(account.name)
        try:
            return file.read_text(encoding="utf-8").rstrip("\n")
        except FileNotFoundError:
            self.renew(account)
            return file.read_text(encoding="utf-8").rstrip("\n")

    def renew(self, account: Account) -> None:
        """Create a new password for an account."""
        write(self._file(account.name), secrets.token_urlsafe(_PASSWORD_BYTES) + "\n")
        self._external_marker(account.name).unlink(missing_ok=True)

    def set_external(self, account: Account, password: str) -> None:
        """Set the password that an account has on the user's own broker or database.

        Raises:
            SetupError: it is not a valid password.
        """
        if not password or len(password) > _LONGEST or not password.isprintable():
            raise SetupError(f"a password must be one line of 1 to {_LONGEST} printable characters")
        write(self._file(account.name), password + "\n")
        self._external_marker(account.name).touch(mode=0o600)

    def is_external(self, account: Account) -> bool:
        """Return whether the password was set by `set_external`."""
        return self._external_marker(account.name).exists()

    def add(self, name: str, role: str) -> Account:
        """Add an account.

        Raises:
            SetupError: the name is taken or not valid, or there is no such role.
        """
        if role not in ROLES:
            raise SetupError(f"unknown role {role!r}; known: {', '.join(ROLES)}")
        if not NAME.fullmatch(name):
            raise SetupError(f"{name!r} is not a valid name: use a-z, 0-9 and '-', such as reader-attic")
        if role in GUESTS and name.startswith(_CLIENT_ID):
            raise SetupError(f"the name of a {role} cannot begin with {_CLIENT_ID!r}: the programs' client ids do")
        if any(account.name == name for account in self.accounts()):
            raise SetupError(f"the account {name!r} already exists")
        write(self._folder / f"{name}.role", role + "\n")
        return Account(name, role, "added")

    def remove(self, name: str) -> None:
        """Remove an account that was added.

        Raises:
            SetupError: it was not added.
        """
        if name not in {account.name for account in self._added()}:
            raise SetupError(f"{name!r} is not an account that was added")
        # The role last: as long as it exists, this can be repeated.
        for file in (self._file(name), self._external_marker(name), self._folder / f"{name}.role"):
            file.unlink(missing_ok=True)

    def _added(self) -> Iterator[Account]:
        for file in sorted(self._folder.glob("*.role")):
            yield Account(file.stem, file.read_text(encoding="utf-8").strip(), "added")

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.password"

    def _external_marker(self, name: str) -> Path:
        return self._folder / f"{name}.given"
