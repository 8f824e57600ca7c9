"""The text of mosquitto's files: accounts, access rules, the account of the health check. Pure: no I/O.

passwords = name:$7$iterations$salt$hash     PBKDF2-HMAC-SHA512, salt and hash in base64, as mosquitto_passwd does
acl       = user NAME, followed by its rules, for each account; the rules of a role stand in mosquitto/acl
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from deploy.compose.accounts import Account, SetupError

_ITERATIONS = 101  # what mosquitto_passwd takes; our passwords are random, so that more would gain nothing
_SALT_BYTES = 12


def password_line(name: str, password: str) -> str:
    """Return the password file's line for an account."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _digest(password, salt, _ITERATIONS)
    return f"{name}:$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def verifies(line: str, name: str, password: str) -> bool:
    """Return whether a line is that of this account and password."""
    try:
        known, _, rest = line.partition(":")
        empty, kind, iterations, salt, digest = rest.split("$")
        expected = _digest(password, base64.b64decode(salt), int(iterations))
        return known == name and not empty and kind == "7" and hmac.compare_digest(expected, base64.b64decode(digest))
    except (ValueError, binascii.Error):
        return False


def password_file(passwords: Iterable[tuple[str, str]], existing: str) -> str:
    """Return the file for names and passwords; a line of the existing file that is still right is kept."""
    lines = []
    for name, password in passwords:
        old = next((line for line in existing.splitlines() if line.startswith(f"{name}:")), "")
        lines.append(old if verifies(old, name, password) else password_line(name, password))
    return "\n".join(lines) + "\n"


def access_rules(template: str, accounts: Iterable[Account]) -> str:
    """Return the rules of all accounts, each with those of its role in the template.

    Raises:
        SetupError: the template has no rules for a role.
    """
    rules: dict[str, list[str]] = {}
    user = ""
    for line in template.splitlines():
        if line.startswith("user "):
            user = line.removeprefix("user ").strip()
            rules[user] = []
        elif line.startswith("topic "):
            rules[user].append(line)
    parts = []
    for account in accounts:
        if account.role not in rules:
            raise SetupError(f"mosquitto/acl has no rules for {account.role!r}")
        parts.append("\n".join([f"user {account.name}", *rules[account.role]]) + "\n")
    return "\n".join(parts)


def client_options(name: str, password: str) -> str:
    """Return the options file of mosquitto_sub: so its password is on no command line."""
    return f"-u {name}\n-P {password}\n"


def _digest(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
