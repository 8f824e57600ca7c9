"""Which changes of the page's files the watcher sees."""

import os
from pathlib import Path

from deploy.image.watch import version


def test_a_file_that_comes_changes_or_goes_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "accounts"
    seen = [version(file)]
    file.write_text("a")
    seen.append(version(file))
    (tmp_path / "new").write_text("b")  # of the same length, perhaps within the same tick of the clock
    os.utime(tmp_path / "new", ns=(0, file.stat().st_mtime_ns))
    (tmp_path / "new").rename(file)
    seen.append(version(file))
    file.unlink()
    assert len(set(seen)) == 3
    assert version(file) == seen[0]
