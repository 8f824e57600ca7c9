"""What lines deliver: what is right in each capture, and why the rest is not.

Our captures are made (tests/captures/README.md); those of the field are of real meters, and not part of the project.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from common.contract.frame import Value
from common.contract.labels import LABELS, Mode
from reader.recording.commands import Summary, decode_file
from reader.tic.decoder import Decoder, DropReason, Reading

Sign = Callable[[bytes], bytes]
Dropped = dict[DropReason, int]
CHECKSUM, VALUE = DropReason.CHECKSUM, DropReason.VALUE
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


OURS = [
    Capture("01_std_base_mono_cut.bin", 2, 2, "032061510821", 76, WHOLE, 1, "starts and ends mid-frame"),
    Capture("02_hist_base_tri_crlf.bin", 2, 2, "042076506099", 32, WHOLE, 0, "the last frame is cut"),
    Capture("03_hist_base_tri_lflf.bin", 0, 0, None, 0, WHOLE, 0, "a terminal ate every CR and ETX"),
    Capture("04_hist_base_tri_noise_lflf.bin", 0, 0, None, 0, WHOLE, 0, "a terminal ate every CR and ETX"),
    Capture("05_hist_tempo_mono.bin", 3, 3, "032261502951", 48, WHOLE, 0, "all is right"),
    Capture("06_hist_hchp_mono_13_digits.bin", 2, 0, None, 20, {CHECKSUM: 2}, 1, "starts mid-frame; address altered"),
    Capture("07_hist_hchp_mono_nul.bin", 2, 2, "040522500817", 20, WHOLE, 1, "starts mid-frame"),
    Capture("08_hist_base_mono_zero.bin", 1, 1, "032061501377", 9, WHOLE, 0, "all is right"),
    Capture("09_std_hchp_mono.bin", 1, 1, "032161511608", 38, WHOLE, 0, "all is right"),
    Capture("10_std_hchp_mono_bad_pcoup.bin", 1, 1, "032161511608", 37, {CHECKSUM: 1}, 0, "PCOUP is wrong"),
    Capture("11_std_tempo_mono_masked.bin", 1, 0, None, 40, {CHECKSUM: 1}, 0, "address masked"),
    Capture("12_std_tempo_mono_burst.bin", 0, 0, None, 0, WHOLE, 0, "noise damaged its ETX"),
    Capture("13_std_producer_mono.bin", 2, 2, "032161514756", 96, WHOLE, 0, "all is right"),
    Capture("14_hist_base_tri_lost_bytes.bin", 1, 1, "042076506099", 15, {CHECKSUM: 1}, 0, "PPOT lost two letters"),
    Capture("15_hist_base_mono_altered.bin", 12, 0, None, 108, {CHECKSUM: 12}, 0, "addresses altered"),
    Capture("16_hist_hchp_mono_old.bin", 3, 3, "040522500817", 30, WHOLE, 0, "all is right"),
    Capture("17_std_degraded_clock.bin", 2, 2, "041067500317", 14, WHOLE, 0, "all is right"),
    Capture("18_hist_base_tri_old.bin", 1, 1, "021330500421", 15, WHOLE, 0, "all is right"),
    Capture("19_hist_tempo_tri.bin", 1, 1, "042276507673", 22, WHOLE, 0, "all is right"),
    Capture("20_hist_tempo_tri_altered.bin", 1, 0, None, 21, {CHECKSUM: 1}, 0, "address altered"),
    Capture("21_hist_hchp_tri_adir.bin", 5, 3, "042176506886", 50, WHOLE, 0, "long frames lack ADCO"),
    Capture("22_hist_base_mono_adps.bin", 3, 3, "032061501377", 32, WHOLE, 0, "all is right"),
    Capture("23_hist_ejp_mono_pejp.bin", 2, 2, "031961503738", 24, WHOLE, 0, "all is right"),
    Capture("24_std_hchp_tri_overload.bin", 1, 1, "042176516330", 48, {CHECKSUM: 5}, 0, "5 lost first letters"),
    Capture("25_std_tempo_tri.bin", 1, 1, "042276517117", 53, WHOLE, 0, "all is right"),
    Capture("26_std_tempo_mono_bad_starts.bin", 0, 0, None, 0, WHOLE, 2, "two ends, and no start"),
    Capture("27_std_tempo_tri_bad_starts.bin", 0, 0, None, 0, WHOLE, 0, "groups, and no frame"),
    Capture("28_hist_hchp_mono_eot.bin", 0, 0, None, 0, WHOLE, 0, "EOT, then a start"),
    Capture("29_hist_bit_errors.bin", 0, 0, None, 0, WHOLE, 0, "damaged groups, and no frame"),
    Capture("30_hist_base_mono_parity.bin", 3, 3, "032061501377", 30, WHOLE, 0, "all is right"),
    Capture(
        "31_std_base_tri_parity_noise.bin", 3, 3, "042076515543", 151, {DropReason.PARITY: 8}, 0, "9 errors in 8 groups"
    ),
    Capture("32_std_base_mono_noise.bin", 3, 3, "032061510821", 103, {CHECKSUM: 11}, 0, "12 errors in 11 groups"),
    Capture("33_std_base_mono_wrong_clock.bin", 3, 3, "032061510821", 113, {DropReason.STAMP: 1}, 0, "a 13th month"),
    Capture("34_hist_concentrator.bin", 1, 1, "040099500512", 9, WHOLE, 0, "all is right"),
    Capture("35_hist_8_digits_no_concentrator.bin", 3, 3, "032061501377", 27, {VALUE: 3}, 0, "BASE is too narrow"),
    Capture("36_hist_hchp_mono_without_cr.bin", 3, 3, "032161502164", 33, WHOLE, 0, "all is right"),
    Capture("37_std_hchp_mono_without_lf.bin", 1, 1, "032161511608", 38, WHOLE, 0, "all is right"),
    Capture("38_hist_hchp_mono_without_both.bin", 0, 0, None, 0, WHOLE, 3, "nothing says where a group ends"),
    Capture("39_std_odd_labels.bin", 1, 1, "032061510821", 40, {DropReason.LABEL: 2}, 0, "a space, 17 letters"),
    Capture(
        "40_hist_verified_nonsense.bin", 1, 1, "032061501377", 8, {VALUE: 3, DropReason.MODE: 1}, 0, "good checksums"
    ),
    Capture("41_hist_base_mono_starts_again.bin", 3, 3, "032061501377", 30, WHOLE, 0, "the first STX has no end"),
    Capture(
        "42_hist_base_mono_eot.bin", 2, 2, "032061501377", 20, WHOLE, 1, "the second frame is cut, no start follows"
    ),
    Capture("43_std_stamp_nonsense.bin", 1, 1, "032061510821", 36, {DropReason.STAMP: 2}, 0, "good checksums"),
]
ODD_LABELS = {"39_std_odd_labels.bin": {"ZZ+9", "STAMPED"}}  # such as no specification knows
FIELD = [
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


BOTH = pytest.mark.parametrize(("captures", "rows"), [("ours", OURS), ("field", FIELD)], indirect=["captures"])


def without_parity(readings: list[Reading]) -> list[Reading]:
    return [reading._replace(parity=False) for reading in readings]


@BOTH
def test_each_capture_has_its_row(captures: Path, rows: list[Capture]) -> None:
    names = [capture.name for capture in rows]
    assert names == sorted(path.name for path in captures.glob("*.bin"))
    index = (captures / "README.md").read_text()
    assert [name for name in names if f"| `{name}` |" not in index] == []


@pytest.mark.parametrize("captures", ["ours"], indirect=True)
def test_decodes_our_captures_to_the_expected_values(captures: Path) -> None:
    found = [
        {
            "file": capture.name,
            **reading._asdict(),
            "stamps": {label: f"{stamp:%Y-%m-%dT%H:%M:%SZ}" for label, stamp in reading.stamps.items()},
        }
        for capture in OURS
        for reading in Decoder().feed((captures / capture.name).read_bytes())
    ]
    assert found == [json.loads(line) for line in (captures / "expected.jsonl").read_text().splitlines()]


@BOTH
def test_decodes_each_capture(captures: Path, rows: list[Capture]) -> None:
    for capture in rows:
        decoder, summary = Decoder(), Summary()
        readings = decoder.feed((captures / capture.name).read_bytes())
        with (captures / capture.name).open("rb") as file:
            lines = list(decode_file(file, summary))
        dropped: Counter[DropReason] = Counter()
        for reading in readings:
            dropped.update(reading.faults)
        assert capture == Capture(
            capture.name,
            len(readings),
            len(lines),
            next((reading.address for reading in readings if reading.address), None),
            sum(len(reading.values) for reading in readings),
            dict(dropped),
            decoder.broken,
            capture.why,
        )
        assert {reading.address for reading in readings} <= {capture.address, None}
        assert (summary.frames, summary.no_address) == (capture.frames, capture.readings - capture.frames)
        mode = Mode.HISTORIC if "_hist_" in capture.name else Mode.STANDARD
        for reading in readings:
            assert reading.mode is mode
            assert reading.values.keys() - LABELS[mode].keys() == ODD_LABELS.get(capture.name, set())


@BOTH
def test_decodes_a_capture_to_the_same_values_with_parity_and_in_any_chunks(
    captures: Path, parity: Sign, rows: list[Capture]
) -> None:
    for name in (capture.name for capture in rows if "parity_noise" not in capture.name):  # its parity is the point
        data = (captures / name).read_bytes()
        expected = without_parity(Decoder().feed(data))
        seven_bits = bytes(byte & 0x7F for byte in data)  # two bytes of one capture have eight
        carried = Decoder().feed(parity(seven_bits))
        assert without_parity(carried) == expected, name
        assert all(reading.parity for reading in carried), name
        for size in (1, 7, 100):
            decoder = Decoder()
            pieces = [data[start : start + size] for start in range(0, len(data), size)]
            assert without_parity([reading for piece in pieces for reading in decoder.feed(piece)]) == expected, name


# Captures without frames: what their groups say once a frame is put around them.
@pytest.mark.parametrize(
    ("captures", "name", "old", "new", "readings", "groups", "why"),
    [
        ("ours", "03_hist_base_tri_lflf.bin", b"\x02", b"\x03\x02", 3, 48, "without CR, groups end at LF"),
        ("ours", "26_std_tempo_mono_bad_starts.bin", b"\x03C", b"\x03\x02", 1, 36, "0x0F for LF, C for STX"),
        ("ours", "28_hist_hchp_mono_eot.bin", b"\x04", b"", 0, 0, "the frame of the group had begun before"),
        ("field", "04_hist_base_tri_linky_lains_lflf.bin", b"\x02", b"\x03\x02", 5, 71, "without CR, groups end at LF"),
        ("field", "46_std_tempo_mono_bad_group_start_esphome17291.bin", b"\x03C", b"\x03\x02", 1, 17, "as ours"),
        ("field", "49_hist_eot_linkytic9.bin", b"\x04", b"", 0, 0, "the frame of the group had begun before"),
    ],
    indirect=["captures"],
)  # fmt: skip
def test_groups_of_captures_without_frames(
    captures: Path, name: str, old: bytes, new: bytes, readings: int, groups: int, why: str
) -> None:
    data = (captures / name).read_bytes().replace(old, new) + b"\x03"
    found = Decoder().feed(data)
    assert len(found) == readings, why
    assert sum(len(reading.values) for reading in found) == groups, why


OURS_WITH_BAD_STARTS = {"URMS2": 235, "URMS3": 228, "PREF": 12, "PCOUP": 12, "SINSTS": 1806, "SINSTS1": 831}
# Ten groups, of which two are there twice (linkytic#67).
FIELD_WITH_BAD_STARTS = {
    "EASF03": 1548023,
    "EASF04": 2860327,
    "EASF05": 856392,
    "IRMS3": 4,
    "URMS1": 235,
    "NJOURF+1": 0,
    "PJOURF+1": "00004001 06004002 16004001" + " NONUTILE" * 8,
}


@pytest.mark.parametrize(
    ("captures", "name", "values"),
    [
        ("ours", "27_std_tempo_tri_bad_starts.bin", OURS_WITH_BAD_STARTS),
        ("field", "47_std_tempo_tri_bad_group_start_linkytic67.bin", FIELD_WITH_BAD_STARTS),
    ],
    indirect=["captures"],
)
def test_line_feeds_damaged_to_other_control_characters_cost_no_group(
    captures: Path, name: str, values: dict[str, Value]
) -> None:
    """0x0E, 0x0F and 0x0B for LF."""
    data = (captures / name).read_bytes()
    (reading,) = Decoder().feed(b"\x02" + data + b"\x03")
    assert reading.values == values
    assert reading.dropped == 0


@pytest.mark.parametrize(
    ("captures", "name"),
    [
        ("ours", "04_hist_base_tri_noise_lflf.bin"),
        ("ours", "12_std_tempo_mono_burst.bin"),
        ("field", "05_hist_base_tri_linky_rx_errors.bin"),
        ("field", "17_std_tempo_mono_corrupt_ticmeter.bin"),
    ],
    indirect=["captures"],
)
def test_noise_makes_no_value_that_the_meter_did_not_send(captures: Path, name: str) -> None:
    """Where frames were lost, groups are framed again: what verifies must be what a meter of that kind can say."""
    data = (captures / name).read_bytes()
    found = Decoder().feed(data.replace(b"\x02", b"\x03\x02") + b"\x03")
    addresses = {reading.address for reading in found} - {None}
    assert len(addresses) <= 1
    indexes = [reading.values["BASE"] for reading in found if "BASE" in reading.values]
    assert indexes == sorted(indexes, key=int)
    good = sum(len(reading.values) for reading in found)
    assert good > sum(reading.dropped for reading in found) / 3
