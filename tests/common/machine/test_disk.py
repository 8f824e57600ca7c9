from pathlib import Path

import pytest

from common.machine.disk import memory_backed, nearest_existing

MOUNTS = r"""22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:21 / /run rw,nosuid - tmpfs tmpfs rw,size=1000k
24 23 0:22 / /run/user\040data rw shared:2 master:1 - ext4 /dev/sdb rw
25 22 0:23 / /memory rw - ramfs none rw
26 22 0:24 / /twice rw - tmpfs none rw
27 26 0:25 / /twice rw - ext4 /dev/sdc rw
"""


@pytest.mark.parametrize(
    ("folder", "backed"),
    [
        ("/run/teleinfo", True),
        ("/run", True),
        ("/running/teleinfo", False),
        ("/run/user data/teleinfo", False),
        ("/run/user/data", True),
        ("/memory/not/there/yet", True),
        ("/var/lib/teleinfo", False),
        ("/twice/teleinfo", False),
    ],
)
def test_a_folder_is_in_memory_if_the_file_system_it_is_on_is(tmp_path: Path, folder: str, backed: bool) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert memory_backed(Path(folder), mounts) is backed


def test_without_a_table_of_mounts_no_folder_is_in_memory(tmp_path: Path) -> None:
    assert memory_backed(Path("/run"), tmp_path / "missing") is False


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    (tmp_path / "link").symlink_to("/memory")
    assert memory_backed(tmp_path / "link" / "later", mounts)
    assert not memory_backed(tmp_path / "later", mounts)


def test_the_nearest_existing_folder_is_the_folder_itself_or_one_above(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path) == tmp_path
    assert nearest_existing(tmp_path / "run" / "teleinfo") == tmp_path
