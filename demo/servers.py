"""Private servers on the loopback interface, for the demo: a mosquitto and a MariaDB.

Each lives in a folder of the caller's choice, keeps its data and port from one start to the next, and is killed when
this process ends, however it ends. The system's own servers are neither used nor changed.
"""

import contextlib
import ctypes
import itertools
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self

HOST = "127.0.0.1"
ACCOUNTS = Path(__file__).resolve().parent.parent / "mariadb"  # what users run on their own server
READY_WITHIN = 120.0  # seconds; on a Raspberry Pi a new database takes its time
STOPPED_WITHIN = 30.0  # seconds, then it is killed
LONGEST_SOCKET_PATH = 107  # bytes; sockaddr_un.sun_path without its NUL
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

# Not bind(0): that gives a port of the ephemeral range, and a client that tries to reach a stopped server there sooner
# or later gets the very port as its own, is connected to itself, and keeps the server from coming back.
_PORTS = range(15000, 32000)
# In order, from somewhere: a port is not chosen again before its server listens, or while that is stopped. The system's
# own chance, as that of a test may be the same in two processes.
_FIRST = random.SystemRandom().choice(_PORTS)
_ports: Iterator[int] = itertools.cycle((*range(_FIRST, _PORTS.stop), *range(_PORTS.start, _FIRST)))

_libc = ctypes.CDLL(None, use_errno=True)  # loaded here: after a fork it would be too late


class InstanceError(Exception):
    """A private server cannot be started or used; the text says why, in one line."""


def find_program(name: str) -> str:
    """Return the path of a server's program, which may be outside of PATH."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    program = shutil.which(name, path=path)
    if program is None:
        raise InstanceError(f"{name} is not installed: ./run setup installs it")
    return program


def free_port() -> int:
    """Choose a port on which nothing listens, and that was not chosen before."""
    for port in itertools.islice(_ports, len(_PORTS)):
        with socket.socket() as candidate, contextlib.suppress(OSError):
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            candidate.bind((HOST, port))
            return port
    raise InstanceError(f"no free port on {HOST}")


def die_with(parent: int) -> Callable[[], None]:
    """Return a `preexec_fn` that has the child killed when the thread that started it ends."""

    def call() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before prctl took effect
            os._exit(1)

    return call


def spawn(command: Sequence[str], output: IO[bytes], folder: Path | None = None) -> "subprocess.Popen[bytes]":
    """Start a program in a folder, with its output in a file. It is killed when the thread that starts it ends."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=folder,
        process_group=0,  # Ctrl-C goes to this process only, which stops what it has started in order
        preexec_fn=die_with(os.getpid()),
    )


class Server(ABC):
    """A server process. It is killed when the thread that started it ends."""

    host = HOST
    _kind: str

    def __init__(
        self, folder: Path, *, port: int | None = None, interrupted: Callable[[], bool] = lambda: False
    ) -> None:
        # Asked while something takes long: a handler that raises could do so where Python ignores it, or between the
        # start of a process and the line that knows of it.
        self._interrupted = interrupted
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / f"{self._kind}.log"
        self.port = free_port() if port is None else port
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> list[str]:
        """Write what the server needs, and return its command."""

    @abstractmethod
    def _answers(self) -> bool:
        """Return whether the server answers; OSError means no."""

    def start(self) -> None:
        """Start the server, and return when it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the server; `wait_until_ready` must follow."""
        if self.process is not None:
            raise InstanceError(f"{self._kind} is already running")
        command = self._prepare()
        with self.log.open("ab") as log:
            self.process = spawn(command, log, self.folder)

    def wait_until_ready(self) -> None:
        """Wait until the server answers; kill it if that takes too long."""
        process, deadline = self._running(), time.monotonic() + READY_WITHIN
        try:
            while True:
                with contextlib.suppress(OSError):
                    if self._answers():
                        return
                self._end_if_interrupted()
                if process.poll() is not None:
                    raise InstanceError(
                        f"{self._kind} ended with {process.returncode} when started: {self._log_tail()}"
                    )
                if time.monotonic() > deadline:
                    raise InstanceError(f"{self._kind} did not answer in {READY_WITHIN:.0f} s: {self._log_tail()}")
                time.sleep(0.02)
        except BaseException:  # Ctrl-C, too
            self.kill()
            raise

    def _end_if_interrupted(self) -> None:
        if self._interrupted():
            raise KeyboardInterrupt

    def stop(self) -> None:
        """Stop the server with SIGTERM; does nothing if it is not running."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.send_signal(signal.SIGCONT)  # a paused one would not handle it
        try:
            self.process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """Kill the server, as a power cut would."""
        process = self._running()
        process.kill()
        process.wait()
        self.process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise InstanceError(f"{self._kind} is not running")
        return self.process

    def _log_tail(self) -> str:
        """Return the last errors of the server's log, or its end, in one line."""
        lines = self.log.read_text(errors="replace").splitlines()[-40:]
        lines = [line for line in lines if "ERROR" in line] or lines
        return " | ".join(line.strip() for line in lines[-4:] if line.strip()) or f"nothing in {self.log}"


