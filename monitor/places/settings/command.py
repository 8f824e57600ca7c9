"""The command `teleinfo-monitor settings`: all sections as one YAML document."""

import argparse
import contextlib
import difflib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.database.mariadb import Connection, Database
from common.errors import ConfigError, NotReady
from common.runtime.cli import chosen_language
from common.settings import config
from common.settings.fields import Problem, SectionError
from common.settings.file_errors import reason
from common.settings.language import tr
from common.settings.yaml_file import read_yaml, write_yaml
from monitor.base.addresses import read_addresses
from monitor.base.alert_settings import ADDRESSES
from monitor.base.config import MonitorConfig
from monitor.money.current import snapshot
from monitor.money.price_files import load_tables
from monitor.money.sections import SECTIONS, check_together
from monitor.places.settings.save import ChangedMeanwhile, SavedSection, present, save, with_urls
from monitor.places.settings.taking_over import TAKEN, comment_out, sections_in
from monitor.readings.storage import open_tables


def show(arguments: argparse.Namespace) -> int:
    """Print all sections."""
    with _opened(arguments) as (connection, machine):
        found = present(connection, machine.state)
    print(write_yaml({name: one.value for name, one in found.items()}), end="")  # noqa: T201 - the command's output
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Check the sections of a file, and print what is wrong with them."""
    machine = config.load(MonitorConfig, arguments.config, moved=True)
    _refuse(problems_of(sections_in(arguments.file), machine, arguments.config.parent), arguments)
    print(tr(f"{arguments.file}: nothing is wrong", f"{arguments.file} : rien à redire"))  # noqa: T201
    return 0


def load(arguments: argparse.Namespace) -> int:
    """Save the sections of files, once somebody has seen what changes."""
    with _opened(arguments) as (connection, machine):
        found: dict[str, Any] = {}
        for file in arguments.files:
            found |= sections_in(file)
        before = present(connection, machine.state)
        if arguments.once:
            found = {name: value for name, value in found.items() if not before[name].version}
        if ADDRESSES.name in found:
            before |= {ADDRESSES.name: replace(before[ADDRESSES.name], value=list(read_addresses(machine.state).urls))}
            found |= _with_addresses(machine.state, found.pop(ADDRESSES.name))
        _refuse(problems_of(found, machine, arguments.config.parent), arguments)
        changes = {name: value for name, value in found.items() if value != before[name].value}
        for line in described(before, changes):
            print(line)  # noqa: T201 - the command's output
        if changes and not (arguments.yes or _agreed()):
            return 1
        for name, value in changes.items():
            _save(connection, machine.state, name, value, before[name].version)
    for file in arguments.files:
        _leave_out(file)
    return 0


def problems_of(values: Mapping[str, Any], machine: MonitorConfig, folder: Path) -> list[Problem]:
    """Return what is wrong with sections, each by itself and all together; `folder` has updated prices."""
    problems: list[Problem] = []
    read: dict[str, Any] = {}
    for name, value in values.items():
        try:
            read[name] = SECTIONS[name].read(value)
        except SectionError as error:
            problems += error.problems
    return problems or list(check_together(read, snapshot(machine, load_tables(folder), read).prices))


def described(before: Mapping[str, SavedSection], changes: Mapping[str, Any]) -> Iterator[str]:
    """Yield what changes, as a person reads it; of secrets only that they do."""
    if not changes:
        yield tr("nothing changes", "rien ne change")
    for name, value in changes.items():
        yield f"{name}:"
        if SECTIONS[name].secret:
            yield tr(f"  {len(value)} addresses", f"  {len(value)} adresses")
            continue
        old, new = (write_yaml(one).splitlines() for one in (before[name].value, value))
        yield from (f"  {line}" for line in difflib.ndiff(old, new) if line[0] in "+-")


@contextlib.contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[tuple[Connection, MonitorConfig]]:
    machine = config.load(MonitorConfig, arguments.config, moved=True)
    with contextlib.closing(open_tables(Database(machine.database))) as connection:
        yield connection, machine


def _with_addresses(state: Path, value: Any) -> dict[str, Any]:
    """Return the section of addresses; a document of another machine names them, and has none of the secrets."""
    try:
        return {ADDRESSES.name: with_urls(state, value)}
    except SectionError as error:
        print("; ".join(f"{one.at}: {tr(one.en, one.fr)}" for one in error.problems))  # noqa: T201
        print(tr("enter the addresses again", "saisissez de nouveau les adresses"))  # noqa: T201
        return {}


def _refuse(problems: Sequence[Problem], arguments: argparse.Namespace) -> None:
    if not problems:
        return
    language = chosen_language(arguments)
    first, *more = (ConfigError(f"{one.at}: {one.text(language)}") for one in problems)
    first.more = tuple(more)
    raise first


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("nobody can be asked here: add --yes")
    return input(tr("Save this? [y/N] ", "Enregistrer ? [o/N] ")).strip().lower() in ("y", "yes", "o", "oui")


def _save(connection: Connection, state: Path, name: str, value: Any, version: int) -> None:
    try:
        save(connection, state, name, value, version)
    except ChangedMeanwhile as error:
        raise ConfigError(f"{name}: somebody else saved it at the same time: try again") from error
    except OSError as error:
        raise NotReady(f"{state}: cannot be written: {reason(error)}") from error


def _leave_out(file: Path) -> None:
    """Make comments of the keys that were taken over from the file of a program."""
    document = read_yaml(file)
    is_of_program = isinstance(document, dict) and "database" in document
    taken = set(TAKEN) & set(document) if is_of_program else set()
    if not taken:
        return
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(comment_out(text, taken), encoding="utf-8")
    except OSError as error:
        names = ", ".join(sorted(taken))
        print(  # noqa: T201 - the command's output
            tr(
                f"{file}: {reason(error)}: delete {names} from it by hand",
                f"{file} : {reason(error)} : supprimez-en {names} à la main",
            )
        )
