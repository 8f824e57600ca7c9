"""How much CPU time a piece of work takes, on both sides of the connection to a database."""

import contextlib
import time
from pathlib import Path

from demo.servers import Database as Server


class Cpu:
    """CPU time of this process and of a server, in seconds: what else runs on the machine matters little."""

    def __init__(self, server: Server) -> None:
        assert server.process is not None
        self._tasks = Path(f"/proc/{server.process.pid}/task")

    def now(self) -> float:
        threads = 0
        for task in self._tasks.iterdir():
            with contextlib.suppress(OSError):  # a thread that has just ended
                threads += int((task / "schedstat").read_text().split()[0])
        return time.process_time() + threads / 1e9
