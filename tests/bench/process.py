"""What a process has cost so far: CPU time, memory; from /proc, all threads."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

_RESIDENT = re.compile(r"^VmRSS:\s*(\d+) kB$", re.MULTILINE)
#: Lets Python keep compiled files, as in an installation: compiling takes as long as the rest of an import.
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used since its start, or between two moments."""

    cpu: float  # seconds
    elapsed: float  # seconds, monotonic

    def __sub__(self, earlier: "Usage") -> "Usage":
        return Usage(self.cpu - earlier.cpu, self.elapsed - earlier.elapsed)

    @property
    def cpu_a_second(self) -> float:
        """Milliseconds of CPU time a second."""
        return self.cpu / self.elapsed * 1000


def usage(pid: int) -> Usage:
    """Return what a process has used; the time of threads that have ended is not in it."""
    cpu = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            # schedstat counts in nanoseconds; /proc/PID/stat only in hundredths of a second.
            cpu += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):  # the thread has just ended
            continue
    return Usage(cpu / 1e9, time.monotonic())


def resident(pid: int) -> float:
    """Return the memory of a process, in MB (2^20 bytes)."""
    found = _RESIDENT.search(Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise ProcessLookupError(f"process {pid} has no memory: it has ended")
    return int(found[1]) / 1024
