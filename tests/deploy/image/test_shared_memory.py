"""How the image sees that a kill of its container loses frames."""

import pytest

from deploy.image.shared_memory import is_own

ROOT = "overlay / overlay rw,relatime 0 0\n"
OWN = "shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k 0 0\n"


@pytest.mark.parametrize(
    ("mounts", "own"),
    [
        (ROOT + OWN, True),
        (ROOT + OWN.replace("65536k", "64000k,uid=1000"), True),  # Podman
        (ROOT + "tmpfs /dev/shm tmpfs rw,nosuid,nodev,inode64 0 0\n", False),  # that of most machines
        (ROOT + "shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime 0 0\n", False),  # that of Alpine Linux
        (ROOT + OWN + "tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0\n", False),  # over it
        (ROOT, False),
    ],
)
def test_it_is_the_containers_own_if_docker_has_made_it(mounts: str, own: bool) -> None:
    assert is_own(mounts) is own
