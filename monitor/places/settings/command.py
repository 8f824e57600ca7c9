"""The command `teleinfo-monitor settings`: all sections as one YAML document."""

import argparse
import contextlib
import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.database.mariadb import Connection, Database
from common.database.sections import has_settings
from common.errors import ConfigError, NotReady
from common.runtime.cli import chosen_language
from common.settings import config
from common.settings.fields import Problem, SectionError
from common.settings.file_errors import reason
from common.settings.language import tr
from common.settings.yaml_file import write_yaml
from monitor.base.alert_settings import ADDRESSES
from monitor.base.config import MonitorConfig
from monitor.money.current import snapshot
from monitor.money.price_files import load_tables
from monitor.money.sections import SECTIONS, check_together
from monitor.places.settings.save import ChangedMeanwhile, SavedSection, present, save, saved_addresses, with_urls
from monitor.places.settings.taking_over import leave_out, sections_in, taken_in
from monitor.readings.storage import open_tables


def show(arguments: argparse.Namespace) -> int:
    """Print all sections."""
    with _opened(arguments) as (connection, machine):
        found = present(connection, machine.state)
    print(write_yaml({name: one.value for name, one in found.items()}), end="")  # noqa: T201 - the command's output
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Check the sections of a file, and print what is wrong with them."""
    found = sections_in(arguments.file)
    with _opened(arguments) as (connection, machine):
        _checked(found, _before(connection, machine, found), machine, arguments)
    print(tr(f"{arguments.file}: nothing is wrong", f"{arguments.file} : rien à redire"))  # noqa: T201
    return 0


def load(arguments: argparse.Namespace) -> int:
    """Save the sections of files, once somebody has seen what changes; 1: it was not saved, and may be later."""
    found: dict[str, Any] = {}
    for file in arguments.files:
        found |= sections_in(file)
    if not found:
        print(_nothing())  # noqa: T201 - the command's output
    elif not _loaded(found, arguments):
        return 1
    for file in arguments.files:
        _leave_out(file)
    return 0


def _loaded(found: dict[str, Any], arguments: argparse.Namespace) -> bool:
    """Save sections; return whether somebody agreed."""
    with _opened(arguments) as (connection, machine):
        if not has_settings(connection):
            raise NotReady("the database has no tables yet: teleinfo-storer makes them when it starts")
        before = _before(connection, machine, found)
        if arguments.once:
            found = {name: value for name, value in found.items() if not before[name].version}
        found = _checked(found, before, machine, arguments)
        changes = {name: value for name, value in found.items() if value != before[name].value}
        for line in described(before, changes):
            print(line)  # noqa: T201 - the command's output
        if changes and not (arguments.yes or _agreed()):
            return False
        for name, value in changes.items():
            _save(connection, machine.state, name, value, before[name].version)
    return True


def _before(connection: Connection, machine: MonitorConfig, found: Mapping[str, Any]) -> dict[str, SavedSection]:
    """Return what is saved now; of addresses the secrets, where they are compared."""
    before = present(connection, machine.state)
    if ADDRESSES.name in found:
        urls = list(saved_addresses(machine.state).urls)
        before[ADDRESSES.name] = replace(before[ADDRESSES.name], value=urls)
    return before


def _checked(
    found: dict[str, Any], before: Mapping[str, SavedSection], machine: MonitorConfig, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Return the sections as they are saved; refuse them if something is wrong."""
    if ADDRESSES.name in found:
        found = _with_addresses(machine.state, found)
    saved = {name: one.value for name, one in before.items() if one.version}
    _refuse(problems_of(found, saved, machine), arguments)
    return found


def problems_of(values: Mapping[str, Any], saved: Mapping[str, Any], machine: MonitorConfig) -> list[Problem]:
    """Return what is wrong with sections, each by itself and with what is saved."""
    problems: list[Problem] = []
    read: dict[str, Any] = {}
    for name, value in values.items():
        try:
            read[name] = SECTIONS[name].read(value)
        except SectionError as error:
            problems += error.problems
    if problems:
        return problems
    before: dict[str, Any] = {}
    for name, value in saved.items():
        with contextlib.suppress(SectionError):  # of another version, or written by hand
            before[name] = SECTIONS[name].read(value)
    # What was wrong before keeps nobody from a change of something else.
    old = set(_wrong_together(before, machine))
    return [one for one in _wrong_together(before | read, machine) if one not in old]


def _wrong_together(values: Mapping[str, Any], machine: MonitorConfig) -> Iterable[Problem]:
    return check_together(values, snapshot(machine, load_tables(machine.state), values).prices)


def _nothing() -> str:
    return tr("nothing changes", "rien ne change")


def described(before: Mapping[str, SavedSection], changes: Mapping[str, Any]) -> Iterator[str]:
    """Yield what changes, as a person reads it; of secrets only that they do."""
    if not changes:
        yield _nothing()
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


def _with_addresses(state: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Return the sections with addresses; a document of another machine names these, and has none of the secrets."""
    rest = {name: value for name, value in found.items() if name != ADDRESSES.name}
    try:
        return rest | {ADDRESSES.name: with_urls(state, found[ADDRESSES.name])}
    except SectionError as error:
        print("; ".join(f"{one.at}: {tr(one.en, one.fr)}" for one in error.problems))  # noqa: T201
        print(tr("enter the addresses again", "saisissez de nouveau les adresses"))  # noqa: T201
        return rest


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
        raise NotReady(f"{name}: somebody else saved it at the same time: try again") from error
    except OSError as error:
        raise NotReady(f"{state}: cannot be written: {reason(error)}") from error


def _leave_out(file: Path) -> None:
    """Make comments of what was taken over from the file of a program."""
    keys = taken_in(file)
    try:
        if not keys or leave_out(file, keys):
            return
        why = ""
    except OSError as error:
        why = f"{reason(error)}: "
    names = ", ".join(sorted(keys))
    print(tr(f"{file}: {why}delete {names} by hand", f"{file} : {why}supprimez {names} à la main"))  # noqa: T201
