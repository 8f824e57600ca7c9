"""Runs the whole chain on one machine: meter, reader, broker, storer, database, and the page."""

import argparse
import contextlib
import json
import math
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from common.contract.frame import format_time
from common.mqtt.events import Event, Message
from common.mqtt.session import Session
from common.settings.config import Broker as BrokerSettings
from common.settings.language import plural
from demo.programs import Program, ProgramError, choose_port, locked
from demo.recording import Recording
from demo.servers import HOST, Broker, Database, InstanceError
from demo.show import TOPICS, Show, picture, say
from demo.sun import KIND, meter_of, sources_of

FOLDER = Path(".demo")
_FEED_IN = {"feed_in": [{"from": "2024-03-01", "price": 0.1269}]}
_START_WITHIN = 120.0  # seconds; on a Raspberry Pi that does something else, too, it takes its time
_FIRST_WITHIN = 30.0  # seconds until all else is started, too
_STOP_WITHIN = 10.0  # seconds
_STORED_WITHIN = 30.0  # seconds
_INTERRUPTED = 130  # exit code, as shells have it for Ctrl-C
_RECORDED = 120.0  # seconds of live values, which then go round
_LINE_EVERY = 5.0  # seconds between two lines if the output is not a terminal


class Demo:
    """Runs all parts and shows their progress."""

    def __init__(self, arguments: argparse.Namespace, stack: contextlib.ExitStack) -> None:
        self._arguments = arguments
        self._stack = stack
        self._show = Show(say)
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._programs: list[Program] = []
        self._history: Program | None = None  # once it is being written
        self._starting = True
        self._interrupted = False
        self._printed_at = 0.0  # monotonic
        self._printed_warning = ""  # if the output is not a terminal
        self._failure: ProgramError | None = None  # of the recording

    def run(self) -> int:
        """Run until Ctrl-C or for `--seconds`; return the exit code."""
        page_port = choose_port(self._arguments.page_port)
        print(say("Starting a private broker and database (the system's own services are not used) …"), flush=True)
        broker = self._stack.enter_context(Broker(FOLDER / "broker", interrupted=self._is_interrupted))
        database = self._stack.enter_context(Database(FOLDER / "database", interrupted=self._is_interrupted))
        self._listen(broker)
        began, sun = datetime.now(UTC), self._arguments.sun
        common = {"name": "demo", "mqtt": {"host": HOST, "port": broker.port}}
        sources = sources_of(meter_of(sun=True).address)
        self._start("storer", common | {"database": database.login})
        self._wait(lambda: self._show.storer_online, "the storer")
        if sun:
            values = f"('sources', '{json.dumps(sources)}')"
            database.sql(f"INSERT IGNORE INTO {database.name}.settings (section, value) VALUES {values}")
        port = self._arguments.port or self._simulator(broker)
        memory = tempfile.TemporaryDirectory(prefix="teleinfo-demo-", dir="/dev/shm")
        spool = {"journal": self._stack.enter_context(memory), "path": str(FOLDER.absolute() / "spool")}
        # It does not wait for a synchronised clock.
        reader = self._start("reader", common | {"port": port, "spool": spool, "clock": {"patience": "0s"}})
        self._explain(page_port, broker, port)
        self._starting = False  # from here on, an interruption is the demo's ordinary end
        # All that is started now would delay the first frame, and its seconds are none of those that were asked for.
        self._follow(reader, _FIRST_WITHIN, until=lambda: self._show.begun)
        account = {"user": "teleinfo-monitor", "password": secrets.token_urlsafe(18)}  # it can only read
        database.sql(database.account_sql("monitor.sql", account["password"]))
        page = {"listen": {"host": HOST, "port": page_port}, "auth": "none", "database": database.login | account}
        page["state"] = str(FOLDER.absolute() / "monitor")
        if sun:  # unless somebody has changed it in the page of an earlier run
            columns, row = "section, value", f"'prices', '{json.dumps(_FEED_IN)}'"
            database.sql(f"INSERT IGNORE INTO {database.name}.settings ({columns}) VALUES ({row})")
        self._start("monitor", common | page)
        self._fill(began)
        if self._arguments.static:
            self._record(f"http://{HOST}:{page_port}/", reader)
        else:
            self._follow(reader, self._arguments.seconds)
        self._draw(reader.last_warning(), last=True)
        return self._end(reader, database, began)

    def _listen(self, broker: Broker) -> None:
        session = Session(
            BrokerSettings(host=HOST, port=broker.port),
            "teleinfo-demo",
            subscriptions=[
                TOPICS.frame("+"),
                TOPICS.stored("+"),
                TOPICS.status("storer", "demo"),
                TOPICS.health("reader", "demo"),
            ],
            emit=self._events.put,
        )
        session.start()
        self._stack.callback(session.close)

    def _start(self, name: str, settings: dict[str, Any]) -> Program:
        """Write the configuration of a program, and start it."""
        file = FOLDER / f"{name}.yaml"
        file.touch()
        file.chmod(0o600)  # one of an earlier version was for all to read
        file.write_text(json.dumps(settings, indent=1))
        return self._run(name, name, "run", "--config", str(file))

    def _run(self, name: str, *command: str) -> Program:
        program = Program(name, [sys.executable, "-P", "-m", *command], FOLDER / f"{name}.log")
        self._stack.callback(program.stop, _STOP_WITHIN)
        if name != "history":  # which ends before the demo does
            self._programs.append(program)
        return program

    def _simulator(self, broker: Broker) -> str:
        """Start a simulated meter, with its house if that has a roof; return the path of its pseudo-terminal."""
        sun = self._arguments.sun
        command = ["demo.sun", "--broker", str(broker.port)] if sun else ["reader", "simulate", KIND]
        program = self._run("meter", *command)
        self._wait(lambda: bool(program.lines()), "the simulated meter")
        return program.lines()[0]

    def _explain(self, page_port: int, broker: Broker, port: str) -> None:
        meter = port if self._arguments.port else f"a simulated meter ({KIND}) on {port}"
        text = f"""
Page:     http://{HOST}:{page_port}/
Meter:    {meter}
Logs:     {FOLDER}/reader.log, {FOLDER}/storer.log, {FOLDER}/monitor.log
Try in another terminal:
  {_beside("teleinfo-monitor")} report --config {FOLDER}/monitor.yaml --by month
  {_beside("teleinfo-monitor")} compare --config {FOLDER}/monitor.yaml
  mosquitto_sub -h 127.0.0.1 -p {broker.port} -v -t 'teleinfo/#'{" -t 'sources/#'" if self._arguments.sun else ""}
Ctrl-C ends the demo; the data is kept in {FOLDER} for the next run (--fresh deletes it).
"""
        print("\n".join(map(say, text.split("\n"))))

    def _follow(self, reader: Program, seconds: float | None, until: Callable[[], bool] = lambda: False) -> None:
        """Show what happens, for as long."""
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        while not self._interrupted and not until() and time.monotonic() < deadline:
            self._handle(0.2)
            self._show.progress = self._progress()
            self._draw(reader.last_warning())

    def _fill(self, until: datetime) -> None:
        """Give a simulated meter its past, beside all else."""
        if self._arguments.port or self._arguments.no_history:
            return
        command = ["demo.history", "--config", str(FOLDER / "storer.yaml"), "--until", format_time(until)]
        self._history = self._run("history", *command, *(["--sun"] if self._arguments.sun else []))

    def _record(self, address: str, reader: Program) -> None:
        """Once the history is complete, make the page into files, beside all else."""
        recording = Recording(address, self._arguments.static, ZoneInfo("Europe/Paris"))
        self._wait(recording.is_ready, "the page")
        self._follow(reader, None, until=lambda: not self._progress())
        made = threading.Thread(target=self._make, args=(recording,))
        made.start()
        self._follow(reader, None, until=lambda: not made.is_alive())
        made.join()
        if self._failure is not None:
            raise self._failure

    def _make(self, recording: Recording) -> None:
        try:
            recording.make(_RECORDED, self._is_interrupted)
        except (OSError, ValueError) as error:
            self._failure = ProgramError(f"the page could not be recorded: {error}")

    def _progress(self) -> str:
        """Return how far the history is; empty once it is complete, or where there is none."""
        if self._history is None or self._history.process.poll() == 0:
            return ""
        self._history.check()
        return next(reversed(self._history.lines()), "history …")

    def _end(self, reader: Program, database: Database, began: datetime) -> int:
        """Stop the reader, wait for the storer, and compare the frames that were decoded with the rows."""
        self._show.reader_decoded = None
        self._programs.remove(reader)
        reader.stop(_STOP_WITHIN)
        self._wait(lambda: self._show.reader_decoded is not None, "the reader's final counters")
        decoded = self._show.reader_decoded or 0
        count = f"SELECT COUNT(*) FROM {database.name}.frames WHERE timestamp >= FROM_UNIXTIME({began.timestamp():.6f})"
        rows = 0

        def all_stored() -> bool:
            nonlocal rows
            rows = int(database.sql(count))
            return rows >= decoded

        with contextlib.suppress(ProgramError):
            self._wait(all_stored, "the last rows", within=_STORED_WITHIN)
        print(say(f"{plural(decoded, 'frame')} decoded, {plural(rows, 'row')} committed."))
        if decoded == 0:
            print(say(f"No frame was received: see {FOLDER}/reader.log"))
        return 0 if rows == decoded > 0 else 1

    def _wait(self, condition: Callable[[], bool], what: str, within: float = _START_WITHIN) -> None:
        deadline = time.monotonic() + within
        while not condition():
            if time.monotonic() > deadline:
                raise ProgramError(f"timed out after {within:.0f} s waiting for {what}: see the logs in {FOLDER}")
            self._handle(0.1)

    def _handle(self, timeout: float) -> None:
        if self._starting and self._interrupted:
            raise KeyboardInterrupt
        for program in self._programs:
            program.check()
        with contextlib.suppress(queue.Empty):
            event = self._events.get(timeout=timeout)
            while True:
                if isinstance(event, Message):
                    self._show.on_message(event)
                event = self._events.get_nowait()

    def _draw(self, warning: str, *, last: bool = False) -> None:
        if sys.stdout.isatty():
            columns = shutil.get_terminal_size().columns
            rows = picture(self._show.line(columns - 1), warning, columns)
            up = f"\x1b[{len(rows) - 1}A" if len(rows) > 1 else ""
            # Redraw everything from the live line on.
            print("\r\x1b[J" + "\n".join(rows), end="\n" if last else f"\r{up}", flush=True)
            return
        if warning != self._printed_warning:
            self._printed_warning = warning
            print(warning, flush=True)
        if last or (self._show.begun and time.monotonic() - self._printed_at >= _LINE_EVERY):
            self._printed_at = time.monotonic()
            print(self._show.line(), flush=True)

    def interrupt(self) -> None:
        """End the demo, soon; while it is starting, abort it. A second call has no effect."""
        self._interrupted = True

    def _is_interrupted(self) -> bool:
        return self._interrupted


def _beside(command: str) -> Path:
    """Return the path of a command of this Python's environment, as one would type it."""
    path = Path(sys.executable).parent / command
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; return its exit code."""
    try:
        with locked(FOLDER, fresh=arguments.fresh), contextlib.ExitStack() as stack:
            demo = Demo(arguments, stack)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: demo.interrupt())
            return demo.run()
    except KeyboardInterrupt:
        print("\n" + say("demo: interrupted while starting"), file=sys.stderr)
        return _INTERRUPTED
    except (InstanceError, ProgramError, OSError, subprocess.SubprocessError) as error:
        print(f"\ndemo: {say(str(error))}", file=sys.stderr)
        return 1
