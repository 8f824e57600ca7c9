"""Compares, in one run, the decoder with a decoder that remembers nothing, and with splitting and summing alone.

Run it by hand: `python tests/bench_decoder.py`. It prints microseconds a frame and asserts nothing.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from reader.tic.parity import with_parity

FRAMES = 2000
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def split_and_sum(frame: bytes) -> int:
    """The least that anybody does: parity off, cut, sum; no types, no stamps, no check of the parity."""
    good = 0
    for body in bytes(byte & 0x7F for byte in frame)[2:-2].split(b"\r\n"):
        zone = body[:-1] if body[-2] == 0x09 else body[:-2]
        good += (sum(zone) & 0x3F) + 0x20 == body[-1]
    return good


def with_cache(frames: list[bytes]) -> None:
    decoder = Decoder()
    for frame in frames:
        decoder.feed(frame)


def without_cache(frames: list[bytes]) -> None:
    for frame in frames:
        Decoder().feed(frame)


def splitting(frames: list[bytes]) -> None:
    for frame in frames:
        split_and_sum(frame)


def microseconds(decode: Callable[[list[bytes]], None], frames: list[bytes]) -> float:
    """Return the best of five runs: whatever else the machine does only makes it slower."""
    best = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        decode(frames)
        best = min(best, time.perf_counter() - begun)
    return best / len(frames) * 1e6


def main() -> None:
    for kind in ("historic-single-phase-hchp", "standard-single-phase-tempo", "standard-three-phase-producer"):
        meter = SimulatedMeter(kind)
        frames = [with_parity(meter.frame(START + timedelta(seconds=second))) for second in range(FRAMES)]
        groups = frames[0].count(b"\n")
        print(f"{kind}: {groups} groups, {len(frames[0])} bytes, {FRAMES} frames a second apart; microseconds a frame")
        for name, decode in (
            ("decoder", with_cache),
            ("decoder that remembers nothing", without_cache),
            ("splitting and summing alone", splitting),
        ):
            print(f"  {name:32}{microseconds(decode, frames):8.1f}")


if __name__ == "__main__":
    main()
