"""Reads a configuration file, and turns what is wrong with it into findings."""

import errno
from pathlib import Path
from typing import TypeVar

from common.doctor.findings import Finding, Report, notice, problem
from common.errors import ConfigError
from common.machine.deployment import Deployment, here
from common.settings.config import Broker, Secret, load

T = TypeVar("T")

SUBJECT = "Configuration"


def read_config(kind: type[T], path: Path, program: str, report: Report) -> T | None:
    """Return the configuration; None: it cannot be used, and that is all there is to report."""
    try:
        return load(kind, path)
    except ConfigError as error:
        report.show([config_finding(error, path, program)])
        report.end()
        return None


def config_finding(error: ConfigError, path: Path, program: str) -> Finding:
    """Turn an error of the configuration into a finding."""
    text, code, commands = str(error), _errno(error), here(program)
    what, example = text.partition("; ")[0], f"{program.removeprefix('teleinfo-')}.example.yaml"
    if code == errno.EACCES:
        return problem(SUBJECT, what, f"run the check with sudo: {commands.sudo(program, 'check')}")
    if code == errno.EISDIR:
        return problem(SUBJECT, what, "name a file in this folder with --config")
    if code == errno.ENOENT and text.startswith(f"{path}: cannot be read"):
        return problem(SUBJECT, what, f"copy {example} to {path} and fill it in, or name your file with --config")
    if code == errno.ENOENT:
        return problem(SUBJECT, text, "create the file, or correct its name")
    fixes = {
        Deployment.APP: "correct the app's options, or your monitor.yaml in its folder",
        Deployment.COMPOSE: "correct .env; .env.example shows every option",  # the file is part of the image
    }
    return problem(SUBJECT, text, fixes.get(commands.deployment, f"correct {path}; {example} shows every option"))


def diagnose_secrets(secrets: dict[str, Secret | Broker], path: Path) -> list[Finding]:
    """Return which passwords every user of this machine can read; `secrets` is by section."""
    return [
        notice(SUBJECT, f"every user of this machine can read {section}.password in {file}", f"sudo chmod o-rwx {file}")
        for section, secret in secrets.items()
        if is_readable_by_all(file := Path(secret.password_file) if secret.password_file else path)
        and (secret.password or secret.password_file)
    ]


def is_readable_by_all(file: Path) -> bool:
    """Tell whether every user of this machine can read a file."""
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
