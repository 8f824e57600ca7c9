"""The files that name a version or the address of the project, below its folder."""

import re
from datetime import date
from pathlib import Path

from deploy.release.error import ReleaseError
from deploy.release.version import Version

CHANGELOG = Path("CHANGELOG.md")
PROGRAMS = Path("common/machine/version.py")
RELEASED = Path("tests/released")
APP = Path("homeassistant/config.yaml")
APP_CHANGELOG = Path("homeassistant/CHANGELOG.md")
_REPOSITORY = Path("repository.yaml")

_VERSION = r'^__version__ = "(.+)"$'
_BUILD_DATE = r"^BUILD_DATE = datetime\((.+), tzinfo=UTC\)$"
_APP_VERSION = r'^version: "([^"]+)"'


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


def version_of_app(root: Path) -> Version:
    """Return the version that Home Assistant offers."""
    return Version.parse(_value(read(root, APP), _APP_VERSION, APP))


def offer_app(root: Path, version: Version) -> None:
    """Let Home Assistant offer the version; its image must be published, or the installation fails."""
    write(root, APP, _set(read(root, APP), _APP_VERSION, str(version), APP))
    entry = f"\n## {version}\n\n- [What is new]({address(root)}/releases/tag/v{version}).\n"
    introduction, heading, older = read(root, APP_CHANGELOG).partition("\n## ")
    write(root, APP_CHANGELOG, f"{introduction}{entry}{heading}{older}")


def address(root: Path) -> str:
    """Return the address of the project at its code forge."""
    return _value(read(root, _REPOSITORY), r"^url: (\S+)$", _REPOSITORY)


def _value(text: str, pattern: str, file: Path) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise ReleaseError(f"{file} has no line like {pattern}")
    return found[1]


def _set(text: str, pattern: str, value: str, file: Path) -> str:
    old = _value(text, pattern, file)
    return re.sub(pattern, lambda line: line[0].replace(old, value, 1), text, count=1, flags=re.MULTILINE)
