"""Explains to people why a file cannot be opened, and what to do about it."""

import grp
import os
import pwd
import stat
from pathlib import Path

NOT_UTF8 = "not UTF-8: in your editor, save it again with this encoding"


def reason(error: OSError | ValueError) -> str:
    """Return what is wrong with a file, with a fix if the permission is missing or it is no text."""
    if isinstance(error, UnicodeDecodeError):
        return NOT_UTF8
    if isinstance(error, ValueError):  # of its name
        return str(error)
    text = error.strerror or str(error)
    return f"{text}; {permission_fix(error)}" if isinstance(error, PermissionError) else text


def permission_fix(error: PermissionError) -> str:
    """Return how to get access to the file that could not be opened, or to its folder."""
    path = Path(os.fsdecode(error.filename or "."))
    try:
        if not path.exists():
            path = path.parent
        status = path.stat()
    except OSError:  # its folder cannot be entered, or does not exist
        return "use sudo"
    owner, group = user_name(status.st_uid), group_of(path)
    if stat.S_ISCHR(status.st_mode) and group != "root" and status.st_mode & stat.S_IRGRP:
        return f"it is for the group {group}: sudo usermod -aG {group} {user_name(os.geteuid())}, then log in again"
    if status.st_uid == os.geteuid():
        return f"it is yours: chmod u+rw {path}"
    return f"it belongs to {owner}: use sudo"


def user_name(uid: int) -> str:
    """Return the name of a user; the number if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_of(path: Path) -> str:
    """Return the name of a file's group; the number if it has none."""
    number = path.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
