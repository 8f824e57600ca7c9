"""The whole chain: numbered meters, reader, broker, storer and database, each as a process that can fail."""

import contextlib
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.base.addresses import SavedAddresses, write_addresses
from tests.faults.counted import Counted
from tests.support.meters import ADDRESSES, Meter
from tests.support.programs import Program, run_command
from tests.support.servers import FAST_DATABASE, HOST, Broker, Database, FaultyServer, free_port

SERVERS = ("broker", "database")
FRAMES_A_SECOND = 10.0  # of each meter
FIRST = 2000  # number of the first frame of each: so many VA are too much for a breaker of 1 kVA


class Processes:
    """Broker, database, reader, storer and monitor, each a process of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        port: str | None = None,
        meters: int = 0,
        broker_config: str = "",
        database_hosts: Sequence[str] = (HOST,),
        proxies: Mapping[str, int] | None = None,
    ) -> None:
        """Prepare everything, with the reader's `port` or with numbered meters.

        `proxies` are the ports by which storer and reader reach their servers, and the reader the first meter, if not
        theirs: `storer`, `reader`, `database`, `line`.
        """
        self.folder = folder
        self._stack = contextlib.ExitStack()
        self.memory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-")))
        self.meters = [Meter(FRAMES_A_SECOND, address=address, first=FIRST) for address in ADDRESSES[:meters]]
        self.counted = Counted(self.meters, self.sql)
        self.clock_ahead = 0.0  # seconds; of the reader
        self.broker = Broker(folder / "broker", port=free_port(), config=broker_config)
        self.database = Database(folder / "database", options=FAST_DATABASE)
        ports = {"reader": self.broker.port, "storer": self.broker.port, "database": self.database.port}
        ports |= proxies or {}
        lines = [meter.port for meter in self.meters]
        if "line" in ports:
            lines[0] = ports["line"]
        listed = ", ".join(f"socket://{HOST}:{each}" for each in lines)
        self.spool = folder / "spool"
        self.monitor_config = folder / "monitor.yaml"
        self.reader_config = folder / "reader.yaml"
        self.reader_config.write_text(
            f"name: rig\n"
            f"port: {port or f'[{listed}]'}\n"
            f"mqtt: {{host: {HOST}, port: {ports['reader']}}}\n"
            f"spool: {{journal: {self.memory}/journal, path: {self.spool}}}\n"
        )
        self.storer_config = folder / "storer.yaml"
        self.storer_config.write_text(
            f"name: rig\n"
            f"mqtt: {{host: {HOST}, port: {ports['storer']}}}\n"
            f"database: {{host: [{', '.join(database_hosts)}], port: {ports['database']},\n"
            f"  user: {self.database.user}, name: {self.database.name},\n"
            f"  password_file: {self.folder / 'database' / 'password'}}}\n"
            f"batch: {{wait: 0s}}\n"
        )
        self._programs: dict[str, Program] = {}
        self.kills: Counter[str] = Counter()

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

    def start_monitor(self, address: str) -> Program:
        """Start the monitor, whose alerts go to an address."""
        state = self.folder / "monitor"
        state.mkdir()
        write_addresses(state, SavedAddresses(1, (address,)))
        config = {
            "name": "rig",
            "listen": {"port": free_port()},
            "auth": "none",
            "state": str(state),
            "mqtt": {"host": HOST, "port": self.broker.port},
            "database": self.database.login,
        }
        self.monitor_config.write_text(json.dumps(config))
        self.start("monitor")
        return self._programs["monitor"]

    def start(self, *parts: str) -> None:
        """Start parts that do not run, the servers first."""
        for part in sorted(parts, key=lambda part: part not in SERVERS):
            if isinstance(server := self._part(part), FaultyServer):
                server.start()
                continue
            if part not in self._programs:
                command = [part, "run", "--config", str(getattr(self, f"{part}_config"))]
                if self.clock_ahead and part == "reader":
                    command = ["tests.faults.clock_ahead", str(self.clock_ahead), *command]
                self._programs[part] = Program(part, *command, folder=self.folder)
            self._programs[part].start()

    def kill(self, *parts: str) -> None:
        """Kill parts with SIGKILL."""
        for part in parts:
            self._part(part).kill()
            self.kills[part] += 1

    def stop(self, *parts: str) -> None:
        """Stop parts as an administrator does; the programs first."""
        for part in sorted(parts, key=lambda part: part in SERVERS):
            assert self._part(part).stop() in (0, None), part

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
