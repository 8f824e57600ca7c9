"""Opening journal and spool: what is wrong is named by its option, once, and tried again."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.errors import NotReady
from reader.buffer.spool import Spool
from reader.config import SpoolConfig
from reader.delivery.storage import Storage


def storage(folder: Path, journal: str = "journal", spool: str = "spool") -> Storage:
    return Storage(SpoolConfig(journal=folder / journal, path=folder / spool), "pi")


@contextmanager
def another_reader(folder: Path) -> Iterator[Spool]:
    spool = Spool(folder, max_size=64_000_000)
    spool.open()
    yield spool
    spool.close()


def warnings(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() and record.levelno == logging.WARNING for record in caplog.records)


def test_a_journal_in_use_by_another_reader_raises_not_ready(tmp_path: Path) -> None:
    journal, _ = storage(tmp_path).open_journal()
    with pytest.raises(NotReady, match=r"spool\.journal: "):
        storage(tmp_path).open_journal()
    journal.close()
    storage(tmp_path).open_journal()[0].close()


def test_a_journal_that_cannot_be_used_raises_not_ready_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    with pytest.raises(NotReady, match=r"spool\.journal: .*/journal .*File exists"):
        storage(tmp_path).open_journal()
    (tmp_path / "journal").unlink()
    storage(tmp_path).open_journal()[0].close()


def test_a_spool_in_use_by_another_reader_raises_not_ready(tmp_path: Path) -> None:
    with another_reader(tmp_path / "spool"), pytest.raises(NotReady, match=r"spool\.path: "):
        storage(tmp_path).open_spool()


def test_a_spool_that_cannot_be_used_is_none_and_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "spool").touch()
    opener = storage(tmp_path)
    assert opener.open_spool() is None
    assert opener.retry_spool() is None
    assert warnings(caplog, "spool.path") == 1
    (tmp_path / "spool").unlink()
    spool = opener.retry_spool()
    assert spool is not None
    spool.close()


def test_a_disk_that_is_mounted_later_and_used_by_another_reader_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").touch()
    opener = storage(tmp_path)
    assert opener.open_spool() is None
    (tmp_path / "spool").unlink()
    with another_reader(tmp_path / "spool"):
        assert opener.retry_spool() is None
        assert opener.retry_spool() is None
    assert warnings(caplog, "in use by another reader") == 1


def test_journal_and_spool_may_be_one_folder(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "spool").symlink_to(tmp_path / "journal")
    opener = storage(tmp_path)
    journal, _ = opener.open_journal()
    spool = opener.open_spool()
    assert spool is not None
    spool.close()
    journal.close()


def test_a_damaged_spool_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "spool.sqlite").write_bytes(b"damage")
    spool = storage(tmp_path).open_spool()
    assert spool is not None
    spool.close()
    assert warnings(caplog, "spool.sqlite is set aside as") == 1
