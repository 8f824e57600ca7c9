"""The file with the addresses of messages: of one user alone, whole at each moment."""

import os
from pathlib import Path

import pytest

from monitor.base.addresses import NAME, SavedAddresses, read_addresses, write_addresses

SAVED = SavedAddresses(3, ("ntfys://me:secret@example.org/house", "mailtos://me:secret@example.org"))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read_addresses(tmp_path) == SavedAddresses()  # nobody wrote any
    write_addresses(tmp_path, SAVED)
    assert read_addresses(tmp_path) == SAVED


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_addresses(tmp_path, SAVED)
    finally:
        os.umask(before)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("No space left on device")

    write_addresses(tmp_path, SAVED)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_addresses(tmp_path, SavedAddresses(4, ()))
    assert read_addresses(tmp_path) == SAVED
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_what_root_writes_is_of_whoever_has_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given.append((user, group)))
    write_addresses(tmp_path, SAVED)
    assert given == [(tmp_path.stat().st_uid, tmp_path.stat().st_gid)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b'{"urls": []}',
        b'{"version": 1, "urls": "ntfy://secret"}',
        b'{"version": 1, "urls": [["ntfy://secret"]]}',
        b'{"version": "x", "urls": []}',
    ],
)
def test_a_file_that_rotted_is_an_error_that_shows_nothing_of_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the kind is what counts
        read_addresses(tmp_path)
    assert "secret" not in str(error.value)
