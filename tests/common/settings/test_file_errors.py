import errno
import os
import pwd
from pathlib import Path

import pytest

from common.settings.file_errors import permission_fix


def denied(file: Path) -> str:
    return permission_fix(PermissionError(errno.EACCES, "Permission denied", str(file)))


def test_a_file_without_permission_is_explained_by_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch(mode=0o600)
    assert denied(file) == f"it is yours: chmod u+rw {file}"
    owner = pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    assert denied(file) == f"it belongs to {owner}: use sudo"
    assert denied(tmp_path / "missing") == f"it belongs to {owner}: use sudo"  # its folder does


def test_a_device_without_permission_is_explained_by_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Path("/dev/ptmx")
    monkeypatch.setattr("common.settings.file_errors.group_of", lambda _: "dialout")
    assert "usermod -aG dialout" in denied(device)
