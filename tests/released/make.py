"""Makes a folder beside this file of what the programs of today leave: `python -m tests.released.make 1.0`.

`./run release X.Y.0` does it from 1.0.0 on, and the folder is never changed afterwards: what later programs must be
able to read is written by those of the release. tests/services/test_released.py reads it.

| file | what it is |
|---|---|
| `migrations.sha256` | the digest of each file that made the tables, as sha256sum writes it |
| `database.sql.gz` | the tables, a row in each at least, as mariadb-dump writes them |
| `frames.jsonl.gz` | the frames of these tables, as they were published |
| `minutes.jsonl.gz`, `hours.jsonl.gz` … | what was made of them, as `export --rollup` prints it |
| `backup/` | a backup of these tables |
| `reader.tar.gz` | journal and spool of a reader that was killed |
| `pending.jsonl.gz` | the frames in them, as they were published |
| `retained.json.gz` | what the broker retained of reader, storer and monitor, by topic |
"""

import contextlib
import dataclasses
import gzip
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from common.contract.tally import Tally
from reader.buffer.item import ItemKind
from reader.buffer.journal import Journal
from reader.buffer.spool import Spool
from storer.backup.dump import FIRST, LAST
from storer.database.forgotten import note_forgotten
from storer.database.schema import FOLDER
from storer.export.rollups import ROLLUPS
from storer.frames.rejected import Rejection
from storer.frames.store import FrameStore
from tests.support.frames import ADDRESS, DAY, historic, simulated
from tests.support.mqtt_client import MqttClient, listen
from tests.support.programs import WITHIN, Service, wait_until
from tests.support.rolling import roll_up
from tests.support.servers import UNSYNCED_DATABASE, Broker, find_program, free_port
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.sources import series, write_source
from tests.support.storing import StorerCommand, client, exported, make_tables, query, store

HERE = Path(__file__).parent
KINDS = ("historic-three-phase-tempo", "standard-single-phase-tempo", "standard-three-phase-producer")
LIVE = "standard-single-phase-base"
ALERTS = {"language": "fr"}  # without them, the monitor retains nothing of them
FRAMES = 40  # of each kind, and of the reader at least in spool and in journal


def main(name: str) -> None:
    """Make the folder, in place of one that is there."""
    with tempfile.TemporaryDirectory() as work:
        made = Path(work, "made")
        made.mkdir()
        _make(made, Path(work))
        shutil.rmtree(HERE / name, ignore_errors=True)
        shutil.copytree(made, HERE / name)


def _make(made: Path, work: Path) -> None:
    (work / "broker").mkdir()
    (work / "database").mkdir()
    with (
        Broker(work / "broker") as broker,
        Server(work / "database", options=UNSYNCED_DATABASE) as server,
        listen(broker) as mqtt,
    ):
        storer = StorerCommand(work, server.port, server.password)
        _fill(server, storer, work)
        _write_lines(made / "frames.jsonl.gz", exported(client(server)))
        for rollup in ROLLUPS:
            _write_lines(made / f"{rollup}.jsonl.gz", _run(storer, "export", "--rollup", rollup).encode().splitlines())
        (made / "backup").mkdir()
        _run(storer, "backup", made / "backup")
        (made / "database.sql.gz").write_bytes(gzip.compress(_dump(server), mtime=0))
        digests = (f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(FOLDER.glob("*.sql")))
        (made / "migrations.sha256").write_text("".join(digests))
        services = _services(work, broker, server)
        _leave_frames(services["reader"], mqtt, made, work)
        retained = json.dumps(_retained(services, broker)).encode()
        (made / "retained.json.gz").write_bytes(gzip.compress(retained, mtime=0))


def _fill(server: Server, storer: StorerCommand, work: Path) -> None:
    """Store something of everything."""
    end = DAY + timedelta(hours=2)
    database = make_tables(server, end)
    start = DAY + timedelta(minutes=40)
    for kind in KINDS:
        store(database, simulated(kind, FRAMES, every=timedelta(seconds=61), start=start))
    with contextlib.closing(FrameStore(database)) as tables:
        tables.write_tallies([Tally(meter=ADDRESS, hour=DAY, frames=7, reader="cellar")])
        tables.record_rejections([Rejection("teleinfo/é/frame", bytes(range(256)), "it is a \\ and a '", DAY)])
    # A meter that begins anew, which is a break; and a frame that is late.
    first, second, late = (
        dataclasses.replace(historic(BASE=index), timestamp=DAY + timedelta(minutes=minute))
        for minute, index in ((50, 1000), (70, 5), (55, 1001))
    )
    store(database, [first, second])
    roll_up(database, end)
    store(database, [late])
    write_source(database, "roof", "production", series(start, range(0, 600, 10)))
    hours, days = work / "hours.csv", work / "days.csv"
    hours.write_text("start,register,wh\n2026-10-19T01:00:00+02:00,BASE,500\n2026-10-19,BASE,9000\n")
    days.write_text("2026-10-01,14.8\n2026-10-02,13.2\n")
    _run(storer, "import", "csv", hours, "--meter", ADDRESS)
    _run(storer, "import", "temperatures", days, "--meter", ADDRESS)
    save_settings(database, alerts=ALERTS)
    query(database, "INSERT INTO requests (kind, arguments) VALUES ('backup', '{}')", "SELECT 1")
    with contextlib.closing(database.connect()) as connection:
        note_forgotten(connection, "gone")
    empty = [
        table
        for table in ("frames", "minutes", "source_minutes", "label_sets", *FIRST, *LAST)
        if not query(database, f"SELECT 1 FROM {table} LIMIT 1")
    ]
    assert not empty, empty


