"""The text format of recordings: what is written can be read again."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from reader.recording.format import HEADER, Chunk, read_bytes, write_chunk, write_speed
from reader.tic.decoder import with_parity

CHUNKS = st.lists(
    st.builds(
        Chunk,
        st.integers(0, 10**9).map(lambda milliseconds: milliseconds / 1000),
        st.one_of(st.binary(min_size=1, max_size=200), st.text(" \t\r\n\\PAa09=x", min_size=1).map(str.encode)).map(
            lambda data: with_parity(data) if data[0] % 2 else data
        ),
    ),
    max_size=5,
)


def written(chunks: list[Chunk]) -> bytes:
    return (f"{HEADER}\n# a comment\n" + "".join(map(write_chunk, chunks))).encode("ascii")


def read(data: bytes) -> bytes:
    return b"".join(read_bytes(io.BytesIO(data), "file"))


@given(CHUNKS)
def test_every_byte_is_written_at_its_time_and_read(chunks: list[Chunk]) -> None:
    data = written(chunks)
    assert read(data) == b"".join(chunk.data for chunk in chunks)
    times = [line.split()[0] for line in data.decode().splitlines()[2:]]
    assert list(dict.fromkeys(times)) == list(dict.fromkeys(f"{chunk.seconds:.3f}" for chunk in chunks))


@given(CHUNKS)
def test_survives_the_changes_of_mail_programs(chunks: list[Chunk]) -> None:
    """Other line ends, blanks around a line and doubled ones, a mark at the start, no line long enough to be folded."""
    data = written(chunks)
    assert max(len(line) for line in data.splitlines()[2:] or [b""]) < 998
    assert b"  " not in data
    assert not any(line.endswith((b" ", b"\t")) for line in data.split(b"\n"))
    mailed = b"\xef\xbb\xbf" + data.replace(b"\n", b"  \r\n\r\n")
    assert read(mailed) == read(data)


def test_a_group_is_a_readable_line() -> None:
    group = b"\nPTEC HP..  \r"
    assert write_chunk(Chunk(0.8741, with_parity(group + b"\nPAPP 00750 -\r"))) == (
        "0.874 e \\nPTEC HP.. \\xA0\\r\n0.874 e \\nPAPP 00750 -\\r\n"
    )
    damaged = bytearray(with_parity(b"\nPAPP 00750 -\r"))
    damaged[6] ^= 0x40
    assert write_chunk(Chunk(12, bytes(damaged))) == "12.000 e \\nPAPP \\x700750 -\\r\n"


def test_tells_recordings_and_raw_bytes_apart() -> None:
    raw = b"\x02\nteleinfo-recording 2\r\x03"
    assert list(read_bytes(io.BytesIO(raw), "file")) == [raw]
    assert list(read_bytes(io.BytesIO(b""), "file")) == []


def test_a_line_of_speed_has_no_bytes() -> None:
    data = (HEADER + "\n" + write_speed(0.5, 9600) + write_chunk(Chunk(1, b"A"))).encode()
    assert read(data) == b"A"


@pytest.mark.parametrize("cut", ["0.5", "0.504 e", "0.504 e A\\", "0.504 e A\\x0", "0.504 spee"])
def test_ignores_a_last_line_that_was_cut_off(cut: str) -> None:
    assert read(f"{HEADER}\n0.500 e A\n{cut}".encode()) == with_parity(b"A")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEADER + "\n\n1.000 e A\\\n", r"file, line 3: .*'1.000 e A"),
        (HEADER + "\n1.000 e A\\x8\n", "line 2"),
        (HEADER + "\n1.000 e A\\s\n", "line 2"),
        (HEADER + "\n1.000 q A\n", "line 2"),
        (HEADER + "\n1.0 e A\n", "line 2"),
        (HEADER + "\n1.000 speed fast\n", "line 2"),
        (HEADER + "\n1.000 e caf\xe9\n", "line 2"),
        (HEADER + "\n" + 40_000 * "1", "line 2"),
        (HEADER + "\n1.000 e " + 40_000 * "A" + "\n2.000 e B\n", "line 2"),
        (HEADER + "\n1.000 e " + 100_000 * "A" + "\n2.000 e B\n", "line 2"),
    ],
)
def test_reports_the_number_of_a_damaged_line(text: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=expected) as caught:
        read(text.encode("latin-1"))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_the_example_of_the_documentation_is_valid() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "recordings.md").read_text()
    example = page.partition("## Format")[2].split("```\n")[1]
    seven_bits = bytes(byte & 0x7F for byte in read(example.encode()))
    assert seven_bits == b"\x02\nADCO 031961000001 ,\r\nPTEC HP..  \r\nPAPP p00750 -\r"
