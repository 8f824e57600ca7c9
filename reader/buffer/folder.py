"""Opens the folders of journal and spool, and refuses those that another user may have tampered with."""

import errno
import os
import stat
from pathlib import Path

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def open_private(path: Path) -> int:
    """Open a folder that belongs to this user and that nobody else may write to; a link is not followed.

    Raises:
        OSError: it is something else, or cannot be opened.
    """
    try:
        folder = os.open(path, _OPEN | os.O_NOFOLLOW)
    except OSError as error:
        if path.is_symlink():
            raise OSError(errno.ELOOP, "it is a symbolic link", str(path)) from error
        raise
    return _checked(folder, path, refusal(os.fstat(folder), os.geteuid()))


def open_trusted(path: Path) -> int:
    """Open a folder that belongs to this user or to root; their links are followed: it may be on another disk.

    Raises:
        OSError: it belongs to somebody else, or cannot be opened.
    """
    trusted = (0, os.geteuid())
    link, folder = os.lstat(path), os.open(path, _OPEN)
    reason = f"it is a link of user {link.st_uid}" if link.st_uid not in trusted and stat.S_ISLNK(link.st_mode) else ""
    owner = os.fstat(folder).st_uid
    return _checked(folder, path, reason or ("" if owner in trusted else f"it belongs to user {owner}"))


def refusal(folder: os.stat_result, user: int) -> str:
    """Return why a folder is not private to this user; empty if it is."""
    if folder.st_uid != user:
        return f"it belongs to user {folder.st_uid}"
    if folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write into it"
    return ""


def _checked(folder: int, path: Path, reason: str) -> int:
    if reason:
        os.close(folder)
        raise PermissionError(errno.EPERM, reason, str(path))
    return folder
