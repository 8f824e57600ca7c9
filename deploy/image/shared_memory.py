"""Whether /dev/shm is this container's own, and so lost with it. Pure: no I/O."""

#: What Docker and Podman give a container of its own.
_OWN = ("65536k", "64000k")
#: What to say then, once.
ADVICE = (
    "The container has a /dev/shm of its own: if the container is killed, what the meter has sent in the last seconds,"
    " and is not stored yet, is lost. To keep it, create the container with -v /dev/shm:/dev/shm"
)


def is_own(mounts: str) -> bool:
    """Tell it by /proc/self/mounts.

    >>> is_own("shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k 0 0")
    True
    >>> is_own("tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0")
    False
    """
    lines = [line.split() for line in mounts.splitlines()]
    found = next((line for line in reversed(lines) if len(line) > 3 and line[1] == "/dev/shm"), None)  # noqa: S108
    sizes = {f"size={size}" for size in _OWN}
    return found is not None and found[0] == "shm" and not sizes.isdisjoint(found[3].split(","))
