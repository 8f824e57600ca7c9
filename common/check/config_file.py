"""Reads a configuration file, and turns what is wrong with it into findings."""

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from common.check.findings import Finding, Report, Texts
from common.check.french import TEXTS
from common.errors import ConfigError
from common.machine.deployment import Deployment, here
from common.settings.config import Broker, Secret, load
from common.settings.language import French, tr

T = TypeVar("T")

_TEXTS = Texts(Path(__file__).with_name("findings.yaml"))


def read_config(kind: type[T], path: Path, program: str, report: Report, french: Mapping[str, str] = TEXTS) -> T | None:
    """Return the configuration; None: it cannot be used, and that is all there is to report.

    `french`: what the program says in French of what is wrong with it.
    """
    try:
        return load(kind, path)
    except ConfigError as error:
        report.show([config_finding(error, path, program, french)])
        report.end()
        return None


def config_finding(error: ConfigError, path: Path, program: str, french: Mapping[str, str] = TEXTS) -> Finding:
    """Turn an error of the configuration into a finding."""
    text, code, commands = str(error), _errno(error), here(program)
    key = {
        Deployment.APP: "config_wrong_app",
        Deployment.COMPOSE: "config_wrong_compose",  # the file is part of the image
    }.get(commands.deployment, "config_wrong")
    if code == errno.EACCES:
        key, text = "config_forbidden", text.partition("; ")[0]
    elif code == errno.EISDIR:
        key, text = "config_folder", text.partition("; ")[0]
    elif code == errno.ENOENT and text.startswith(f"{path}: cannot be read"):
        key, text = "config_missing", text.partition("; ")[0]
    elif code == errno.ENOENT:
        key = "config_names_missing"
    example = f"{program.removeprefix('teleinfo-')}.example.yaml"
    what = tr(text, French(french)(text))
    return _TEXTS.finding(key, what=what, path=path, example=example, sudo=commands.sudo(program, "check"))


def diagnose_secrets(secrets: dict[str, Secret | Broker], path: Path) -> list[Finding]:
    """Return which passwords every user of this machine can read; `secrets` is by section."""
    return [
        _TEXTS.finding("secret_readable", section=section, file=file)
        for section, secret in secrets.items()
        if is_readable_by_all(file := Path(secret.password_file) if secret.password_file else path)
        and (secret.password or secret.password_file)
    ]


def is_readable_by_all(file: Path) -> bool:
    """Return whether every user of this machine can read a file."""
    try:
        return bool(file.stat().st_mode & 0o004)
    except OSError:
        return False


def _errno(error: BaseException) -> int | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause.errno
        cause = cause.__cause__
    return None
