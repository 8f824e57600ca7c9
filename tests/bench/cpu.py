"""How much CPU time a piece of work takes, on both sides of the connection to a database."""

import time
from collections.abc import Callable

from tests.support.servers import Database as Server

_SETTLED_WITHIN = 60.0  # seconds
_LOOK = 0.01  # seconds
BETWEEN_STEPS = 1.5  # seconds; a monitor begins a step of its background work at most once a second
_IDLE = 0.03  # of a processor


class Cpu:
    """CPU time of a database and of the program that asks, in seconds: what else runs matters little."""

    def __init__(self, server: Server, program: int | None = None) -> None:
        """`program` is the process that asks; None: this one."""
        assert server.process is not None
        self._clock = _clock_of(server.process.pid)
        self._program = time.CLOCK_PROCESS_CPUTIME_ID if program is None else _clock_of(program)

    def now(self) -> float:
        return time.clock_gettime(self._program) + time.clock_gettime(self._clock)

    def settle(self, look: float = _LOOK) -> None:
        """Wait until both do nothing for `look` seconds: a server writes pages for a while after a statement."""
        deadline = time.monotonic() + _SETTLED_WITHIN
        while time.monotonic() < deadline:
            before = self.now()
            time.sleep(look)
            if self.now() - before < look * _IDLE:
                return


def _clock_of(pid: int) -> int:
    return ~pid << 3 | 2  # of all its threads, also of those that have ended: CPUCLOCK_SCHED


def timed(cpu: Cpu, work: Callable[[], object], calls: int) -> Callable[[], float]:
    """Return a function that measures a call, in milliseconds of CPU time: the least of so many."""

    def measure() -> float:
        times = []
        for _ in range(calls):
            begun = cpu.now()
            work()
            times.append((cpu.now() - begun) * 1000)
        return min(times)

    return measure
