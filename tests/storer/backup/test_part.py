"""The file that a backup is written to, in a folder that others may write into, too."""

from pathlib import Path

import pytest

from storer.backup import create


def test_a_link_that_somebody_else_has_made_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is known beforehand, and the backup may be made by an administrator."""
    file, victim = tmp_path / "teleinfodb.jsonl.gz", tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / ".teleinfodb.jsonl.gz.part"
    monkeypatch.setattr(create, "_remove_abandoned", lambda _: link.symlink_to(victim))
    with pytest.raises(OSError, match="symbolic links"), create._part(file) as (_, stream):
        stream.write(b"backup")
    assert victim.read_text() == "precious"
