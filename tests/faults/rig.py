"""The whole chain: numbered meters, reader, broker, storer and database, each as a process that can fail."""

import contextlib
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.support.meters import ADDRESSES, Meter
from tests.support.programs import Program, run_command
from tests.support.servers import FAST_DATABASE, HOST, Broker, Database, free_port


class Rig:
    """Broker, database, reader and storer, each a process of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        frames_a_second: float = 30.0,
        broker_config: str = "",
        batch_wait: str = "0s",
        spool: Path | None = None,
        port: str | None = None,
        broker_ports: tuple[int, int] | None = None,
        database_port: int | None = None,
        database_hosts: Sequence[str] = (HOST,),
        meters: int = 1,
    ) -> None:
        """Prepare everything.

        Args:
            folder: where all of it lives.
            frames_a_second: of each meter.
            broker_config: more lines for the broker.
            batch_wait: how long the storer waits for a batch to fill.
            spool: the reader's, if not below `folder`.
            port: the reader's, or a list of them in YAML, instead of the rig's meters.
            broker_ports: the ones that reader and storer use, when there is a proxy.
            database_port: the one that the storer uses, when there is a proxy.
            database_hosts: the hosts of the database in the storer's configuration; the rig's own is at HOST.
            meters: how many there are, each on a port of its own.
        """
        self.folder = folder
        self._stack = contextlib.ExitStack()
        self.memory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-")))
        self.meters = [Meter(frames_a_second, address=each) for each in ADDRESSES[: 0 if port else meters]]
        self.meter = self.meters[0] if self.meters else None
        listed = ", ".join(f"socket://{HOST}:{meter.port}" for meter in self.meters)
        if meters > 1:
            listed = f"[{listed}]"
        self.clock_ahead = 0.0  # seconds; of the reader
        self.broker = Broker(folder / "broker", port=free_port(), config=broker_config)
        self.database = Database(folder / "database", options=FAST_DATABASE)
        reader_broker, storer_broker = broker_ports or (self.broker.port, self.broker.port)
        self.spool = spool or folder / "spool"
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
        self.reader: Program | None = None
        self.storer: Program | None = None

    def __enter__(self) -> "Rig":
        self._stack.enter_context(self.broker)
        self._stack.enter_context(self.database)
        return self

    def __exit__(self, *_: object) -> None:
        for meter in self.meters:
            meter.stop()
        for program in (self.reader, self.storer):
            if program is not None and program.running:
                program.kill()
        self._stack.close()

    def start_reader(self) -> Program:
        command = ["reader", "run", "--config", str(self.reader_config)]
        if self.clock_ahead:
            command = ["tests.faults.clock_ahead", str(self.clock_ahead), *command]
        self.reader = Program("reader", *command, folder=self.folder).start()
        return self.reader

    def start_storer(self) -> Program:
        command = ("storer", "run", "--config", str(self.storer_config))
        self.storer = Program("storer", *command, folder=self.folder).start()
        return self.storer

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

    def confirmed(self) -> object:
        """Return how many frames the reader knows to be stored; up to a minute old."""
        delivery = self.health("reader")["delivery"]
        assert isinstance(delivery, dict)
        return delivery["confirmed"]

    def command(self, module: str, *arguments: str, config: Path) -> subprocess.CompletedProcess[str]:
        """Run one of the programs' other commands to its end."""
        return run_command(module, *arguments, "--config", config)
