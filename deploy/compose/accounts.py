"""Who has an account at the broker and at the database, and the vault that holds their passwords."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.compose.files import write

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PASSWORD_BYTES = 24  # 192 bits
_LONGEST = 200


class SetupError(Exception):
    """Something a person must mend; the line says what and how."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody with a password."""

    name: str
    role: str  # a section of mosquitto/acl; "sql": at the database
    note: str = ""  # for people


#: Those that there are from the start. The names of the last two are also users of MariaDB.
ACCOUNTS = (
    Account("reader", "reader", "the reader of compose"),
    Account("storer", "storer", "the storer of compose"),
    Account("home-assistant", "home-assistant", "Home Assistant: reads, announces itself"),
    Account("phone", "phone", "a phone, a script: reads"),
    Account("health", "health", "the health check of mosquitto's container"),
    Account("console", "phone", "mosquitto_sub in mosquitto's container: reads"),
    Account("teleinfo", "sql", "the storer, at the database"),
    Account("grafana", "sql", "Grafana, SQL: reads the database"),
)
#: Those whose client id at the broker is the name of their account: see mosquitto/mosquitto.conf.
GUESTS = ("home-assistant", "phone")
#: What an account that is added may be.
ROLES = ("reader", "storer", *GUESTS)
#: How the client ids of programs begin.
_CLIENT_ID = "teleinfo-"


class PasswordStore:
    """A folder with a file for each password; nobody but `setup` sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def accounts(self) -> list[Account]:
        """Return all accounts, those first that are always there."""
        return [*ACCOUNTS, *self._added()]

    def find(self, name: str) -> Account:
        """Return an account.

        Raises:
            SetupError: there is none of this name.
        """
        for account in self.accounts():
            if account.name == name:
                return account
        names = ", ".join(account.name for account in self.accounts())
        raise SetupError(f"there is no account {name!r}; there are {names}")

    def password(self, account: Account) -> str:
        """Return the password of an account; it gets one when it has none."""
        file = self._file(account.name)
        try:
            return file.read_text(encoding="utf-8").rstrip("\n")
        except FileNotFoundError:
            self.renew(account)
            return file.read_text(encoding="utf-8").rstrip("\n")

    def renew(self, account: Account) -> None:
        """Give an account a new password."""
        write(self._file(account.name), secrets.token_urlsafe(_PASSWORD_BYTES) + "\n")
        self._given(account.name).unlink(missing_ok=True)

    def set_external(self, account: Account, password: str) -> None:
        """Note the password that an account has elsewhere, at somebody's own broker or database.

        Raises:
            SetupError: it cannot be one.
        """
        if not password or len(password) > _LONGEST or not password.isprintable():
            raise SetupError(f"a password is one line of 1 to {_LONGEST} printable characters")
        write(self._file(account.name), password + "\n")
        self._given(account.name).touch(mode=0o600)

    def is_external(self, account: Account) -> bool:
        """Tell whether the password is one that a person has given."""
        return self._given(account.name).exists()

    def add(self, name: str, role: str) -> Account:
        """Add an account.

        Raises:
            SetupError: the name is taken, or cannot be one.
        """
        if role not in ROLES:
            raise SetupError(f"there is no role {role!r}; there are {', '.join(ROLES)}")
        if not NAME.fullmatch(name):
            raise SetupError(f"a name is made of a-z, 0-9 and '-', such as reader-attic, not {name!r}")
        if role in GUESTS and name.startswith(_CLIENT_ID):
            raise SetupError(f"the name of a {role} cannot begin with {_CLIENT_ID!r}: so do the programs' client ids")
        if any(account.name == name for account in self.accounts()):
            raise SetupError(f"there is an account {name!r} already")
        write(self._folder / f"{name}.role", role + "\n")
        return Account(name, role, "added")

    def remove(self, name: str) -> None:
        """Take an added account away.

        Raises:
            SetupError: it was not added.
        """
        if name not in {account.name for account in self._added()}:
            raise SetupError(f"{name!r} is no account that was added")
        # The role last: as long as it is there, this can be repeated.
        for file in (self._file(name), self._given(name), self._folder / f"{name}.role"):
            file.unlink(missing_ok=True)

    def _added(self) -> Iterator[Account]:
        for file in sorted(self._folder.glob("*.role")):
            yield Account(file.stem, file.read_text(encoding="utf-8").strip(), "added")

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.password"

    def _given(self, name: str) -> Path:
        return self._folder / f"{name}.given"
