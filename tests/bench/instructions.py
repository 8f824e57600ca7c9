"""How many instructions a frame takes in the reader and in the storer: a figure that no other work can disturb."""

import json
import pickle
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from reader.simulator.meter import SimulatedMeter
from reader.tic.parity import with_parity
from tests.bench.crowd import Crowd
from tests.bench.figures import Row, not_measured
from tests.bench.house import decoded
from tests.bench.options import Options
from tests.bench.path import START
from tests.bench.report import Section
from tests.support.programs import ENVIRONMENT, command_line
from tests.support.rollups import empty
from tests.support.servers import UNSYNCED_DATABASE, Database
from tests.support.storing import make_tables

_PI_ZERO = 400e6  # instructions a second: a guess
_HOW = f"""\
Instructions of the process, counted by cachegrind (Valgrind) on this machine's processor: those of twice as many frames
less those of as many, so that the start is not among them. They hardly depend on what else the machine does. *Reader*:
its parts connected as in the program, without paho and threads; the frames go on in time. *Storer*: messages are
decoded, encoded as rows and committed, without paho; the database is a process of its own, and not counted.
Times on a Pi Zero are estimates, not measured: they assume {_PI_ZERO / 1e6:.0f} million instructions a second
there, and as many of them as here."""
_KINDS = (
    ("standard-single-phase-tempo", "standard, one phase"),
    ("standard-three-phase-producer", "standard, three phases, producer"),
    ("historic-single-phase-base", "historic BASE"),
)
_METERS, _BATCH, _BLOCK = 200, 50, 5  # frames of a batch, of a message
_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")


def measure(options: Options) -> Section:
    """Count, if there is Valgrind."""
    if shutil.which("valgrind") is None:
        return Section("instructions", _HOW, [not_measured("instructions", "no valgrind")])
    frames = 30 if options.quick else 300
    with tempfile.TemporaryDirectory(prefix="teleinfo-bench-") as name:
        folder = Path(name)
        rows = [*_of_reader(folder, frames, _KINDS[:1] if options.quick else _KINDS)]
        with Database(folder / "database", options=UNSYNCED_DATABASE) as server:
            rows += islice(_of_storer(server, folder, frames), 1 if options.quick else None)
    return Section("instructions", _HOW, rows)


def _of_reader(folder: Path, count: int, kinds: Sequence[tuple[str, str]]) -> Iterator[Row]:
    for kind, name in kinds:
        meter = SimulatedMeter(kind)
        frames = [with_parity(meter.frame(START + timedelta(seconds=second))) for second in range(2 * count)]
        file = _kept(folder / "frames", frames)
        for work, what in (("decode", "reader, decoding alone"), ("read", "reader, from bytes to the confirmation")):
            few, many = (_count(work, number, file) for number in (count, 2 * count))
            yield _row(f"{what}, {name}", (many - few) / count)


def _of_storer(server: Database, folder: Path, count: int) -> Iterator[Row]:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    make_tables(server, start)
    login = {
        "host": [server.host],
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "name": server.name,
    }
    alone = [[(f"teleinfo/{frame.meter}/frame", frame.to_json())] for frame in decoded(_KINDS[0][0], start, 2 * count)]
    crowd, frames = Crowd(_METERS), 4 * _METERS  # of which the second half is counted
    messages = [crowd.frame(start, number) for number in range(frames)]
    blocks = [crowd.block(start, number, _BLOCK) for number in range(2 * _METERS)]
    for what, batches, size in (
        ("one meter, each frame a batch", alone, 1),
        (f"{_METERS} meters, batches of {_BATCH} frames", _batches(messages, _BATCH), _BATCH),
        (f"… in blocks of {_BLOCK}", _batches(blocks, _BATCH // _BLOCK), _BATCH),
    ):
        file, half = _kept(folder / "batches", batches), len(batches) // 2
        counts = []
        for number in (half, 2 * half):
            empty(server)
            counts.append(_count("store", number, file, login))
        yield _row(f"storer, {what}", (counts[1] - counts[0]) / half / size)


def _batches(messages: Sequence[tuple[str, bytes]], size: int) -> list[Sequence[tuple[str, bytes]]]:
    return [messages[begin : begin + size] for begin in range(0, len(messages), size)]


def _kept(file: Path, content: object) -> Path:
    file.write_bytes(pickle.dumps(content))
    return file


def _row(what: str, instructions: float) -> Row:
    return Row(
        what=what,
        unit="thousand instructions a frame",
        ours=[instructions / 1000],
        note=f"on a Pi Zero {instructions / _PI_ZERO * 1000:.2g} ms, an estimate",
    )


def _count(work: str, frames: int, file: Path, database: dict[str, Any] | None = None) -> int:
    """Return the instructions of a process that does the work of so many frames, or batches of them."""
    arguments = [work, str(frames), str(file), *([] if database is None else [json.dumps(database)])]
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = subprocess.run(
        [*command, *command_line("tests.bench.instructions_worker", *arguments)],
        env=ENVIRONMENT | {"PYTHONHASHSEED": "0"},  # the same dictionaries each time
        capture_output=True,
        text=True,
        check=False,
    )
    found = _COUNTED.search(done.stderr)
    if done.returncode or found is None:
        raise RuntimeError(f"{work}: {done.stderr.strip().splitlines()[-1]}")
    return int(found[1].replace(",", ""))
