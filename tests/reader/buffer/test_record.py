"""Records: whatever is cut off or overwritten, every record that is whole comes back, and none that never was."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.buffer.record import HEADER_SIZE, MAGIC, read_records, record_size, write_record

# Bodies that make it hard: with (parts of) the magic, with whole records inside, and with what escapes them.
PARTS = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([MAGIC, MAGIC[:3], MAGIC[:2], MAGIC[1:], MAGIC[2:], MAGIC[:3] + b"\0", b"\0", b"\xff"]),
    st.binary(max_size=8).map(write_record),
)
BODIES = st.lists(PARTS, max_size=5).map(b"".join)


class File(NamedTuple):
    data: bytes
    records: list[tuple[int, bytes]]

    def end_of(self, index: int) -> int:
        return self.records[index + 1][0] if index + 1 < len(self.records) else len(self.data)

    def untouched(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """Return the records that lie outside this range."""
        return [
            record
            for index, record in enumerate(self.records)
            if self.end_of(index) <= start or record[0] >= max(end, start)
        ]


def file_of(bodies: list[bytes]) -> File:
    data, records = b"", []
    for body in bodies:
        records.append((len(data), body))
        data += write_record(body)
    return File(data, records)


FILES = st.lists(BODIES, min_size=1, max_size=6).map(file_of)


def is_sublist(part: list[tuple[int, bytes]], whole: list[tuple[int, bytes]]) -> bool:
    rest = iter(whole)
    return all(record in rest for record in part)


def check_cover(data: bytes) -> None:
    """Records and damaged ranges together are the file, without a gap and without a byte twice."""
    records, damaged = read_records(data)
    pieces = sorted([(offset, offset + record_size(data, offset)) for offset, _ in records] + damaged)
    assert [start for start, _ in pieces] == [0, *(end for _, end in pieces)][: len(pieces)]
    assert (pieces[-1][1] if pieces else 0) == len(data)
    assert all(start < end for start, end in pieces)


@given(FILES)
def test_what_was_written_comes_back(file: File) -> None:
    assert read_records(file.data) == (file.records, [])
    check_cover(file.data)


@given(FILES, st.data())
def test_a_file_that_was_cut_off_gives_every_record_before_the_cut(file: File, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(file.data)))
    records, damaged = read_records(file.data[:cut])
    assert records == file.untouched(cut, len(file.data))
    assert sum(end - start for start, end in damaged) == cut - (file.end_of(len(records) - 1) if records else 0)
    check_cover(file.data[:cut])


@given(FILES, st.data())
def test_half_a_file_gives_every_record_behind_its_begin(file: File, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(file.data)))
    records, _ = read_records(file.data[begin:])
    assert [(offset + begin, body) for offset, body in records] == file.untouched(0, begin)


# What is written over a file; a whole record among it would be one that was written.
NOISE = (
    st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([MAGIC, MAGIC[:3], MAGIC[2:], bytes(32)])))
    .map(b"".join)
    .filter(lambda noise: not read_records(noise)[0])
)


@given(FILES, NOISE, st.data())
def test_an_overwritten_range_costs_only_what_it_touches(file: File, noise: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(file.data)))
    noise = noise[: len(file.data) - start]
    damaged = file.data[:start] + noise + file.data[start + len(noise) :]
    records, _ = read_records(damaged)
    assert is_sublist(file.untouched(start, start + len(noise)), records)
    # A magic that was written over a body may find there what was made to look like the rest of a record.
    forged = [record for record in records if start - len(MAGIC) < record[0] < start + len(noise)]
    assert MAGIC in damaged[max(0, start - 3) : start + len(noise) + 3] or not forged
    assert is_sublist([record for record in records if record not in forged], file.records)
    check_cover(damaged)


@given(FILES, NOISE, NOISE, st.data())
def test_garbage_before_between_and_behind_costs_nothing(
    file: File, one: bytes, two: bytes, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(file.records) - 1))
    between = file.end_of(index)
    damaged = one + file.data[:between] + two + file.data[between:] + one
    records, _ = read_records(damaged)
    assert [body for _, body in records] == [body for _, body in file.records]
    check_cover(damaged)


@given(NOISE)
def test_noise_is_told_as_damage(noise: bytes) -> None:
    assert read_records(noise) == ([], [(0, len(noise))] if noise else [])


@pytest.mark.parametrize("at", [0, 4096, 8192, 12_288])
def test_a_zeroed_page_costs_the_records_on_it(at: int) -> None:
    file = file_of([b"%04d" % index * 40 for index in range(100)])
    data = file.data[:at] + bytes(4096) + file.data[at + 4096 :]
    records, damaged = read_records(data)
    assert records == file.untouched(at, at + 4096)
    assert len(damaged) == 1
    assert len(records) >= 100 - 4096 // 172 - 2


def test_a_record_inside_a_body_does_not_come_out_when_the_outer_one_is_damaged() -> None:
    inner = write_record(b"never written on its own")
    outer = bytearray(write_record(inner + inner))
    assert read_records(bytes(outer)) == ([(0, inner + inner)], [])
    outer[5] ^= 1  # of the length
    assert read_records(bytes(outer)) == ([], [(0, len(outer))])


def test_a_body_that_ends_like_a_magic_begins_survives_the_garbage_behind_it() -> None:
    whole = write_record(b"frame" + MAGIC[:2])
    assert read_records(whole + MAGIC[2:] + bytes(20))[0] == [(0, b"frame" + MAGIC[:2])]


def test_each_bit_counts() -> None:
    record = write_record(b"frame")
    for bit in range(len(record) * 8):
        flipped = bytearray(record)
        flipped[bit // 8] ^= 1 << bit % 8
        assert read_records(bytes(flipped))[0] == []


def test_many_magics_with_lengths_that_lie_do_not_take_for_ever() -> None:
    lie = MAGIC + (400_000).to_bytes(4, "little") + bytes(4)
    records, damaged = read_records(lie * 50_000)
    assert (records, damaged) == ([], [(0, 50_000 * HEADER_SIZE)])
