"""Files that are replaced: whole at each moment, and of whom they should be."""

import os
from pathlib import Path

import pytest

from common.machine.files import replace_file


def test_a_file_has_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        replace_file(tmp_path / "file", b"new", mode=0o644)
    finally:
        os.umask(before)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o644


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("No space left on device")

    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(tmp_path / "file", b"new", mode=0o600)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


def test_a_file_is_given_to_its_owner_before_others_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def fchown(handle: int, user: int, group: int) -> None:
        assert os.fstat(handle).st_mode & 0o777 == 0o600
        assert not (tmp_path / "file").exists()
        given.append((user, group))

    monkeypatch.setattr(os, "fchown", fchown)
    replace_file(tmp_path / "file", b"new", mode=0o640, owner=os.stat_result((0, 0, 0, 0, 101, 102, 0, 0, 0, 0)))
    assert given == [(101, 102)]
