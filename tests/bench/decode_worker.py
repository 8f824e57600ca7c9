"""Decodes frames that go on in time with our decoder and with the parsers of peers, in turn, in one process.

Runs in the environment of the peers, which has none of our libraries: `python -m tests.bench.decode_worker SETTINGS`,
SETTINGS being JSON. Prints JSON: for each kind and parser, CPU microseconds a frame of each round; and what failed.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence, Sized
from datetime import UTC, datetime, timedelta

from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from reader.tic.parity import with_parity
from tests.bench.figures import in_turn

Parser = Callable[[bytes], Sized]  # of one frame, in bytes of seven bits; returns its groups

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OURS, LIMIT = "ours", "split and sum"


def main() -> None:
    settings = json.loads(sys.argv[1])
    results: dict[str, dict[str, list[float]]] = {}
    failed: dict[str, str] = {}
    rounds = settings["rounds"]
    for kind in settings["kinds"]:
        # A frame comes once, as in life: a decoder that remembers what it saw must not meet it again.
        frames = [_frames(kind, number, settings["frames"]) for number in range(rounds + 1)]
        parsers = _parsers(kind, failed)
        works = [_decoding(frames), *(_parsing(parser, frames) for parser in parsers.values())]
        for work in works:
            work()  # fills caches, and is not counted
        results[kind] = dict(zip((OURS, *parsers), in_turn(rounds, *works), strict=True))
    json.dump({"results": results, "failed": failed}, sys.stdout)


def split_and_sum(frame: bytes) -> Sized:
    """The least that anybody does: cut, sum; no types, no stamps."""
    good = []
    for body in frame[2:-2].split(b"\r\n"):
        zone = body[:-1] if body[-2] == 0x09 else body[:-2]
        if (sum(zone) & 0x3F) + 0x20 == body[-1]:
            good.append(zone)
    return good


def _frames(kind: str, number: int, count: int) -> list[bytes]:
    meter = SimulatedMeter(kind)
    return [meter.frame(START + timedelta(seconds=number * count + second)) for second in range(count)]


def _decoding(rounds: Sequence[Sequence[bytes]]) -> Callable[[], float]:
    # With bit 7, as a reader gets it: parity is verified, too.
    return _parsing(Decoder().feed, [[with_parity(frame) for frame in frames] for frames in rounds])


def _parsing(parse: Callable[[bytes], object], rounds: Sequence[Sequence[bytes]]) -> Callable[[], float]:
    """Return a function that parses the frames of the next round, and returns CPU microseconds a frame."""
    following = iter(rounds)

    def work() -> float:
        frames = next(following)
        begun = time.process_time()
        for frame in frames:
            parse(frame)
        return (time.process_time() - begun) / len(frames) * 1e6

    return work


def _parsers(kind: str, failed: dict[str, str]) -> dict[str, Parser]:
    """Return the parsers that read this kind of meter, all groups but one at least; others go to `failed`."""
    frame = SimulatedMeter(kind).frame(START)
    found: dict[str, Parser] = {LIMIT: split_and_sum}
    for name, load in (("enedis-tic", _enedis_tic), ("serial-teleinfo", _serial_teleinfo)):
        try:
            parse = load()
        except Exception as error:  # noqa: BLE001 - nor is it known how a peer of another version fails
            failed[name] = repr(error)
            continue
        try:
            groups, sent = len(parse(frame)), frame.count(b"\n")
            if groups < sent - 1:
                raise ValueError(f"reads {groups} of {sent} groups")
        except Exception as error:  # noqa: BLE001 - a parser that cannot read the frame may raise anything
            failed[f"{name}, {kind}"] = repr(error)
            continue
        # Several lose the group whose checksum is a space.
        found[name if groups == sent else f"{name} ({groups} of {sent} groups)"] = parse
    return found


def _enedis_tic() -> Parser:
    factory = importlib.import_module("enedis_tic.link_layer").FrameFactory
    return lambda frame: factory(frame.decode("ascii")).to_dict()


def _serial_teleinfo() -> Parser:
    parse_line = importlib.import_module("serial_teleinfo.parser").parse_line

    def parse(frame: bytes) -> dict[str, str]:
        lines = (line + b"\r\n" for line in frame[2:-2].split(b"\r\n"))
        return {key: value for key, value, _ in map(parse_line, lines)}

    return parse


if __name__ == "__main__":
    main()
