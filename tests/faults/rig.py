"""The whole chain: numbered meters, reader, broker, storer and database, each as a process that can fail."""

import contextlib
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.support.meters import ADDRESSES, Meter
from tests.support.programs import Program, run_command
from tests.support.servers import FAST_DATABASE, HOST, Broker, Database, FaultyServer, free_port


class Delivery(Protocol):
    """The programs as they were delivered: as processes, in containers, in the app."""

    def start(self, part: str) -> None:
        """Start a part that does not run: reader, storer, monitor, broker or database."""

    def kill(self, part: str) -> None:
        """Kill a part with SIGKILL."""

    def stop(self, part: str) -> None:
        """Stop a part as an administrator does."""

    def log(self, part: str) -> str:
        """Return what a program has said since its first start."""

    def numbered(self) -> Counter[tuple[str, int]]:
        """Return how many rows there are for each meter and number."""


class Processes:
    """Broker, database, reader, storer and monitor, each a process of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        frames_a_second: float = 30.0,
        broker_config: str = "",
        batch_wait: str = "0s",
        port: str | None = None,
        broker_ports: tuple[int, int] | None = None,
        database_port: int | None = None,
        database_hosts: Sequence[str] = (HOST,),
        meters: int = 1,
        first: int = 0,
    ) -> None:
        """Prepare everything.

        Args:
            folder: where all of it lives.
            frames_a_second: of each meter.
            broker_config: more lines for the broker.
            batch_wait: how long the storer waits for a batch to fill.
            port: the reader's, or a list of them in YAML, instead of the rig's meters.
            broker_ports: the ones that reader and storer use, when there is a proxy.
            database_port: the one that the storer uses, when there is a proxy.
            database_hosts: the hosts of the database in the storer's configuration; the rig's own is at HOST.
            meters: how many there are, each on a port of its own.
            first: the number of the first frame of each.
        """
        self.folder = folder
        self._stack = contextlib.ExitStack()
        self.memory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-")))
        self.meters = [Meter(frames_a_second, address=each, first=first) for each in ADDRESSES[: 0 if port else meters]]
        self.meter = self.meters[0] if self.meters else None
        listed = ", ".join(f"socket://{HOST}:{meter.port}" for meter in self.meters)
        if meters > 1:
            listed = f"[{listed}]"
        self.clock_ahead = 0.0  # seconds; of the reader
        self.broker = Broker(folder / "broker", port=free_port(), config=broker_config)
        self.database = Database(folder / "database", options=FAST_DATABASE)
        reader_broker, storer_broker = broker_ports or (self.broker.port, self.broker.port)
        self.spool = folder / "spool"
        self.monitor_config = folder / "monitor.yaml"
        self.reader_config = folder / "reader.yaml"
        self.reader_config.write_text(
            f"name: rig\n"
            f"port: {port or listed}\n"
            f"mqtt: {{host: {HOST}, port: {reader_broker}}}\n"
            f"spool: {{journal: {self.memory}/journal, path: {self.spool}}}\n"
        )
        self.storer_config = folder / "storer.yaml"
        self.storer_config.write_text(
            f"name: rig\n"
            f"mqtt: {{host: {HOST}, port: {storer_broker}}}\n"
            f"database: {{host: [{', '.join(database_hosts)}], port: {database_port or self.database.port},\n"
            f"  user: {self.database.user}, name: {self.database.name},\n"
            f"  password_file: {self.folder / 'database' / 'password'}}}\n"
            f"batch: {{wait: {batch_wait}}}\n"
        )
        self._programs: dict[str, Program] = {}

    def __enter__(self) -> "Processes":
        self._stack.enter_context(self.broker)
        self._stack.enter_context(self.database)
        return self

    def __exit__(self, *_: object) -> None:
        for meter in self.meters:
            meter.stop()
        for program in self._programs.values():
            if program.running:
                program.kill()
        self._stack.close()

    @property
    def reader(self) -> Program | None:
        return self._programs.get("reader")

    @property
    def storer(self) -> Program | None:
        return self._programs.get("storer")

    def start_reader(self) -> Program:
        self.start("reader")
        return self._programs["reader"]

    def start_storer(self) -> Program:
        self.start("storer")
        return self._programs["storer"]

    def start_monitor(self, **alerts: Any) -> Program:
        """Start the monitor; `alerts` are those of its configuration."""
        config = {
            "name": "rig",
            "listen": {"port": free_port()},
            "auth": "none",
            "state": str(self.folder / "monitor"),
            "mqtt": {"host": HOST, "port": self.broker.port},
            "database": self.database.login,
            "alerts": alerts,
        }
        self.monitor_config.write_text(json.dumps(config))
        self.start("monitor")
        return self._programs["monitor"]

    def start(self, part: str) -> None:
        """Start a part that does not run."""
        if isinstance(server := self._part(part), FaultyServer):
            server.start()
            return
        if part not in self._programs:
            command = [part, "run", "--config", str(getattr(self, f"{part}_config"))]
            if self.clock_ahead and part != "storer":
                command = ["tests.faults.clock_ahead", str(self.clock_ahead), *command]
            self._programs[part] = Program(part, *command, folder=self.folder)
        self._programs[part].start()

    def kill(self, part: str) -> None:
        """Kill a part with SIGKILL."""
        self._part(part).kill()

    def stop(self, part: str) -> None:
        """Stop a part as an administrator does."""
        self._part(part).stop()

    def log(self, part: str) -> str:
        """Return what a program has said since its first start."""
        return self._programs[part].text()

    def set_clock(self, ahead: float) -> None:
        """Put the reader's clock ahead, in seconds, from its next start on."""
        self.clock_ahead = ahead
        del self._programs["reader"]

    def _part(self, part: str) -> Any:
        servers = {"broker": self.broker, "database": self.database}
        return servers.get(part) or self._programs.get(part)

    def sql(self, statement: str) -> list[list[str]]:
        """Run SQL as the administrator; return the rows as text."""
        return [line.split("\t") for line in self.database.sql(f"USE {self.database.name}; {statement}").splitlines()]

    def rows(self) -> dict[int, int]:
        """Return how many rows there are for each number."""
        return {
            int(number): int(count) for number, count in self.sql("SELECT power, COUNT(*) FROM frames GROUP BY power")
        }

    def numbered(self) -> Counter[tuple[str, int]]:
        """Return how many rows there are for each meter and number."""
        query = "SELECT identifier, power, COUNT(*) FROM frames LEFT JOIN meters ON id = meter_id GROUP BY 1, 2"
        return Counter({(meter, int(number)): int(count) for meter, number, count in self.sql(query)})

    def health(self, program: str) -> dict[str, object]:
        """Return the last health message of a program, which the broker retains."""
        topic = f"teleinfo/{program}/rig/health"
        output = subprocess.run(
            ["mosquitto_sub", "-h", HOST, "-p", str(self.broker.port), "-C", "1", "-W", "10", "-t", topic],
            capture_output=True,
            check=True,
        ).stdout
        report = json.loads(output)
        assert isinstance(report, dict)
        return report

    def command(self, module: str, *arguments: str, config: Path) -> subprocess.CompletedProcess[str]:
        """Run one of the programs' other commands to its end."""
        return run_command(module, *arguments, "--config", config)
