"""The password of the page: its file holds one line, a scrypt hash of it."""

import argparse
import base64
import contextlib
import getpass
import hashlib
import hmac
import os
import re
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import ConfigError, NotReady
from common.machine.deployment import Deployment, here
from common.machine.files import replace_file
from common.settings.file_errors import reason
from common.settings.language import tr
from monitor.web import code

if TYPE_CHECKING:
    from monitor.base.config import MonitorConfig

SHORTEST = 8  # characters
# One of the choices of equal strength of OWASP's list: the one that takes 8 MB, since a Raspberry Pi has little.
_LN, _R, _P = 13, 8, 10
_MOST_MEMORY = 64 * 2**20
_LINE = re.compile(r"\$scrypt\$ln=(1?\d),r=(\d{1,2}),p=(\d{1,2})\$([0-9A-Za-z+/]{16,88})\$([0-9A-Za-z+/]{43})")


def hashed(password: str) -> str:
    """Return the line that stands for a password; it takes a quarter of a second and more."""
    salt = secrets.token_bytes(18)
    digest = _scrypt(password, salt, _LN, _R, _P)
    return f"$scrypt$ln={_LN},r={_R},p={_P}${base64.b64encode(salt).decode()}${_text(digest)}"


def is_hash(text: str) -> bool:
    """Tell whether a text is such a line."""
    return _LINE.fullmatch(text) is not None


def matches(password: str, line: str) -> bool:
    """Tell whether a line stands for this password; it takes as long as `hashed`."""
    match = _LINE.fullmatch(line)
    if match is None:
        return False
    with contextlib.suppress(ValueError):  # numbers that scrypt does not take
        digest = _scrypt(password, base64.b64decode(match[4]), int(match[1]), int(match[2]), int(match[3]))
        return hmac.compare_digest(_text(digest), match[5])
    return False


def _scrypt(password: str, salt: bytes, ln: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**ln, r=r, p=p, dklen=32, maxmem=_MOST_MEMORY)


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode().rstrip("=")


def read(file: Path) -> str:
    """Return what stands in the file: a hash, or a password that nobody has hashed yet.

    Raises:
        NotReady: it cannot be read, or is empty.
    """
    try:
        text = file.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise NotReady(f"password_file: {file} cannot be read: {reason(error)}") from error
    if not text:
        raise NotReady(f"password_file: {file} is empty")
    return text


def write(file: Path, line: str, like: Path | None = None) -> None:
    """Write the line that stands for a password; a new file is for the same group as the file `like`.

    Raises:
        OSError: it cannot be written.
    """
    status = (file if file.exists() or like is None else like).stat() if file.exists() or like is not None else None
    mode = 0o600 if status is None else status.st_mode & 0o640 | 0o600
    owner = status if os.geteuid() == 0 else None
    replace_file(file, f"{line}\n".encode(), mode=mode, owner=owner)


def plain(file: Path) -> str:
    """Return what to say of a file that holds a password."""
    return f"password_file: {file} holds the password itself instead of a hash"


def command() -> str:
    """Return the command that writes the file, for how this program was installed."""
    commands = here("teleinfo-monitor")
    if commands.deployment is Deployment.APP:
        return f"set {commands.setting('password_file')}"
    return commands.run("teleinfo-monitor", "password")


def hash_in_place(file: Path) -> None:
    """Replace a password that stands in the file by its hash; a file that cannot be read is for later.

    Raises:
        ConfigError: it is too short, or the file cannot be written.
    """
    try:
        text = read(file)
    except NotReady:
        return
    if is_hash(text):
        return
    check(text)
    try:
        write(file, hashed(text))
    except OSError as error:
        raise ConfigError(f"{plain(file)}: {command()} writes one") from error


def check(text: str) -> None:
    """Refuse a password that is easy to guess.

    Raises:
        ConfigError: it is too short.
    """
    if len(text) < SHORTEST:
        raise ConfigError(f"the password of the page has {len(text)} characters: take {SHORTEST} or more; {command()}")


def change(arguments: argparse.Namespace) -> int:
    """Do `teleinfo-monitor password`; return its exit code."""
    from common.settings import config  # deploy/ needs the rest of this file only
    from monitor.base.config import MonitorConfig

    settings = config.load(MonitorConfig, arguments.config)
    file = settings.page_password
    if file is None:
        raise ConfigError(f"auth: {settings.auth} asks for no password")
    if arguments.code:
        return _print_code(settings, file)
    text = secrets.token_urlsafe(12) if arguments.random else _ask()
    check(text)
    ended = ", and all sessions have ended" if file.exists() else ""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(file, hashed(text), arguments.config if settings.password_file else settings.state)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {reason(error)}") from error
    if arguments.random:
        print(f"the password of the page: {text}")  # noqa: T201 - the command's output
    print(f"{file} holds its hash; it is in force{ended}")  # noqa: T201 - the command's output
    return 0


def _print_code(settings: "MonitorConfig", file: Path) -> int:
    """Make a code for the page, which has no password yet, and print it."""
    if settings.password_file is not None or file.exists():
        raise ConfigError(f"the page has a password, which no code replaces; another one is set with: {command()}")
    made = code.new_code()
    try:
        settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        code.write_code(settings.state, made, time.time())
    except OSError as error:
        raise ConfigError(f"{settings.state} cannot be written: {reason(error)}") from error
    text = tr(
        f"{made} opens the page, where you set its password; it is valid for a day",
        f"{made} ouvre la page, où vous choisirez son mot de passe ; ce code vaut un jour",
    )
    print(text)  # noqa: T201 - the command's output
    return 0


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    text = getpass.getpass("new password of the page: ")
    if getpass.getpass("once more: ") != text:
        raise ConfigError("the two are not the same")
    return text
