"""The version of the programs, and its date."""

import functools
from datetime import UTC, datetime
from pathlib import Path

__version__ = "0.1.0"

#: A clock before it is wrong. Raised by hand with the version: the same in a wheel, a checkout and an image, whatever
#: the clock of the building machine shows.
BUILD_DATE = datetime(2026, 11, 24, tzinfo=UTC)

#: What a package has that was made of a commit that is no release, such as "+12.g61720cb".
COMMIT = ""


@functools.cache
def full_version() -> str:
    """Return the version; with the commit, if that is no release and if it is known."""
    return __version__ + (COMMIT or commit_of(Path(__file__).parents[2]))


def commit_of(root: Path) -> str:
    """Return how many commits a clone is after the release of this version, and its last one; empty: it is none.

    Without the tag of that release all commits are counted.
    """
    if not (root / ".git").exists():
        return ""
    import subprocess  # here: only who asks for the version pays for it

    def git(*arguments: str) -> str:
        command = ["git", f"--git-dir={root / '.git'}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()

    try:
        described = git("describe", "--tags", "--long", "--always", "--match", f"v{__version__}")
        _, count, commit = described.split("-") if "-" in described else ("", git("rev-list", "--count", "HEAD"), "")
    except (OSError, subprocess.SubprocessError):
        return ""
    return "" if count == "0" else f"+{count}.{commit or f'g{described}'}"
