"""The accounts at our broker that the page makes: a file that the installation applies within seconds."""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from common.machine.files import replace_file

#: Sections of mosquitto/acl, which say what each may read and publish.
ROLES = ("home-assistant", "device", "phone")
MOST = 50
NAME = "[a-z][a-z0-9-]{0,31}"
#: Accounts of the installation itself; those of our programs elsewhere begin with the prefix.
RESERVED = ("reader", "storer", "monitor", "health", "console", "page", "grafana", "teleinfo", "root")
RESERVED_PREFIX = "teleinfo-"
_ITERATIONS = 101  # as mosquitto_passwd; the passwords are random, so that more would gain nothing
_HASH = r"\$7\$\d+\$[0-9A-Za-z+/=]+\$[0-9A-Za-z+/=]+"
_LINE = re.compile(rf"({NAME}) ({'|'.join(ROLES)}) ({_HASH})")


class BrokerAccount(NamedTuple):
    """A line of the file."""

    name: str
    role: str
    hash: str


def read_accounts(file: Path) -> Sequence[BrokerAccount]:
    """Return the accounts of a file; none if it is not there.

    Raises:
        OSError: it cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    return [BrokerAccount(*match.groups()) for line in lines if (match := _LINE.fullmatch(line))]


def write_accounts(file: Path, accounts: Sequence[BrokerAccount]) -> None:
    """Replace the file; its group is that of the folder where that has the set-group-id bit.

    Raises:
        OSError: it cannot be written.
    """
    text = "".join(f"{one.name} {one.role} {one.hash}\n" for one in accounts)
    replace_file(file, text.encode(), mode=0o640)


def is_name(name: str) -> bool:
    """Tell whether an account may have this name."""
    return re.fullmatch(NAME, name) is not None


def is_reserved(name: str) -> bool:
    """Tell whether a name is one of ours."""
    return name in RESERVED or name.startswith(RESERVED_PREFIX)


def new_account(name: str, role: str) -> tuple[BrokerAccount, str]:
    """Return an account and its password, of which only the hash is kept."""
    password = secrets.token_urlsafe(24)
    return BrokerAccount(name, role, hashed(password, secrets.token_bytes(12))), password


def hashed(password: str, salt: bytes) -> str:
    """Return the hash of a password, as mosquitto's password file has it."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
