"""Makes the recordings of this folder and what they decode to: `python -m tests.captures.make`, from the root."""

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reader.simulator.meter import SimulatedMeter
from reader.tic.parity import with_parity
from tests.reader.tic.reference_decoder import ReferenceDecoder

HERE = Path(__file__).parent
NOON = datetime(2026, 1, 14, 11, tzinfo=UTC)  # a blue Wednesday
RED_EVE = datetime(2026, 1, 18, 19, 30, tzinfo=UTC)  # the colour of the morrow is announced
RED = datetime(2026, 1, 19, 11, tzinfo=UTC)
EJP_NOTICE = datetime(2026, 1, 19, 5, 45, tzinfo=UTC)  # 15 minutes before the peak
SUMMER = datetime(2026, 6, 24, 11, tzinfo=UTC)


def sent(kind: str, count: int, at: datetime = NOON) -> bytes:
    """Return frames as the simulator sends them."""
    meter = SimulatedMeter(kind, seed=21)
    return b"".join(meter.frame(at + timedelta(seconds=2 * number)) for number in range(count))


def overloaded(kind: str, count: int) -> bytes:
    """Return frames from the first overload on, the one before included."""
    meter, day = SimulatedMeter(kind, seed=21), NOON
    while (overload := meter.overload(day)) is None:
        day += timedelta(days=1)
    return sent(kind, count, overload[0] - timedelta(seconds=2))


def group(zone: str) -> bytes:
    """Return a group that is written without its checksum; in standard mode it ends with its last tab."""
    data = zone.encode()
    return b"\n%b%c\r" % (data if "\t" in zone else data + b" ", sum(data) % 64 + 32)


def frame(*zones: str) -> bytes:
    return b"\x02" + b"".join(map(group, zones)) + b"\x03"


def put(data: bytes, *zones: str) -> bytes:
    """Return the frames with other values of these labels."""
    for zone in zones:
        label = re.split("[ \t]", zone)[0]
        data, count = re.subn(
            rb"\n%b[ \t][^\r]*\r" % re.escape(label.encode()), group(zone).replace(b"\\", rb"\\"), data
        )
        assert count, zone
    return data


def drop(data: bytes, *labels: bytes) -> bytes:
    for label in labels:
        data = re.sub(rb"\n%b[ \t][^\r]*\r" % re.escape(label), b"", data)
    return data


def flip(data: bytes, count: int, bits: int = 7) -> bytes:
    """Return the bytes with as many bit errors."""
    noisy, chance = bytearray(data), random.Random(count)
    for _ in range(count):
        noisy[chance.randrange(len(data))] ^= 1 << chance.randrange(bits)
    return bytes(noisy)


def burst(data: bytes, *starts: int) -> bytes:
    """Return the bytes with bits fallen to zero, nine bytes from each start."""
    noisy = bytearray(data)
    for start in starts:
        noisy[start : start + 9] = (byte & 0x6D for byte in noisy[start : start + 9])
    return bytes(noisy)


def first(text: str, data: bytes, lost: int) -> bytes:
    """Return the frames with the first bytes of a label lost."""
    return data.replace(b"\n" + text.encode(), b"\n" + text.encode()[lost:])


