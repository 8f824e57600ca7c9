"""The command `teleinfo-reader decode`, as a person runs it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import ENVIRONMENT, command_line

Sign = Callable[[bytes], bytes]
Send = Callable[..., bytes]

A, B, C = b"031961123456", b"041067218788", b"021861123760"


def run(*arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command_line("reader", "decode", *arguments),
        env=ENVIRONMENT,
        input=data,
        capture_output=True,
        timeout=300,
    )


def frames_of(result: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def historic(send: Send) -> Callable[..., bytes]:
    def historic(meter: bytes, power: int = 750) -> bytes:
        return send(b"ADCO " + meter, b"BASE 006511245", b"PAPP %05d" % power)

    return historic


def test_prints_each_frame_as_a_line_without_its_time(send: Send) -> None:
    data = send(b"ADSC\t" + A + b"\t", b"DATE\th261124232019\t\t", b"EAST\t008735124\t", b"NGTF\t     TEMPO      \t",
                b"SINSTS\t0123O\t")  # fmt: skip
    result = run("-", data=data)
    (line,) = result.stdout.splitlines()
    assert line.decode() == (
        '{"meter": "031961123456", "mode": "standard", "frame": {"ADSC": "031961123456", "DATE": "", "EAST": 8735124, '
        '"NGTF": "     TEMPO      "}, "stamps": {"DATE": "2026-11-24T22:20:19Z"}, "clock": "degraded", "dropped": 1}'
    )
    assert result.stderr.decode() == "-: 1 frame, 4 groups; 1 group dropped (value 1)\n"


def test_decodes_each_file_on_its_own(tmp_path: Path, historic: Callable[..., bytes]) -> None:
    """No open frame, no address and no count goes from one capture into the next."""
    whole = historic(A)
    (tmp_path / "one").write_bytes(historic(A) + whole[:20])
    (tmp_path / "two").write_bytes(whole[20:] + historic(B) + historic(B, 1))
    (tmp_path / "none").write_bytes(b"")
    result = run(tmp_path / "one", tmp_path / "none", "-", tmp_path / "two", data=historic(C))
    assert [frame["meter"].encode() for frame in frames_of(result)] == [A, C, B, B]
    assert [line.removeprefix(f"{tmp_path}/") for line in result.stderr.decode().splitlines()] == [
        "one: 1 frame, 3 groups",
        "none: 0 frames, 0 groups",
        "-: 1 frame, 3 groups",
        "two: 2 frames, 6 groups; 1 frame without a start or a good group",
    ]


def test_counts_everything_that_was_dropped(
    tmp_path: Path, historic: Callable[..., bytes], parity: Sign, send: Send
) -> None:
    damaged = bytearray(parity(historic(A)))
    damaged[damaged.index(ord("B"))] ^= 1
    capture = tmp_path / "capture"
    capture.write_bytes(
        parity(historic(A)) + damaged + historic(B) + historic(A) + send(b"PAPP 00750") + b"\x03" + historic(C)
    )
    result = run(capture)
    assert [frame["meter"].encode() for frame in frames_of(result)] == [A, A, A]
    assert result.stderr.decode() == (
        f"{capture}: 3 frames, 8 groups; 1 group dropped (parity 1); 1 frame without a valid address; "
        "1 frame without a start or a good group; 2 frames with an address that came only once; 1 parity error\n"
    )


def test_explains_a_capture_of_a_terminal_that_was_not_raw(historic: Callable[..., bytes]) -> None:
    cooked = historic(A).replace(b"\r", b"\n").replace(b"\x03", b"")
    assert b"terminal that was not raw" in run("-", data=cooked).stderr
    assert b"no end of frame (ETX)" in run("-", data=historic(A)[:-1]).stderr


def test_decodes_a_large_capture_across_its_chunks(tmp_path: Path, historic: Callable[..., bytes]) -> None:
    (tmp_path / "large").write_bytes(b"".join(historic(A, power) for power in range(5000)))
    frames = frames_of(run(tmp_path / "large"))
    assert [frame["frame"]["PAPP"] for frame in frames] == list(range(5000))


def test_ends_silently_when_its_output_is_closed(tmp_path: Path, historic: Callable[..., bytes]) -> None:
    (tmp_path / "large").write_bytes(historic(A) * 20_000)
    process = subprocess.Popen(
        command_line("reader", "decode", tmp_path / "large"),
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["meter"].encode() == A
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("count", [1, 2000], ids=["at its end", "on the way"])
def test_reports_a_full_disk_behind_the_output_in_one_line(
    tmp_path: Path, historic: Callable[..., bytes], count: int
) -> None:
    (tmp_path / "file").write_bytes(historic(A) * count)
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            command_line("reader", "decode", tmp_path / "file"),
            env=ENVIRONMENT,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=300,
        )
    assert result.returncode == 1
    (error,) = result.stderr.decode().splitlines()
    assert "No space left on device" in error


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file or directory"), (".", "Is a directory")], ids=["missing", "folder"]
)
def test_reports_a_file_that_cannot_be_read_in_one_line(
    tmp_path: Path, historic: Callable[..., bytes], name: str, reason: str
) -> None:
    (tmp_path / "good").write_bytes(historic(A))
    result = run(tmp_path / "good", tmp_path / name)
    assert result.returncode == 2
    assert json.loads(result.stdout)["meter"].encode() == A  # the frames of the files before it are printed
    assert result.stderr.decode().splitlines()[1:] == [f"teleinfo-reader: {tmp_path / name}: cannot be read: {reason}"]


def test_without_a_file_prints_the_usage() -> None:
    result = run()
    assert result.returncode == 2
    assert b"usage: teleinfo-reader decode" in result.stderr


def test_counts_frames_of_more_meters_than_a_line_may_have(historic: Callable[..., bytes]) -> None:
    result = run("-", data=b"".join(historic(b"%012d" % number) * 2 for number in range(40)))
    assert len({frame["meter"] for frame in frames_of(result)}) == 32
    assert "16 frames of more than 32 meters" in result.stderr.decode()
