"""A share of a core for a process, and no more: by the kernel's control groups, which only root may make."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Disturbed

_PERIOD = 100_000  # microseconds
_numbers = itertools.count(1)


@contextlib.contextmanager
def cpu_limit(cores: float) -> Iterator[Path]:
    """Make a group whose processes may use so many cores; its file takes their pids. They must have ended at the end.

    Raises:
        Disturbed: there are no control groups for CPU time, or we may not make one.
    """
    try:
        parent, version = _controller()
        group = parent / f"teleinfo-bench-{os.getpid()}-{next(_numbers)}"
        group.mkdir()
    except OSError as error:
        raise Disturbed(f"no control groups: {error}") from error
    try:
        quota = round(cores * _PERIOD)
        if version == 1:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def _controller() -> tuple[Path, int]:
    """Return where groups for CPU time are made, and the version of their interface."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup" and "cpu" in options.split(","):
            return Path(where), 1
    root = Path("/sys/fs/cgroup")
    if "cpu" in (root / "cgroup.subtree_control").read_text().split():
        return root, 2
    raise OSError("no control groups for CPU time")
