"""Small file systems in memory, to fill them."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory; that takes root, or a sudo that asks for nothing."""
    folder.mkdir()
    options += f",mode=700,uid={os.geteuid()},gid={os.getegid()}"
    done = subprocess.run(
        [*_ROOT, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"a small file system cannot be mounted, run this as root: {done.stderr.strip()}", pytrace=False)
    try:
        yield
    finally:
        subprocess.run([*_ROOT, "umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    with contextlib.suppress(OSError), (folder / "hog").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 512)


def remount(folder: Path, options: str) -> None:
    """Change the options of a file system, such as `ro`."""
    subprocess.run([*_ROOT, "mount", "-o", f"remount,{options}", str(folder)], check=True)
