"""What the demo needs of this machine: a folder for itself, a port for the page, and processes for the programs."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from common.runtime.file_lock import try_lock
from demo.servers import HOST, InstanceError, free_port, spawn

_LOCK = "lock"
_USUAL_PORT = 8080  # where people expect the page
_WARNING = re.compile(r"(?:\S+ (?P<time>\d\d:\d\d:\d\d)\S* )?(?:WARNING|ERROR|CRITICAL)\s+(?P<text>.+)")


class ProgramError(Exception):
    """A program ended or did not respond, or cannot be started; the text says which and why, in one line."""


@contextmanager
def locked(folder: Path, *, fresh: bool) -> Iterator[None]:
    """Keep the folder for ourselves; with `fresh`, delete what is in it first.

    Raises:
        ProgramError: a demo runs there.
        OSError: the folder is not ours to write.
    """
    folder.mkdir(exist_ok=True)
    with (folder / _LOCK).open("a+") as file:
        if not try_lock(file.fileno()):
            file.seek(0)
            raise ProgramError(f"a demo already runs here, process {file.read().strip() or 'unknown'}")
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        for path in folder.iterdir() if fresh else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _LOCK:  # whoever locked another file of this name would not notice us
                path.unlink()
        yield


def choose_port(wanted: int | None) -> int:
    """Return the page's port: the one that is wanted, else the usual one, or another if something listens there.

    Raises:
        InstanceError: the page cannot have the port that is wanted.
    """
    port = wanted or _USUAL_PORT
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError as error:
            if wanted:
                raise InstanceError(f"port {wanted} for the page: {error.strerror}") from error
            return free_port()
    return port


class Program:
    """One program, with its output in a file. It is killed when the thread that started it ends."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._read = 0  # bytes of the log that were searched for warnings
        self._warning = ""
        with log.open("wb") as output:
            self.process = spawn(command, output)

    def lines(self) -> list[str]:
        """Return the whole lines of its output."""
        return self.log.read_text(errors="replace").split("\n")[:-1]

    def last_warning(self) -> str:
        """Return the last warning of its log, with the time of day; empty while there is none."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        self._read += whole
        for line in data[:whole].decode(errors="replace").splitlines():
            if match := _WARNING.fullmatch(line):
                self._warning = f"{self.name} {match['time'] or ''}".rstrip() + f": {match['text']}"
        return self._warning

    def check(self) -> None:
        """Raise ProgramError if the program has ended."""
        code = self.process.poll()
        if code is not None:
            last = next((line for line in reversed(self.lines()) if line.strip()), "no output")
            raise ProgramError(f"the {self.name} ended with {code}: {last}")

    def stop(self, within: float) -> None:
        """Send SIGTERM; kill the program if it has not ended after `within` seconds."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
