"""The command record, with real pseudo-terminals and files."""

import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reader.__main__ import main
from reader.recording.format import HEADER, Chunk, write_chunk
from reader.simulator.line import SimulatedLine
from tests.support.programs import ENVIRONMENT, command_line

WITHIN = 180  # seconds
KIND = "standard-single-phase-tempo"


def command(*arguments: str | Path) -> list[str]:
    return command_line("reader", *arguments)


def run(*arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command(*arguments), env=ENVIRONMENT, input=data, capture_output=True, timeout=WITHIN)


@contextmanager
def running(*arguments: str | Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command(*arguments), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()


def wait_until(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Poll the condition while the process runs."""
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)  # between two looks


def frames(file: Path) -> list[dict[str, Any]]:
    result = run("decode", file)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def recording(*chunks: Chunk) -> str:
    return HEADER + "\n" + "".join(map(write_chunk, chunks))


# Round trips.


@pytest.mark.parametrize("anonymous", [False, True], ids=["whole", "anonymous"])
def test_a_recording_gives_the_frames_of_the_meter(tmp_path: Path, anonymous: bool) -> None:
    first = tmp_path / "first.txt"
    options = ["--anonymous"] if anonymous else []
    port = f"simulate://{KIND}?speed=20&noise=1e-4"
    result = run("record", first, "--port", port, "--frames", "20", *options)
    assert result.returncode == 0, result.stderr
    assert len(frames(first)) >= 20
    text = first.read_text()
    meter = SimulatedLine(KIND).meter.address
    assert (meter in text) is not anonymous


# Ends.


def test_ctrl_c_ends_a_recording_without_an_error(tmp_path: Path) -> None:
    file = tmp_path / "recording.txt"
    with running("record", file, "--port", f"simulate://{KIND}?speed=50") as record:
        assert record.stderr
        assert record.stderr.readline().startswith(b"recording simulate://")
        wait_until(lambda: file.exists() and r"\x03" in file.read_text(), record)
        record.send_signal(signal.SIGINT)
        assert record.wait(WITHIN) == 0
        output = record.stderr.read().decode()
    assert re.search(r"recording.txt: \d+ s, \d+ bytes, \d+ frames?, standard mode\n", output)
    assert "record with --anonymous" in output
    assert frames(file)


def test_keeps_what_was_received_before_the_port_failed(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    file = tmp_path / "recording.txt"
    with running("record", file, "--port", name) as record:
        assert record.stderr
        assert record.stderr.readline()
        # Opening the port discards what arrived before.
        wait_until(lambda: os.write(master, b"\x02\nVTIC\t02\tJ\r\x03") and r"\x03" in file.read_text(), record)
        os.close(slave)
        os.close(master)
        assert record.wait(WITHIN) == 1
        output = record.stderr.read().decode().splitlines()
    assert re.search(r"[1-9]\d* frames?", output[0])
    assert output[1].startswith(f"teleinfo-reader: {name}: ")


# Errors are one line.


def test_reports_a_busy_port_with_its_user_and_how_to_stop_it(tmp_path: Path) -> None:
    file = tmp_path / "first.txt"
    with running("simulate", KIND) as simulate:
        assert simulate.stdout
        terminal = simulate.stdout.readline().decode().strip()
        with running("record", file, "--port", terminal) as first:
            wait_until(lambda: file.exists() and file.read_text(), first)
            result = run("record", tmp_path / "second.txt", "--port", terminal)
    assert result.returncode == 1
    error = result.stderr.decode().splitlines()[-1]
    fix = r"stop that first \(.*(Ctrl-C|systemctl stop) .*\)"
    pattern = rf"teleinfo-reader: {terminal}: .+ \(process {first.pid}\) has it open; {fix}"
    assert re.fullmatch(pattern, error), error
    assert not (tmp_path / "second.txt").exists()


def test_a_full_disk_ends_a_recording_that_can_still_be_read(tmp_path: Path) -> None:
    file = tmp_path / "recording.txt"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))

    result = subprocess.run(
        command("record", file, "--port", f"simulate://{KIND}?speed=20"),
        env=ENVIRONMENT, capture_output=True, timeout=300, preexec_fn=limit, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert f"{file}: File too large: make room" in result.stderr.decode().splitlines()[-1]
    assert run("decode", file).returncode == 0


def test_only_the_owner_can_read_a_recording(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        result = run("record", tmp_path / "r.txt", "--port", f"simulate://{KIND}?speed=50", "--frames", "1")
    finally:
        os.umask(before)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "r.txt").stat().st_mode & 0o777 == 0o600


def test_never_overwrites_a_file(tmp_path: Path) -> None:
    file = tmp_path / "recording.txt"
    file.write_text("precious")
    result = run("record", file, "--port", f"simulate://{KIND}", "--seconds", "1")
    assert result.returncode == 2
    assert result.stderr.decode().startswith(f"teleinfo-reader: {file}: already exists")
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["record", "{}/no/r.txt", "--port", f"simulate://{KIND}"], 2, "cannot be written: No such file or directory"),
        (["record", "{}/r.txt", "--port", "simulate://nothing"], 2, "no simulated meter 'nothing'"),
        (["record", "{}/r.txt", "--config", "{}/none.yaml"], 2, "name your file with --config"),
        (["record", "{}/r.txt", "--config", "{}/two.yaml"], 2, "choose one with --port: /dev/a, /dev/b"),
        (["record", "{}/r.txt", "--seconds", "0"], 2, "a number above 0 is expected, not 0"),
        (["record", "{}/r.txt", "--frames", "x"], 2, "argument --frames: a whole number above 0 is expected, not x"),
        (["decode", "{}/damaged.txt"], 2, "damaged.txt, line 2: damaged: "),
    ],
)  # fmt: skip
def test_reports_each_error_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    error: str,
) -> None:
    (tmp_path / "two.yaml").write_text("port: [/dev/a, /dev/b]\n")
    (tmp_path / "empty.txt").write_text(HEADER + "\n# nothing\n")
    (tmp_path / "damaged.txt").write_text(HEADER + "\nnonsense\n")
    monkeypatch.setattr(sys, "argv", ["teleinfo-reader", *(argument.format(tmp_path) for argument in arguments)])
    try:
        ended = main()
    except SystemExit as ended_by:  # so argparse ends
        ended = int(ended_by.code or 0)
    assert ended == code
    assert error in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "r.txt").exists()


def test_a_port_that_is_not_there_leaves_no_file(tmp_path: Path) -> None:
    result = run("record", tmp_path / "r.txt", "--port", tmp_path / "tty")
    assert result.returncode == 1
    assert "no such device; is it plugged in?" in result.stderr.decode().splitlines()[-1]
    assert not (tmp_path / "r.txt").exists()