class Broker(Server):
    """A private mosquitto; any client on this machine may connect."""

    _kind = "mosquitto"

    def __init__(self, folder: Path, *, config: str = "", **more: Any) -> None:
        super().__init__(folder, **more)
        self.config = config

    def _prepare(self) -> list[str]:
        lines = [
            f"listener {self.port} {HOST}",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            "max_inflight_messages 0",  # the client's choice: the storer receives up to 1000 before it acknowledges one
            "persistence false",  # the reader's spool keeps what matters
            f"persistence_location {self.folder}/",
            "log_dest stderr",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
            # started as root, mosquitto would change to a user that cannot read this folder
            f"user {pwd.getpwuid(os.getuid()).pw_name}",
            *self.config.splitlines(),
        ]
        path = self.folder / "mosquitto.conf"
        path.write_text("\n".join(lines) + "\n")
        return [find_program("mosquitto"), "-c", str(path)]

    def _answers(self) -> bool:
        with socket.create_connection((HOST, self.port), timeout=1.0) as connection:
            connection.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00")  # CONNECT, without a client id
            answer = connection.recv(4)
            connection.sendall(b"\xe0\x00")  # DISCONNECT
            return answer[:1] == b"\x20"  # CONNACK, with whatever reason code


class Database(Server):
    """A private MariaDB with a database, and a user with the rights of the storer."""

    user = "teleinfo"
    name = "teleinfodb"
    _kind = "mariadb"

    def __init__(self, folder: Path, *, options: Sequence[str] = (), **more: Any) -> None:
        super().__init__(folder, **more)
        self.options = tuple(options)
        self._administrator = pwd.getpwuid(os.getuid()).pw_name
        self._data = self.folder / "data"
        self.account_made = self.folder / "account-made"  # exists once database and user are complete
        self._password_file = self.folder / "password"
        self.password = self._keep_password()
        self.unix_socket = self.folder / "mariadb.sock"
        if len(os.fsencode(self.unix_socket)) > LONGEST_SOCKET_PATH:
            short = tempfile.mkdtemp(prefix="teleinfo-")
            weakref.finalize(self, shutil.rmtree, short, ignore_errors=True)
            self.unix_socket = Path(short) / "mariadb.sock"

    @property
    def login(self) -> dict[str, str | int]:
        """What a configuration says of it."""
        return {"host": HOST, "port": self.port, "user": self.user, "password": self.password, "name": self.name}

    def sql(self, statement: str) -> str:
        """Run SQL as the server's administrator; return the output: tab-separated, without headings."""
        command = [find_program("mariadb"), "--no-defaults", f"--socket={self.unix_socket}"]
        command += [f"--user={self._administrator}", "--connect-timeout=60", "--batch", "--skip-column-names"]
        result = subprocess.run(command, input=statement, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise InstanceError(f"mariadb: {result.stderr.strip()}")
        return result.stdout

    def start(self) -> None:
        """Start the server; return when it answers and the database exists."""
        super().start()
        if not self.account_made.exists():
            self.sql(self.account_sql("storer.sql", self.password))  # can be repeated after an interruption
            self.account_made.touch()

    def account_sql(self, file: str, password: str) -> str:
        """Return what makes an account."""
        # '%' because TCP clients are not "localhost" without name resolution; other machines cannot connect anyway.
        text = (ACCOUNTS / file).read_text(encoding="utf-8")
        return text.replace("'localhost'", "'%'").replace("change-me", password)

    def _keep_password(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return self._password_file.read_text().strip()
        password = secrets.token_urlsafe(18)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password + "\n")
        return password

    def _prepare(self) -> list[str]:
        # Not shared with another server: one that starts deletes all temporary tables that it finds there.
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        options = [
            "--no-defaults",
            f"--datadir={self._data}",
            f"--tmpdir={temporary}",
            f"--user={self._administrator}",
            "--innodb-log-file-size=16M",
            "--innodb-buffer-pool-size=32M",
            "--skip-name-resolve",
        ]
        self.unix_socket.unlink(missing_ok=True)  # of a server that was killed
        program = find_program("mariadbd")
        if not (self._data / "mysql").is_dir():
            self._install(options)
        return [
            program,
            *options,
            f"--bind-address={HOST}",
            f"--port={self.port}",
            f"--socket={self.unix_socket}",
            f"--pid-file={self.folder / 'mariadb.pid'}",
            "--character-set-server=utf8mb4",
            *self.options,
        ]

    def _install(self, options: Sequence[str]) -> None:
        """Create the server's system tables."""
        unfinished = self.folder / "unfinished"  # so that an interrupted run is never used
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [find_program("mariadb-install-db"), *options, f"--datadir={unfinished}", "--skip-test-db"]
        # The user that runs the server is its administrator, through its socket; no account is without a password.
        command += ["--auth-root-authentication-method=socket", f"--auth-root-socket-user={self._administrator}"]
        with self.log.open("ab") as log:
            process = spawn(command, log, self.folder)
        try:
            while process.poll() is None:
                self._end_if_interrupted()
                time.sleep(0.02)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # the script and its children
            process.wait()
            raise
        if process.returncode != 0:
            raise InstanceError(f"mariadb-install-db ended with {process.returncode}: {self._log_tail()}")
        unfinished.rename(self._data)

    def _answers(self) -> bool:
        # Not asked before it listens: clients in a row would take as much of the processor as the server's start.
        with contextlib.suppress(InstanceError):
            return self.unix_socket.exists() and self.sql("SELECT 1") == "1\n"
        return False