def recordings() -> dict[str, bytes]:
    std_hchp = put(
        sent("standard-single-phase-hchp", 1), "PRM\t00000000000000\t", "STGE\t00DAC411\t", "EASD01\t000000000\t"
    )
    tempo = sent("standard-single-phase-tempo", 1, RED_EVE)
    overload = overloaded("standard-three-phase-hchp", 2).split(b"\x03")[1] + b"\x03"
    for label in ("IRMS1", "IRMS2", "URMS1", "PREF", "PCOUP"):
        overload = first(label, overload, 1)
    tri_tempo = sent("historic-three-phase-tempo", 1, RED)
    hchp = sent("historic-single-phase-hchp", 3)
    old = put(drop(hchp, b"HHPHC"), "ADCO 040522500817", "IMAX 038")
    long, short = overloaded("historic-three-phase-hchp", 4).split(b"\x03", 1)
    long = drop(long, b"ADCO") + b"\x03"
    spoilt = "ADSC XXXXXXXXXXXX".replace(" ", "\t")
    broken_starts = drop(sent("standard-single-phase-tempo", 1), b"PJOURF+1", b"MSG1")
    tri_groups = sent("standard-three-phase-tempo", 1)[1:-1].split(b"\r\n")
    base = sent("historic-single-phase-base", 3)
    return {
        "01_std_base_mono_cut": sent("standard-single-phase-base", 4)[321:-123],
        "02_hist_base_tri_crlf": b"HHPH" + re.sub(
            rb"\r(?=\x03)", b"\r\n", put(sent("historic-three-phase-base", 3), "BASE 010395102").replace(
                b"\x02\n", b"\x02\r\n"))[:-60],
        "03_hist_base_tri_lflf": sent("historic-three-phase-base", 3).replace(b"\r", b"\n").replace(b"\x03", b""),
        "04_hist_base_tri_noise_lflf": flip(
            sent("historic-three-phase-base", 12).replace(b"\r", b"\n").replace(b"\x03", b""), 90),
        "05_hist_tempo_mono": sent("historic-single-phase-tempo", 3, RED_EVE),
        "06_hist_hchp_mono_13_digits": re.sub(rb"(ADCO )(\d+)", rb"\g<1>1\2", hchp)[150:],
        "07_hist_hchp_mono_nul": b"\0\0\0\0\0" + put(old, "PTEC HP..")[97:],
        "08_hist_base_mono_zero": put(
            drop(sent("historic-single-phase-base", 1), b"HHPHC"), "IINST 000", "IMAX 000", "PAPP 00000",
            "BASE 000000000"),
        "09_std_hchp_mono": std_hchp,
        "10_std_hchp_mono_bad_pcoup": std_hchp.replace(b"PCOUP\t09\t\"", b"PCOUP\t09\t!"),
        "11_std_tempo_mono_masked": re.sub(rb"ADSC\t\d+", spoilt.encode(), tempo),
        "12_std_tempo_mono_burst": burst(tempo, *range(100, 1000, 45)).replace(b"\x03", b"\x01") + b"\0\0\0\0",
        "13_std_producer_mono": sent("standard-single-phase-producer", 2, SUMMER),
        "14_hist_base_tri_lost_bytes": first("PPOT", sent("historic-three-phase-base", 1), 2),
        "15_hist_base_mono_altered": re.sub(rb"(ADCO \d+)\d", rb"\1x", sent("historic-single-phase-base", 12)),
        "16_hist_hchp_mono_old": old,
        "17_std_degraded_clock": b"".join(
            frame("ADSC\t041067500317\t", "VTIC\t01\t", f"DATE\th2601141200{second}\t\t", "EAST\t000412345\t",
                  "EASF01\t000412345\t", "SINSTS\t00644\t", "SMAXN-1\th260113194511\t04321\t")
            for second in ("05", "07")),
        "18_hist_base_tri_old": frame(
            "ADCO 021330500421", "OPTARIF BASE", "ISOUSC 30", "BASE 023450017", "PTEC TH..", "IINST1 003", "IINST2 001",
            "IINST3 004", "IMAX1 027", "IMAX2 031", "IMAX3 029", "PMAX 11020", "PAPP 01837", "MOTDETAT 000000",
            "PPOT 00"),
        "19_hist_tempo_tri": tri_tempo,
        "20_hist_tempo_tri_altered": re.sub(rb"(ADCO \d+)\d", rb"\1x", tri_tempo),
        "21_hist_hchp_tri_adir": long + short + long,
        "22_hist_base_mono_adps": overloaded("historic-single-phase-base", 3),
        "23_hist_ejp_mono_pejp": sent("historic-single-phase-ejp", 1, EJP_NOTICE)
        + put(sent("historic-single-phase-ejp", 1, EJP_NOTICE), "OPTARIF EJP "),
        "24_std_hchp_tri_overload": overload,
        "25_std_tempo_tri": sent("standard-three-phase-tempo", 1),
        "26_std_tempo_mono_bad_starts": b"01 NONUTILE\t5\r\x03C"
        + broken_starts[1:].replace(b"\r\n", b"\r\x0f"),
        "27_std_tempo_tri_bad_starts": b"".join(
            b"%c%b\r" % pair for pair in zip(b"\n\x0e\n\x0f\n\x0b", tri_groups[24:30], strict=True)),
        "28_hist_hchp_mono_eot": group("HCHP 017600042") + b"\x04\x02\n",
        "29_hist_bit_errors": b"\nIMAX 090 \x7f\r\n\xd0APP 01370 ,\r\n?(PHC A ,\r\nI?\xaeST 006 ]\r",
        "30_hist_base_mono_parity": with_parity(base),
        "31_std_base_tri_parity_noise": flip(with_parity(sent("standard-three-phase-base", 3)), 9, 8),
        "32_std_base_mono_noise": flip(sent("standard-single-phase-base", 3), 12),
        "33_std_base_mono_wrong_clock": b"".join(
            put(sent("standard-single-phase-base", 1), f"DATE\t{stamp}\t\t")
            for stamp in ("H000101000312", "H991231235958", "H261332250000")),
        "34_hist_concentrator": frame(
            "ADCO 040099500512", "OPTARIF HC..", "ISOUSC 45", "HCHC 01234567", "HCHP 07654321", "GAZ 0012345",
            "AUTRE 0000321", "PTEC HC..", "MOTDETAT 000000"),
        "35_hist_8_digits_no_concentrator": put(base, "BASE 01234567"),
        "36_hist_hchp_mono_without_cr": hchp.replace(b"\r", b""),
        "37_std_hchp_mono_without_lf": std_hchp.replace(b"\n", b""),
        "38_hist_hchp_mono_without_both": hchp.replace(b"\r", b"").replace(b"\n", b""),
        "39_std_odd_labels": put(sent("standard-single-phase-base", 1), "PREF\t09\t").replace(
            b"\x03", group("ZZ+9\t42\t") + group("TWO WORDS\t1\t") + group("SEVENTEEN_LETTERS\t1\t")
            + group("STAMPED\th260114120000\t7\t") + b"\x03"),
        "40_hist_verified_nonsense": put(base[: len(base) // 3], "PAPP 0750", "IINST 0x3").replace(
            b"\x03", group("PAPP\t00750\t") + group("MOTDETAT 00000\x7f") + b"\x03"),
        "41_hist_base_mono_starts_again": base[:100] + base,
        "42_hist_base_mono_eot": base[:260] + b"\x04\r" + base[260:],
        "43_std_stamp_nonsense": put(
            sent("standard-single-phase-base", 1), "URMS1\tH260114120000\t233\t", "SMAXSN\t03741\t"),
    }  # fmt: skip


def main() -> None:
    lines = []
    for name, data in recordings().items():
        (HERE / f"{name}.bin").write_bytes(data)
        for reading in ReferenceDecoder().feed(data):
            stamps = {label: f"{stamp:%Y-%m-%dT%H:%M:%SZ}" for label, stamp in reading.stamps.items()}
            lines.append(json.dumps({"file": f"{name}.bin", **reading._asdict(), "stamps": stamps}))
    (HERE / "expected.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
