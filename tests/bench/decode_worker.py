"""Decodes frames that go on in time with our decoder and with the parsers of peers, in turn, in one process.

Runs in the environment of the peers, which has none of our libraries: `python -m tests.bench.decode_worker SETTINGS`,
SETTINGS being JSON. Prints JSON: for each kind and parser, CPU microseconds a frame of each round; and what failed.
"""

import importlib
import json
import sys
import time
import types
from collections.abc import Callable, Sequence, Sized
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from reader.tic.parity import with_parity
from tests.bench.figures import in_turn

Parser = Callable[[bytes], Sized]  # of one frame, in bytes of seven bits; returns its groups

_LIBRARIES = ("serialx", "serial", "serial.serialutil")  # that open a port
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OURS, LIMIT = "ours", "split and sum"
_LAST_BY_LINES = "3.0.0-beta6"


def main() -> None:
    settings = json.loads(sys.argv[1])
    results: dict[str, dict[str, list[float]]] = {}
    failed: dict[str, str] = {}
    rounds = settings["rounds"]
    for kind in settings["kinds"]:
        # A frame comes once, as in life: a decoder that remembers what it saw must not meet it again.
        frames = [_frames(kind, number, settings["frames"]) for number in range(rounds + 1)]
        parsers = _parsers(kind, settings["linkytic"], failed)
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


def _parsers(kind: str, linkytic: Sequence[str], failed: dict[str, str]) -> dict[str, Parser]:
    """Return the parsers that read this kind of meter, all groups but one at least; others go to `failed`."""
    meter = SimulatedMeter(kind)
    frame = meter.frame(START)
    found: dict[str, Parser] = {LIMIT: split_and_sum}
    if not linkytic:
        failed["linkytic"] = "linkytic is in no package registry; --linkytic FOLDER names a checkout"
    loads: list[tuple[str, Callable[[], Parser]]] = [
        ("enedis-tic", _enedis_tic),
        ("serial-teleinfo", _serial_teleinfo),
    ]
    for number, checkout in enumerate(linkytic):
        loads.append((_linkytic_name(checkout), partial(_linkytic, f"linkytic_{number}", checkout, meter.mode)))
    for name, load in loads:
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


def _linkytic_name(checkout: str) -> str:
    """Return its name and version: its parser was written anew after 3.0.0-beta6."""
    folder = Path(checkout) / "custom_components" / "linkytic"
    try:
        version = json.loads((folder / "manifest.json").read_text())["version"]
        anew = "class TICProtocol" in (folder / "serial_reader.py").read_text()
    except OSError:
        return "linkytic"
    # Between two releases the manifest has the version of the one before.
    return f"linkytic after {version}" if anew and version == _LAST_BY_LINES else f"linkytic {version}"


def _linkytic(name: str, checkout: str, mode: str) -> Parser:
    folder = Path(checkout) / "custom_components" / "linkytic"
    for library in ("homeassistant", "homeassistant.config_entries", "homeassistant.core", *_LIBRARIES):
        sys.modules.setdefault(library, _Anything(library))
    package = types.ModuleType(name)  # without its __init__, which needs all of Home Assistant
    package.__path__ = [str(folder)]
    sys.modules.setdefault(name, package)
    module = importlib.import_module(f"{name}.serial_reader")
    if not hasattr(module, "TICProtocol"):
        return _linkytic_3_0(module, mode)
    kind = module.StandardDataset if mode == "standard" else module.HistoricDataset
    frames: list[list[Any]] = []
    protocol = module.TICProtocol(types.SimpleNamespace(frame_received=frames.append), kind)

    def parse(frame: bytes) -> dict[str, Any]:
        frames.clear()
        protocol.data_received(frame)
        return {dataset.tag: dataset for dataset in frames[0]}

    return parse


def _linkytic_3_0(module: Any, mode: str) -> Parser:
    """Return the parser of versions 3.0 up to 3.0.0-beta6, which take lines."""
    reader = module.LinkyTICReader("bench", "", mode == "standard", producer_mode=False, three_phase=False)
    reader._first_line = False

    def parse(frame: bytes) -> dict[str, Any]:
        for line in frame[2:-2].split(b"\r\n"):
            reader._parse_line(line + b"\r\n")
        values: dict[str, Any] = reader._values
        return values

    return parse


class _Anything(types.ModuleType):
    """A library that a parser imports and does not use while it parses."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda argument=None, *_, **__: argument


if __name__ == "__main__":
    main()
