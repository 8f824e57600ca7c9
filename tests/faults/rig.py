"""The whole chain, with real programs, and meters whose frames are numbered."""

import contextlib
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from demo.servers import HOST, Broker, Database, die_with, free_port

ROOT = Path(__file__).parents[2]
# A kill of the server loses nothing with 2; only a power cut of the machine would.
FAST_DATABASE = ("--innodb-flush-log-at-trx-commit=2",)
METER = "031961123456"
ADDRESSES = (METER, "031961234567", "021961345678")  # of the meters, in the order of their ports
MESSAGE_EVERY = 50  # frames after which a meter shows another message: a label set of its own


def group(label: str, *fields: str) -> bytes:
    """Write a standard-mode group, by the definition of its checksum."""
    zone = "\t".join((label, *fields)).encode() + b"\t"
    return b"\n" + zone + bytes([(sum(zone) & 0x3F) + 0x20]) + b"\r"


def message_of(address: str, number: int) -> str:
    """The message that a meter shows with this frame: no other has the same."""
    return f"{address} {number // MESSAGE_EVERY:019}"


def numbered_frame(number: int, index: int, now: float, address: str = METER) -> bytes:
    """Write a frame that carries its number as SINSTS, and the message of that number."""
    stamp = time.strftime("H%y%m%d%H%M%S", time.gmtime(now + 3600))
    groups = (
        group("ADSC", address),
        group("DATE", stamp, ""),
        group("NGTF", "      BASE      "),
        group("EAST", f"{index:09}"),
        group("EASF01", f"{index:09}"),
        group("EASD01", f"{index:09}"),
        group("IRMS1", f"{number % 60:03}"),
        group("URMS1", f"{225 + number % 10:03}"),
        group("PREF", "09"),
        group("SINSTS", f"{number:05}"),
        group("STGE", "003A0001"),
        group("MSG1", message_of(address, number)),
        group("NTARF", "01"),
    )
    return b"\x02" + b"".join(groups) + b"\x03"


class Meter:
    """A meter behind a TCP port (`socket://`), that writes down what it sent, when, and whether somebody listened."""

    def __init__(self, frames_a_second: float, host: str = HOST, address: str = METER) -> None:
        self.address = address
        self.sent: list[tuple[int, float]] = []  # number, monotonic time; only what went to a reader
        self.interruptions: list[tuple[float, float]] = []  # when nobody can be expected to have read
        self._pace = 1 / frames_a_second
        self._server = socket.create_server((host, 0))
        self.port: int = self._server.getsockname()[1]
        self._stop = threading.Event()
        self._cut_until = 0.0
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)
        self._thread.start()

    def cut(self, seconds: float) -> None:
        """Cut the line for a while."""
        self._cut_until = time.monotonic() + seconds

    def stop(self) -> None:
        """Send nothing more."""
        self._stop.set()
        self._thread.join()
        self._server.close()

    def _run(self) -> None:
        number = 0
        began = time.time()
        self._server.settimeout(0.1)
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(60)
                due = time.monotonic()
                while not self._stop.is_set() and time.monotonic() >= self._cut_until:
                    now = time.time()
                    # Two kilowatts: an index that moves as a meter's does.
                    index = 10_000_000 + int((now - began) * 2000 / 3600)
                    frame = numbered_frame(number, index, now, self.address)
                    try:
                        if _hung_up(connection):
                            break
                        connection.sendall(frame)
                    except OSError:
                        number += 1
                        break
                    self.sent.append((number, time.monotonic()))
                    number += 1
                    due += self._pace
                    self._stop.wait(max(0.0, due - time.monotonic()))
            while time.monotonic() < self._cut_until and not self._stop.wait(0.05):
                pass


def _hung_up(connection: socket.socket) -> bool:
    """Tell whether the reader has gone: the first frame sent to a closed connection would seem to arrive."""
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and connection.recv(1) == b""


class Program:
    """One of the product's programs, which can be killed and started again."""

    def __init__(self, name: str, *command: str, folder: Path) -> None:
        self.name = name
        self._command = [sys.executable, "-P", "-m", *command]
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=die_with(os.getpid()),
            )

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, within: float = 20.0) -> int:
        """Ask it to end; return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        return self.process.wait(within)

    def lines(self, *words: str) -> list[str]:
        """Return the lines of its log in which all these words occur."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return [line for line in text.splitlines() if all(word in line for word in words)]

    def resident(self) -> int:
        """Return how many bytes it has in memory."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    def check(self) -> None:
        """Raise when it ended by itself."""
        assert self.process is not None
        code = self.process.poll()
        if code is not None:
            tail = self.log.read_text(errors="replace").splitlines()[-5:]
            raise AssertionError(f"the {self.name} ended by itself with {code}: {' | '.join(tail)}")


def database_at(address: str, folder: Path, port: int, password: str) -> Database:
    """Prepare a database server of its own at another address of this machine: another host, to the storer."""
    folder.mkdir(parents=True)
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(password + "\n")
    return Database(folder, port=port, options=[*FAST_DATABASE, f"--bind-address={address}"])


def save_data(database: Database, copy: Path) -> None:
    """Take a snapshot of a database; it is away for a moment."""
    database.stop()
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(database.folder / "data", copy)
    database.start()


def bring_back_data(database: Database, copy: Path) -> None:
    """Go back to a snapshot of a database; it is away for a moment, and no client is told."""
    if database.process is not None:
        database.kill()
    shutil.rmtree(database.folder / "data", ignore_errors=True)
    shutil.copytree(copy, database.folder / "data")
    database.start()


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
            batch_wait: how long the storer holds a batch back.
            spool: the reader's, if not below `folder`.
            port: the reader's, or a list of them in YAML, instead of the rig's meters.
            broker_ports: the ones that reader and storer use, when a proxy stands between.
            database_port: the one that the storer uses, when a proxy stands between.
            database_hosts: what the storer takes for hosts of the database; the rig's own is at HOST.
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
            if program is not None and program.process is not None and program.process.poll() is None:
                program.kill()
        self._stack.close()

    def start_reader(self) -> Program:
        command = ["reader", "run", "--config", str(self.reader_config)]
        if self.clock_ahead:
            command = ["tests.faults.ahead", str(self.clock_ahead), *command]
        self.reader = Program("reader", *command, folder=self.folder)
        return self.reader

    def start_storer(self) -> Program:
        self.storer = Program("storer", "storer", "run", "--config", str(self.storer_config), folder=self.folder)
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
        """Return the program's last health, as the broker keeps it."""
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
        """Run one of the product's other commands."""
        return subprocess.run(
            [sys.executable, "-P", "-m", module, *arguments, "--config", str(config)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def wait_until(condition: Callable[[], bool], seconds: float, what: str, programs: Sequence[Program] = ()) -> None:
    """Wait for a condition, looking again and again, and fail when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        for program in programs:
            program.check()
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)  # between two looks


class Chance:
    """The seeded chance of a torture."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def between(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def pick(self, things: Sequence[str], weights: Sequence[float]) -> str:
        return self._random.choices(list(things), list(weights))[0]
