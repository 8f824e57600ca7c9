"""CHANGELOG.md, in the form of Keep a Changelog: `## Unreleased` above `## 1.2.3 - 2026-12-31`."""

import re
from datetime import date

from deploy.release.version import Version

_UNRELEASED = "## Unreleased"
_RELEASED = re.compile(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
_RELATIVE = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")


def newest(text: str) -> Version | None:
    """Return the last version that was released, if any was."""
    found = _RELEASED.search(text)
    return Version.parse(found[1]) if found else None


def has_entries(text: str) -> bool:
    """Return whether something is listed that is not released yet."""
    return re.search(r"^- ", _section(text, _UNRELEASED), re.MULTILINE) is not None


def close(text: str, version: Version, day: date) -> str:
    """Give what is unreleased its version and date, below a new heading for what comes next."""
    return text.replace(f"{_UNRELEASED}\n", f"{_UNRELEASED}\n\n## {version} - {day}\n", 1)


def notes(text: str, version: Version, files: str) -> str:
    """Return what a version brings; `files`: the address where the links into the project lead."""
    heading = next((found[0] for found in _RELEASED.finditer(text) if found[1] == str(version)), "")
    return _RELATIVE.sub(rf"]({files}/\1)", _section(text, heading) if heading else "")


def _section(text: str, heading: str) -> str:
    """Return what stands between a heading and the next one."""
    _, _, below = f"\n{text}".partition(f"\n{heading}\n")
    return re.split(r"^## ", below, maxsplit=1, flags=re.MULTILINE)[0].strip()
