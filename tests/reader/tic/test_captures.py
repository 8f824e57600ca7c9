"""What meters in the field have sent: what is right in each capture, and why the rest is not."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from common.labels import LABELS, Mode
from reader.recording.decode import Summary, decode_file
from reader.tic.decoder import Decoder, DropReason, Reading

Sign = Callable[[bytes], bytes]
Dropped = dict[DropReason, int]
CHECKSUM = DropReason.CHECKSUM
WHOLE: Dropped = {}


class Capture(NamedTuple):
    name: str
    readings: int  # frames with a start, an end and a good group
    frames: int  # those with an address
    address: str | None
    groups: int  # right ones, in all readings
    dropped: Dropped
    broken: int  # ends without a start
    why: str  # what is not right in it


CAPTURES = [
    Capture("01_std_base_mono_linky_lains.bin", 12, 12, "064468107922", 456, WHOLE, 1, "starts and ends mid-frame"),
    Capture(
        "03_hist_base_tri_linky_lains_crlf.bin", 6, 6, "056234115841", 96, WHOLE, 0, "6 groups of a cut last frame"
    ),
    Capture("04_hist_base_tri_linky_lains_lflf.bin", 0, 0, None, 0, WHOLE, 0, "a terminal ate every CR and ETX"),
    Capture("05_hist_base_tri_linky_rx_errors.bin", 0, 0, None, 0, WHOLE, 0, "a terminal ate every CR and ETX"),
    Capture("06_hist_tempo_mono_pyteleinfo.bin", 10, 10, "021861123760", 160, WHOLE, 0, "all is right"),
    Capture("07_hist_hchp_mono_teleinfod.bin", 6, 0, None, 60, {CHECKSUM: 6}, 1, "starts mid-frame; address altered"),
    Capture("10_hist_hchp_mono_cbemm_nokyyz_1.bin", 13, 13, "031328155436", 143, WHOLE, 1, "starts mid-frame"),
    Capture("13_hist_base_mono_enedis.bin", 1, 1, "812164163355", 9, WHOLE, 0, "all is right"),
    Capture("14_std_hchp_mono_enedis.bin", 1, 1, "031664171274", 38, WHOLE, 0, "all is right"),
    Capture("15_std_hchp_mono_enedis_bad_pcoup.bin", 1, 1, "031664171274", 37, {CHECKSUM: 1}, 0, "PCOUP is wrong"),
    Capture("16_std_tempo_mono_ticmeter.bin", 1, 0, None, 40, {CHECKSUM: 1}, 0, "address masked"),
    Capture("17_std_tempo_mono_corrupt_ticmeter.bin", 0, 0, None, 0, WHOLE, 0, "noise damaged its ETX"),
    Capture("18_std_producer_mono_ticmeter.bin", 1, 0, None, 45, {CHECKSUM: 1}, 0, "address masked"),
    Capture("20_hist_base_tri_ticmeter.bin", 1, 1, "031976187112", 15, {CHECKSUM: 1}, 0, "PPOT lost its first letters"),
    Capture("21_hist_base_mono_jlesauce.bin", 52, 0, None, 464, {CHECKSUM: 56}, 0, "addresses altered, 4 groups more"),
    Capture("22_hist_hchp_mono_cbemm_trychlos.bin", 18, 18, "040522202950", 198, WHOLE, 0, "all is right"),
    Capture("24_std_degraded_clock_vtic01_yadoms.bin", 2, 2, "041067218788", 14, WHOLE, 0, "all is right"),
    Capture("28_hist_base_tri_cbetm_nextdom24.bin", 1, 1, "021330242545", 15, WHOLE, 0, "all is right"),
    Capture("32_hist_tempo_tri_lateblt.bin", 1, 1, "020830258383", 22, WHOLE, 0, "all is right"),
    Capture("35_hist_tempo_tri_linky.bin", 1, 0, None, 21, {CHECKSUM: 1}, 0, "address altered"),
    Capture("37_hist_hchp_tri_adir_short_frames.bin", 5, 3, "123456290059", 47, WHOLE, 0, "long frames lack ADCO"),
    Capture("38_hist_adps_base_mono_vector.bin", 1, 1, "123456290059", 11, WHOLE, 0, "all is right"),
    Capture("39_hist_ejp_mono_pejp_vector.bin", 1, 1, "123456290059", 13, WHOLE, 0, "all is right"),
    Capture(
        "41_std_hchp_tri_overload_linkytic2.bin", 1, 1, "022576305897", 30, {CHECKSUM: 5}, 0, "5 lost first letters"
    ),
    Capture("42_std_tempo_tri_bernaerts38.bin", 1, 1, "031876313816", 50, WHOLE, 0, "all is right"),
    Capture("46_std_tempo_mono_bad_group_start_esphome17291.bin", 0, 0, None, 0, WHOLE, 1, "an end, then no start"),
    Capture("47_std_tempo_tri_bad_group_start_linkytic67.bin", 0, 0, None, 0, WHOLE, 0, "groups, and no frame"),
    Capture("49_hist_eot_linkytic9.bin", 0, 0, None, 0, WHOLE, 0, "EOT, then a start"),
    Capture("50_hist_bit_errors_8n1_linkytic11.bin", 0, 0, None, 0, WHOLE, 0, "damaged groups, and no frame"),
]


def by_name(capture: Capture) -> str:
    return capture.name.removesuffix(".bin")


def told(readings: list[Reading]) -> list[Reading]:
    return [reading._replace(parity=False) for reading in readings]


def test_each_capture_has_its_row(captures: Path) -> None:
    assert [capture.name for capture in CAPTURES] == sorted(path.name for path in captures.glob("*.bin"))


@pytest.mark.parametrize("capture", CAPTURES, ids=by_name)
def test_what_is_right_in_a_capture(captures: Path, capture: Capture) -> None:
    decoder, summary = Decoder(), Summary()
    readings = decoder.feed((captures / capture.name).read_bytes())
    with (captures / capture.name).open("rb") as file:
        lines = list(decode_file(file, summary))
    dropped: Counter[DropReason] = Counter()
    for reading in readings:
        dropped.update(reading.faults)
    assert Capture(
        capture.name,
        len(readings),
        len(lines),
        next((reading.address for reading in readings if reading.address), None),
        sum(len(reading.values) for reading in readings),
        dict(dropped),
        decoder.broken,
        capture.why,
    ) == (capture)
    assert {reading.address for reading in readings} <= {capture.address, None}
    assert summary.frames == capture.frames
    assert summary.no_address == capture.readings - capture.frames


@pytest.mark.parametrize("capture", CAPTURES, ids=by_name)
def test_every_label_of_the_field_is_in_the_catalogue(captures: Path, capture: Capture) -> None:
    mode = Mode.HISTORIC if "_hist_" in capture.name else Mode.STANDARD
    for reading in Decoder().feed((captures / capture.name).read_bytes()):
        assert reading.mode is mode
        assert reading.values.keys() <= LABELS[mode].keys()


@pytest.mark.parametrize("capture", CAPTURES, ids=by_name)
def test_a_capture_says_the_same_with_parity_and_in_any_chunks(captures: Path, parity: Sign, capture: Capture) -> None:
    data = (captures / capture.name).read_bytes()
    expected = told(Decoder().feed(data))
    seven_bits = bytes(byte & 0x7F for byte in data)  # two bytes of one capture have eight
    carried = Decoder().feed(parity(seven_bits))
    assert told(carried) == expected
    assert all(reading.parity for reading in carried)
    for size in (1, 7, 100):
        decoder = Decoder()
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        assert told([reading for piece in pieces for reading in decoder.feed(piece)]) == expected


# Captures without frames: what their groups say once a frame is put around them.
@pytest.mark.parametrize(
    ("name", "old", "new", "readings", "groups", "why"),
    [
        ("04_hist_base_tri_linky_lains_lflf.bin", b"\x02", b"\x03\x02", 5, 71, "without CR, groups end at LF"),
        ("46_std_tempo_mono_bad_group_start_esphome17291.bin", b"\x03C", b"\x03\x02", 1, 17, "0x0F for LF, C for STX"),
        ("49_hist_eot_linkytic9.bin", b"\x04", b"", 0, 0, "the frame of the group had begun before"),
    ],
)  # fmt: skip
def test_groups_of_captures_without_frames(
    captures: Path, name: str, old: bytes, new: bytes, readings: int, groups: int, why: str
) -> None:
    data = (captures / name).read_bytes().replace(old, new) + b"\x03"
    found = Decoder().feed(data)
    assert len(found) == readings, why
    assert sum(len(reading.values) for reading in found) == groups, why


def test_damaged_line_feeds_of_the_field_cost_no_group(captures: Path) -> None:
    """0x0E, 0x0F and 0x0B for LF (linkytic#67): ten groups, of which two are there twice."""
    data = (captures / "47_std_tempo_tri_bad_group_start_linkytic67.bin").read_bytes()
    (reading,) = Decoder().feed(b"\x02" + data + b"\x03")
    assert reading.values == {
        "EASF03": 1548023,
        "EASF04": 2860327,
        "EASF05": 856392,
        "IRMS3": 4,
        "URMS1": 235,
        "NJOURF+1": 0,
        "PJOURF+1": "00004001 06004002 16004001" + " NONUTILE" * 8,
    }
    assert reading.dropped == 0


@pytest.mark.parametrize("name", ["05_hist_base_tri_linky_rx_errors.bin", "17_std_tempo_mono_corrupt_ticmeter.bin"])
def test_noise_of_the_field_makes_no_value_that_the_meter_did_not_send(captures: Path, name: str) -> None:
    """Where frames were lost, groups are framed again: what verifies must be what a meter of that kind can say."""
    data = (captures / name).read_bytes()
    found = Decoder().feed(data.replace(b"\x02", b"\x03\x02") + b"\x03")
    addresses = {reading.address for reading in found} - {None}
    assert len(addresses) <= 1
    indexes = [reading.values["BASE"] for reading in found if "BASE" in reading.values]
    assert indexes == sorted(indexes, key=int)
    good = sum(len(reading.values) for reading in found)
    assert good > sum(reading.dropped for reading in found) / 3
