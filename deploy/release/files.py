"""The files that name a version or the address of the project, below its folder.

CHANGELOG.md has the form of Keep a Changelog: `## Unreleased` above `## 1.2.3 - 2026-12-31`.
"""

import hashlib
import json
import re
from datetime import date
from pathlib import Path

from deploy.release.version import ReleaseError, Version

CHANGELOG = Path("CHANGELOG.md")
PROGRAMS = Path("common/machine/version.py")
RELEASED = Path("tests/released")
APP = Path("homeassistant/config.yaml")  # which only a release writes
APP_SOURCE = Path("homeassistant/app.yaml")
APP_CHANGELOG = Path("homeassistant/CHANGELOG.md")
_REPOSITORY = Path("repository.yaml")
_PRICES = Path("monitor/money/data")

_VERSION = r'^__version__ = "(.+)"$'
_BUILD_DATE = r"^BUILD_DATE = datetime\((.+), tzinfo=UTC\)$"
_APP_VERSION = r'^version: "([^"]+)"'


_UNRELEASED = "## Unreleased"
_RELEASED = re.compile(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
#: Parts of the changelog that do not concern the app.
_OTHER_WAYS = re.compile(r"\*\*(Installation|Docker Compose|Packages)\*\*|### .*\bclone\b")
_RELATIVE = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")


def read(root: Path, file: Path) -> str:
    """Return a file's text."""
    return (root / file).read_text(encoding="utf-8")


def write(root: Path, file: Path, text: str) -> None:
    """Replace a file's text."""
    (root / file).write_text(text, encoding="utf-8")


def version_of_programs(root: Path) -> Version:
    """Return the version that the programs show."""
    return Version.parse(_value(read(root, PROGRAMS), _VERSION, PROGRAMS))


def set_version_of_programs(root: Path, version: Version, day: date) -> None:
    """Give the programs their version and its date."""
    text = _set(read(root, PROGRAMS), _VERSION, str(version), PROGRAMS)
    write(root, PROGRAMS, _set(text, _BUILD_DATE, f"{day.year}, {day.month}, {day.day}", PROGRAMS))


def version_of_app(root: Path) -> Version | None:
    """Return the version that Home Assistant offers, if it offers one."""
    if not (root / APP).exists():
        return None
    return Version.parse(_value(read(root, APP), _APP_VERSION, APP))


def offer_app(root: Path, version: Version) -> None:
    """Let Home Assistant offer the version; its image must be published, or the installation fails."""
    write(root, APP, _set(read(root, APP_SOURCE), _APP_VERSION, str(version), APP_SOURCE))
    notes = release_notes(read(root, CHANGELOG), version, f"{address(root)}/blob/v{version}")
    entry = f"\n## {version}\n\n{_for_app(notes)}\n"
    introduction, heading, older = read(root, APP_CHANGELOG).partition("\n## ")
    write(root, APP_CHANGELOG, f"{introduction}{entry}{heading}{older}")


def _for_app(notes: str) -> str:
    """Return the notes without the parts on other ways to install the programs."""
    parts = re.split(r"^(?=### |\*\*.+\*\*$)", notes, flags=re.MULTILINE)
    return "".join(part for part in parts if not _OTHER_WAYS.match(part)).strip()


def address(root: Path) -> str:
    """Return the address of the project at its code forge."""
    return _value(read(root, _REPOSITORY), r"^url: (\S+)$", _REPOSITORY)


def price_tables(root: Path) -> str:
    """Return the JSON by which `monitor/fetch/prices.py` learns which tables of prices a release has."""
    contents = {name: (root / _PRICES / name).read_bytes() for name in ("tarif_bleu.yaml", "offers.yaml")}
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    days = [_value(content.decode(), r"^checked: (\d{4}-\d\d-\d\d)$", _PRICES) for content in contents.values()]
    return json.dumps({**listed, "checked": max(days)}, indent=1)


def _value(text: str, pattern: str, file: Path) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise ReleaseError(f"{file} has no line like {pattern}")
    return found[1]


def _set(text: str, pattern: str, value: str, file: Path) -> str:
    old = _value(text, pattern, file)
    return re.sub(pattern, lambda line: line[0].replace(old, value, 1), text, count=1, flags=re.MULTILINE)


def newest_release(text: str) -> Version | None:
    """Return the last version that was released, if any was."""
    found = _RELEASED.search(text)
    return Version.parse(found[1]) if found else None


def has_unreleased(text: str) -> bool:
    """Return whether something is listed that is not released yet."""
    return re.search(r"^- ", _section(text, _UNRELEASED), re.MULTILINE) is not None


def close_unreleased(text: str, version: Version, day: date) -> str:
    """Give what is unreleased its version and date, below a new heading for what comes next."""
    return text.replace(f"{_UNRELEASED}\n", f"{_UNRELEASED}\n\n## {version} - {day}\n", 1)


def release_notes(text: str, version: Version, files: str) -> str:
    """Return what a version brings; `files`: the address where the links into the project lead."""
    heading = next((found[0] for found in _RELEASED.finditer(text) if found[1] == str(version)), "")
    return _RELATIVE.sub(rf"]({files}/\1)", _section(text, heading) if heading else "")


def _section(text: str, heading: str) -> str:
    """Return what stands between a heading and the next one."""
    _, _, below = f"\n{text}".partition(f"\n{heading}\n")
    return re.split(r"^## ", below, maxsplit=1, flags=re.MULTILINE)[0].strip()
