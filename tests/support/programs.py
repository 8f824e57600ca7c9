"""The project's programs as processes of their own, and waiting for what they do."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from tests.support.servers import die_with

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}  # the programs need not be installed
WITHIN = 180.0  # seconds, for what should take one

_POLL = 0.05  # seconds between two looks


def command_line(module: str, *arguments: str | Path) -> list[str]:
    """Return the command that runs a module of the project."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


def run_command(
    module: str, *arguments: str | Path, timeout: float = 120.0, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the module `reader` or `storer` to its end, with more environment variables."""
    return subprocess.run(
        command_line(module, *arguments),
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def run_here(main: Callable[[], int], *arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end within this process, in this environment: to start a program takes half a second."""
    stdout, stderr = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()  # some write bytes to the output
    on_interrupt = signal.getsignal(signal.SIGINT)
    words = [str(argument) for argument in arguments]
    with contextlib.ExitStack() as stack:
        stack.callback(signal.signal, signal.SIGINT, on_interrupt)
        stack.enter_context(patch.dict(os.environ, environment, clear=True))
        stack.enter_context(patch.object(sys, "argv", ["", *words]))
        stack.enter_context(contextlib.redirect_stdout(stdout))
        stack.enter_context(contextlib.redirect_stderr(stderr))
        try:
            code = main()
        except SystemExit as end:  # of argparse
            code = int(end.code or 0)
    stdout.seek(0)
    return subprocess.CompletedProcess(words, code, stdout.read(), stderr.getvalue())


def wait_until(condition: Callable[[], bool], within: float, what: str, programs: "Sequence[Program]" = ()) -> None:
    """Wait for a condition; fail when it does not come true in time, or when one of the programs ends."""
    deadline = time.monotonic() + within
    while not condition():
        for program in programs:
            program.check()
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what}"
        time.sleep(_POLL)


class Program:
    """One of the project's programs; it can be killed and started again. Its output is appended to one log file."""

    def __init__(self, name: str, module: str, *arguments: str, folder: Path) -> None:
        """Prepare `python -m MODULE ARGUMENT…`; the log is FOLDER/NAME.log."""
        self.name = name
        self.folder = folder
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._command = command_line(module, *arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.kill()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, **environment: str) -> Self:
        """Start it, with more environment variables."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=ENVIRONMENT | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=die_with(os.getpid()),
            )
        return self

    @property
    def pid(self) -> int:
        return self._started().pid

    def send_signal(self, number: int) -> None:
        self._started().send_signal(number)

    def kill(self) -> None:
        process = self._started()
        process.kill()
        process.wait()

    def stop(self, within: float = WITHIN, *, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal that ends it, and return the exit code; a paused program is resumed first."""
        self.send_signal(signal.SIGCONT)
        self.send_signal(how)
        return self.wait(within)

    def wait(self, within: float = WITHIN) -> int:
        """Wait for its end; return the exit code."""
        return self._started().wait(within)

    def check(self) -> None:
        """Raise AssertionError when it has ended by itself."""
        code = self._started().poll()
        assert code is None, f"the {self.name} ended by itself with {code}: {' | '.join(self.text().splitlines()[-5:])}"

    def text(self) -> str:
        """Return its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def count(self, text: str) -> int:
        """Return how often a text is in its log."""
        return self.text().count(text)

    def lines(self, *texts: str) -> list[str]:
        """Return the lines of its log that contain all of the texts."""
        return [line for line in self.text().splitlines() if all(text in line for text in texts)]

    def wait_for_log(self, *patterns: str, within: float = WITHIN) -> None:
        """Wait until its log matches each of these regular expressions."""
        deadline = time.monotonic() + within
        while True:
            ended = not self.running
            missing = [pattern for pattern in patterns if not re.search(pattern, self.text())]
            if not missing:
                return
            assert not ended, f"the {self.name} ended without {missing}: {self.text()}"
            assert time.monotonic() < deadline, f"not within {within:.0f} s: {missing} in {self.text()}"
            time.sleep(_POLL)

    def memory(self, field: str = "VmRSS") -> int:
        """Return how many bytes of memory it occupies, or with VmHWM has ever occupied."""
        return int(self.status()[field].split()[0]) * 1024

    def status(self) -> dict[str, str]:
        """Return the fields of its /proc/PID/status."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def _started(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None, f"the {self.name} was never started"
        return self.process


class Service(Program):
    """`teleinfo-reader run` or `teleinfo-storer run`; its configuration is written at each start."""

    def __init__(self, module: str, folder: Path, settings: dict[str, Any], *, name: str = "") -> None:
        name = name or module
        self.settings = settings
        self.config = folder / f"{name}.yaml"
        super().__init__(name, module, "run", "--config", str(self.config), folder=folder)

    def start(self, **environment: str) -> Self:
        self.write_config()
        return super().start(**environment)

    def write_config(self) -> Path:
        """Write the settings to its configuration file; return the file."""
        self.config.write_text(json.dumps(self.settings))
        return self.config
