"""Reads a configuration for a doctor: what is wrong with the file is a finding, too."""

import errno
from pathlib import Path
from typing import TypeVar

from common.config import Broker, Secret, load
from common.doctor.findings import Finding, notice, problem
from common.errors import ConfigError

T = TypeVar("T")

SUBJECT = "Configuration"


def read_config(kind: type[T], path: Path, program: str) -> tuple[T | None, list[Finding]]:
    """Return the configuration, None if it cannot be used, and what there is to say of it."""
    try:
        return load(kind, path), []
    except ConfigError as error:
        return None, [config_finding(error, path, program)]


def config_finding(error: ConfigError, path: Path, program: str) -> Finding:
    """Make a finding of what is wrong with a file."""
    text = str(error)
    number = _number_of(error)
    example = f"{program.removeprefix('teleinfo-')}.example.yaml"
    if number == errno.EACCES:
        return problem(SUBJECT, text.partition("; ")[0], f"it is not yours to read: sudo {program} check")
    if number == errno.ENOENT and text.startswith(f"{path}: cannot be read"):
        what = text.partition("; ")[0]
        return problem(SUBJECT, what, f"name your file with --config, or copy {example} to {path} and fill it in")
    if number == errno.EISDIR:
        return problem(SUBJECT, text.partition("; ")[0], "name the file in it, with --config")
    if number == errno.ENOENT:
        return problem(SUBJECT, text, "write the file, or correct its name")
    return problem(SUBJECT, text, f"correct {path}; {example} shows every option")


def diagnose_secrets(secrets: dict[str, Secret | Broker], path: Path) -> list[Finding]:
    """Say which passwords everybody on this machine can read; `secrets` has the section of each."""
    open_files = []
    for section, secret in secrets.items():
        file = Path(secret.password_file) if secret.password_file else path
        if (secret.password or secret.password_file) and _is_open(file):
            open_files.append((section, file))
    return [
        notice(SUBJECT, f"everybody on this machine can read {section}.password, in {file}", f"sudo chmod o-rwx {file}")
        for section, file in open_files
    ]


def _is_open(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & 0o004)
    except OSError:
        return False


def _number_of(error: BaseException) -> int | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause.errno
        cause = cause.__cause__
    return None
