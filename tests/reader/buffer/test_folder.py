"""Folders for frames: in a place where everybody may write, another user cannot prepare one for us."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reader.buffer.folder import open_private, open_trusted, refusal
from reader.buffer.item import Item, ItemKind
from reader.buffer.journal import FILE as JOURNAL
from reader.buffer.journal import Journal
from reader.buffer.spool import FILE as SPOOL
from reader.buffer.spool import Spool

SOMEBODY = 12345
FRAME = Item(ItemKind.FRAME, "031961123456", 1_790_000_000_000_000, b"{}")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


@pytest.fixture
def everybodys(tmp_path: Path) -> Path:
    """A folder such as /tmp."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


def open_journal(folder: Path) -> Journal:
    journal = Journal(folder, "cellar")
    journal.open()
    return journal


def open_spool(folder: Path) -> Spool:
    spool = Spool(folder, max_size=1_000_000)
    spool.open()
    return spool


def status(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((stat.S_IFDIR | mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755])
def test_a_folder_of_ours_in_which_only_we_may_write_is_taken(mode: int) -> None:
    assert refusal(status(mode, SOMEBODY), SOMEBODY) == ""


@pytest.mark.parametrize(
    ("mode", "owner", "reason"),
    [
        (0o700, 0, "user 0"),
        (0o700, SOMEBODY + 1, "user 12346"),
        (0o770, SOMEBODY, "others"),
        (0o1777, SOMEBODY, "others"),
    ],
)
def test_any_other_is_refused_with_the_reason(mode: int, owner: int, reason: str) -> None:
    assert reason in refusal(status(mode, owner), SOMEBODY)


@needs_root
@pytest.mark.parametrize("open_it", [open_journal, open_spool])
def test_a_folder_that_another_user_has_prepared_is_not_used(everybodys: Path, open_it: object) -> None:
    folder = everybodys / "frames"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    os.chown(folder, SOMEBODY, SOMEBODY)
    with pytest.raises(PermissionError, match="belongs to user 12345"):
        open_it(folder)  # type: ignore[operator]
    assert list(folder.iterdir()) == []


def test_the_journal_follows_no_link(everybodys: Path, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir(mode=0o700)
    (everybodys / "journal").symlink_to(tmp_path / "ours")
    with pytest.raises(OSError, match="symbolic link"):
        open_journal(everybodys / "journal")
    assert list((tmp_path / "ours").iterdir()) == []


def test_a_link_that_leads_nowhere_makes_no_folder_there(everybodys: Path, tmp_path: Path) -> None:
    (everybodys / "journal").symlink_to(tmp_path / "new")
    with pytest.raises(OSError, match="File exists"):
        open_journal(everybodys / "journal")
    assert not (tmp_path / "new").exists()


def test_a_folder_in_which_everybody_may_write_is_no_journal(everybodys: Path) -> None:
    with pytest.raises(PermissionError, match="others may write"):
        open_journal(everybodys)
    assert list(everybodys.iterdir()) == []


def test_the_spool_may_be_a_link_of_the_administrator_to_another_disk(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "spool").symlink_to(tmp_path / "disk")
    spool = open_spool(tmp_path / "spool")
    spool.append([FRAME])
    spool.close()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == [SPOOL]


@needs_root
def test_a_link_of_another_user_is_no_spool(everybodys: Path, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (everybodys / "spool").symlink_to(tmp_path / "ours")
    os.lchown(everybodys / "spool", SOMEBODY, SOMEBODY)
    # With fs.protected_symlinks, which distributions set, the kernel refuses first.
    with pytest.raises(PermissionError, match=r"link of user 12345|Permission denied"):
        open_spool(everybodys / "spool")


@pytest.mark.parametrize(("open_it", "name"), [(open_journal, JOURNAL), (open_spool, SPOOL)])
def test_a_link_in_place_of_a_file_is_set_aside_and_not_followed(
    tmp_path: Path, open_it: Callable[[Path], Journal | Spool], name: str
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    (folder / name).symlink_to(precious)
    open_it(folder).close()
    assert precious.read_text() == "precious"
    assert (folder / f"{name}.unusable.1").is_symlink()


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for open_it in (open_private, open_trusted):
        with pytest.raises(NotADirectoryError):
            open_it(tmp_path / "file")
