"""The account that publishes the project: in every address OWNER stands for it until the first release names it."""

import re
import subprocess
from pathlib import Path

from deploy.release.version import ReleaseError

_NAME = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}")
_PLACE = re.compile(r"(?<=%2F)OWNER\b|\bOWNER\b")
#: Where images are pulled from before there is a registry: an address at which nobody answers.
_NO_REGISTRY = "localhost/teleinfo"
#: What only speaks of OWNER.
_LEFT_OUT = ("tests", "deploy", "CONTRIBUTING.md", "CHANGELOG.md")


def check_account(account: str) -> str:
    """Return the account.

    Raises:
        ReleaseError: it cannot be one.
    """
    if not _NAME.fullmatch(account):
        raise ReleaseError(f"{account!r} is not the name of an account: letters, digits and single '-'")
    return account


def with_account(text: str, account: str) -> str:
    """Return a text that names the account; an image's name has no capital letters.

    >>> with_account("https://github.com/OWNER/x ghcr.io/OWNER/x ${X:-localhost/teleinfo}", "Some-One")
    'https://github.com/Some-One/x ghcr.io/some-one/x ${X:-ghcr.io/some-one/teleinfo}'
    """
    registry = f"ghcr.io/{account.lower()}"
    text = text.replace("ghcr.io/OWNER", registry).replace(_NO_REGISTRY, f"{registry}/teleinfo")
    return _PLACE.sub(account, text)


def name_account(root: Path, account: str) -> list[str]:
    """Name the account in all files of the repository; return those that changed."""
    command = ["git", "grep", "--files-with-matches", "-I", "-e", "OWNER", "-e", _NO_REGISTRY, "--", "."]
    command += [f":(exclude){name}" for name in _LEFT_OUT]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    changed = []
    for name in listed:
        before = (root / name).read_text(encoding="utf-8")
        after = with_account(before, account)
        if after != before:
            (root / name).write_text(after, encoding="utf-8")
            changed.append(name)
    return changed
