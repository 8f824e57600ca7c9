"""The disk of the database is full: nothing is rejected, and nothing is lost."""

from pathlib import Path

from tests.faults.rig import Rig
from tests.faults.test_disk import WITHIN, fill, mounted
from tests.support.programs import wait_until


def test_frames_wait_until_there_is_room_again(tmp_path: Path) -> None:
    disk = tmp_path / "database"
    with mounted(disk, "size=256m"), Rig(tmp_path) as rig:
        storer = rig.start_storer()
        storer.wait_for_log("Ready: ", "Connected to the broker")
        # A compressed table is a sparse file: it grows on a full disk, too, and only its pages are not written.
        rig.sql("ALTER TABLE frames PAGE_COMPRESSED=0")
        reader = rig.start_reader()
        wait_until(lambda: len(rig.rows()) > 10, WITHIN, "frames are stored", [storer, reader])
        fill(disk)
        reader.wait_for_log("Storer rig is stalled", within=WITHIN)
        sent = rig.meters[0].sent
        begun = len(sent)
        wait_until(lambda: len(sent) > begun + 100, WITHIN, "the meter goes on", [storer, reader])
        must = {number for number, _ in sent[begun:]}
        (disk / "hog").unlink()
        reader.wait_for_log("(?s)rig is stalled.*rig is online", within=WITHIN)
        wait_until(lambda: must <= rig.rows().keys(), WITHIN, "all arrive", [storer, reader])
        assert set(rig.rows().values()) == {1}
        assert rig.sql("SELECT COUNT(*) FROM rejected_messages") == [["0"]]
        assert storer.stop() == 0
    [line] = storer.lines("WARNING database ")
    assert "is full (1114)" in line
    assert "free space" in line
