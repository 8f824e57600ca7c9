"""What a folder with backups has after a kill, and after a backup that a person made with sudo."""

import os
from pathlib import Path

import pytest

from storer.backup.folder import Folder, new_file


def test_what_a_killed_backup_was_writing_is_removed_by_the_next(tmp_path: Path) -> None:
    names = ["teleinfodb-2026-11-24T021700Z.sql.gz", "teleinfodb-2026-08.month.gz", "other-2026-08.month.gz.part"]
    for name in (*names, "teleinfodb-2026-11-25T021700Z.sql.gz.part", "teleinfodb-2026-09.month.gz.part"):
        (tmp_path / name).touch()
    Folder(tmp_path, "teleinfodb").remove_unfinished()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


@pytest.mark.parametrize(("user", "given"), [(0, True), (10002, False)])
def test_what_root_writes_belongs_to_the_owner_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, given: bool
) -> None:
    """Or the storer could not read it in the night after."""
    owners: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "fchown", lambda _, *owner: owners.append(owner))
    with new_file(tmp_path / "x") as (writer, _):
        writer.finish({})
    folder = tmp_path.stat()
    assert owners == ([(folder.st_uid, folder.st_gid)] if given else [])