def _run(storer: StorerCommand, word: str, *arguments: str | Path) -> str:
    result = storer(word, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def _dump(server: Server) -> bytes:
    command = [find_program("mariadb-dump"), "--no-defaults", f"--socket={server.unix_socket}"]
    command += ["--skip-comments", "--hex-blob", "--order-by-primary", server.name]
    command += [f"--ignore-table={server.name}.table_files"]  # of the administrator
    dump = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    # What an older MariaDB does not know: this server's collation, and a first line that forbids commands of the shell.
    lines = dump.replace(b"utf8mb4_uca1400_ai_ci", b"utf8mb4_general_ci").splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"/*M!999999"))


def _services(work: Path, broker: Broker, server: Server) -> dict[str, Service]:
    """Return the programs of a house; none is started."""
    mqtt = {"host": broker.host, "port": broker.port}
    database = {"host": server.host, "port": server.port, "password": server.password}
    settings: dict[str, dict[str, Any]] = {
        "reader": reader_settings(work, mqtt),
        "storer": {"mqtt": mqtt, "database": database},
        "monitor": {
            "name": "cellar",
            "listen": {"port": free_port()},
            "auth": "none",
            "state": str(work / "state"),
            "mqtt": mqtt,
            "database": database | {"user": server.user},
        },
    }
    return {name: Service(name, work, options) for name, options in settings.items()}


def reader_settings(work: Path, mqtt: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of the reader."""
    return {
        "name": "cellar",
        "port": f"simulate://{LIVE}?speed=20",
        "mqtt": mqtt,
        "spool": {"journal": str(work / "journal"), "path": str(work / "spool")},
    }


def _leave_frames(reader: Service, mqtt: MqttClient, made: Path, work: Path) -> None:
    """Let a reader fill its spool, at its end, and its journal, in which a kill leaves the frames."""

    def run_for(count: int) -> None:
        before = len(_frames(mqtt))
        reader.start()
        wait_until(lambda: len(_frames(mqtt)) >= before + count, WITHIN, f"{count} frames", [reader])

    storers = work / "spool" / "storers"
    storers.mkdir(parents=True, exist_ok=True)
    (storers / "main").touch()  # it was seen, and is away: nothing is confirmed
    run_for(FRAMES)
    assert reader.stop() == 0
    run_for(FRAMES)
    reader.kill()
    pending = _pending(work)
    assert set(_frames(mqtt)) <= set(pending)
    _write_lines(made / "pending.jsonl.gz", pending)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in ("journal", "spool"):
            archive.add(work / folder, folder, filter=_nobody)
    (made / "reader.tar.gz").write_bytes(gzip.compress(packed.getvalue(), mtime=0))


def _nobody(file: tarfile.TarInfo) -> tarfile.TarInfo:
    file.uid = file.gid = 0
    file.uname = file.gname = ""
    return file


def _frames(mqtt: MqttClient) -> list[bytes]:
    return [payload for topic, payload in mqtt.messages if topic.endswith("/frame")]


def _pending(work: Path) -> list[bytes]:
    """Return the frames that wait in journal and spool, in the order of time."""
    for folder in ("journal", "spool"):
        shutil.copytree(work / folder, work / "copy" / folder)
    journal = Journal(work / "copy/journal", "cellar")
    items = list(journal.open().values())
    journal.close()
    spool = Spool(work / "copy/spool", max_size=2**26)
    spool.open()
    spooled = [item for block in spool.undelivered() for item in spool.read(block)]
    spool.close()
    assert len(items) >= FRAMES
    assert len(spooled) >= FRAMES
    frames = {item.time_us: item.payload for item in (*spooled, *items) if item.kind is ItemKind.FRAME}
    return [frames[time_us] for time_us in sorted(frames)]


def _retained(services: dict[str, Service], broker: Broker) -> dict[str, str]:
    """Let all programs run, and return what the broker retains of them."""
    with contextlib.ExitStack() as stack:
        for service in services.values():
            stack.enter_context(service).start()
        for topic in ("+/state", "+/link", "reader/+/health", "storer/+/health", "monitor/+/price", "monitor/+/alerts"):
            with MqttClient(broker.port, subscribe=(f"teleinfo/{topic}",)) as mqtt:
                assert mqtt.wait(lambda mqtt=mqtt: bool(mqtt.messages)), topic  # type: ignore[misc]
        return retained_by(broker)


def retained_by(broker: Broker) -> dict[str, str]:
    """Return what a broker retains, by topic."""
    done = f"done/{datetime.now(UTC).timestamp()}"
    with listen(broker) as late:
        late.publish(done, b"")  # comes after all that was retained before
        late.wait_for(done)
        return {
            topic: payload.decode()
            for topic, payload in sorted(late.messages)
            if payload and not topic.endswith(("/frame", "/stored", "/replay", "/tally"))
        }


def _write_lines(file: Path, lines: Iterable[bytes]) -> None:
    file.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
