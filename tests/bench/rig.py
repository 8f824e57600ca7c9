"""The servers and programs that a measurement needs, each in a folder that is removed afterwards."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.programs import Service
from tests.support.servers import FAST_DATABASE, Broker, Database

_QUEUES = "max_queued_messages 0\nmax_queued_bytes 0"  # no limit: a backlog is what is measured


class Rig:
    """A broker, a database, and the programs in front of and behind them; started as they are needed."""

    def __init__(self, folder: Path, memory: Path, stack: contextlib.ExitStack) -> None:
        self.folder, self._memory, self._stack = folder, memory, stack
        self.broker = stack.enter_context(Broker(folder / "broker", config=_QUEUES))

    def database(self) -> Database:
        """Start a database."""
        return self._stack.enter_context(Database(self.folder / "database", options=FAST_DATABASE))

    def reader(self, port: str, **settings: Any) -> Service:
        """Prepare a reader."""
        spool = {"journal": str(self._memory / "journal"), "path": str(self.folder / "spool")}
        return self._program("reader", {"port": port, "spool": spool, **settings})

    def storer(self, database: Database) -> Service:
        """Prepare a storer."""
        return self._program("storer", {"database": database.login})

    def _program(self, name: str, settings: dict[str, Any]) -> Service:
        mqtt = {"host": self.broker.host, "port": self.broker.port}
        return self._stack.enter_context(Service(name, self.folder, {"name": "bench", "mqtt": mqtt, **settings}))


@contextlib.contextmanager
def rig() -> Iterator[Rig]:
    """Provide a rig; all that it started has ended when this returns."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="teleinfo-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        memory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-bench-")))
        yield Rig(folder, memory, stack)
