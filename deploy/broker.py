"""The files of the broker that comes along with an installation: its accounts, and which of them the page has made.

The page's program writes two files in its folder: `accounts`, and `broker.json`, the broker that its owner has named in
place of ours. Root applies them, and believes neither: what is not right counts as not written.
"""

import base64
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from common.settings.config import host_names

#: Roles of accounts that the page makes: sections of mosquitto/acl.
ROLES = ("home-assistant", "device", "phone")
#: Names of accounts that an installation has for itself.
RESERVED = ("reader", "storer", "monitor", "health", "console")
#: How client ids of programs begin; the client id of all others is the name of their account.
CLIENT_ID = "teleinfo-"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_HASH = re.compile(r"\$7\$[1-9][0-9]{0,6}\$[A-Za-z0-9+/]{8,88}={0,2}\$[A-Za-z0-9+/]{86}==")
_ITERATIONS = 101  # as mosquitto_passwd; our passwords are random, so that more would gain nothing
_LONGEST = 65_536  # bytes of a file that the page's program writes
_LONGEST_TEXT = 200
_HIGHEST_PORT = 65_535


class AddedAccount(NamedTuple):
    """An account that the page has made."""

    name: str
    role: str
    hashed: str  # its password


def read_accounts(text: str) -> list[AddedAccount]:
    """Return the accounts of the file `accounts`, a line each: name, role, hash. Lines that are not right are left out.

    >>> read_accounts("storer phone x")
    []
    """
    accounts: dict[str, AddedAccount] = {}
    for line in text.splitlines():
        account = AddedAccount(*words) if len(words := line.split(" ")) == len(AddedAccount._fields) else None
        if account and is_free(account.name) and account.role in ROLES and _HASH.fullmatch(account.hashed):
            accounts.setdefault(account.name, account)
    return list(accounts.values())


def is_free(name: str) -> bool:
    """Return whether an account that is made by the page may have this name.

    >>> is_free("prise-cave"), is_free("reader"), is_free("teleinfo-storer-main"), is_free("a b")
    (True, False, False, False)
    """
    return bool(_NAME.fullmatch(name)) and name not in RESERVED and not name.startswith(CLIENT_ID)


def passwords_file(own: Mapping[str, str], added: Iterable[AddedAccount] = ()) -> str:
    """Return mosquitto's password file: our own accounts with their passwords, then those of the page.

    One of the page that has the name of one of our own is left out.
    """
    lines = [f"{name}:{hashed(name, password)}\n" for name, password in own.items()]
    return "".join(lines + [f"{account.name}:{account.hashed}\n" for account in added if account.name not in own])


def hashed(name: str, password: str) -> str:
    """Return the hash of a password as mosquitto has it; it is the same each time: so is its salt, as slow to guess."""

    def digest(salt: bytes) -> bytes:
        return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)

    salt = digest(name.encode())[:12]
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest(salt)).decode()}"


def access_rules(template: str, accounts: Iterable[tuple[str, str]]) -> str:
    """Return the rules of all accounts (name, role), each with those of its role in the template: mosquitto/acl.

    The first account of a name counts.

    Raises:
        KeyError: the template has no such role.
    """
    rules_only = re.sub(r"^(#.*)?\n", "", template, flags=re.MULTILINE)
    rules = dict(part.split("\n", 1) for part in re.split("^user ", rules_only, flags=re.MULTILINE)[1:])
    roles: dict[str, str] = {}
    for name, role in accounts:
        roles.setdefault(name, role)
    return "\n".join(f"user {name}\n{rules[role]}" for name, role in roles.items())


def read_broker(file: Path) -> Mapping[str, Any] | None:
    """Return the broker of `broker.json`: host, port, username, password, tls; None if none is named there."""
    try:
        given = json.loads(read_untrusted(file))
    except ValueError:
        return None
    expected = {"host": str, "port": int, "username": str | None, "password": str | None, "tls": bool}
    if not isinstance(given, dict) or given.keys() != expected.keys():
        return None
    if not all(isinstance(given[key], kind) for key, kind in expected.items()) or isinstance(given["port"], bool):
        return None
    texts = [given[key] for key in ("host", "username", "password") if given[key] is not None]
    if not all(len(text) <= _LONGEST_TEXT and text.isprintable() for text in texts):
        return None
    return given if _is_host(given["host"]) and 0 < given["port"] <= _HIGHEST_PORT else None


def read_untrusted(file: Path) -> str:
    """Return the text of a file that another user's program writes; nothing of what is no small file of text.

    No link is followed, and a pipe keeps nobody waiting: root reads it.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        content = opened.read(_LONGEST + 1)
    try:
        return content.decode() if len(content) <= _LONGEST else ""
    except UnicodeDecodeError:
        return ""


def _is_host(host: str) -> bool:
    try:
        host_names(host)
    except ValueError:
        return False
    return True
