"""Listens to a line for some seconds and diagnoses it: which meter, how much noise, or why there is no frame."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from common.check.findings import Finding, count
from common.contract.address import parse_address
from common.contract.frame import Value
from common.contract.labels import ADDRESS, Mode, other_family
from common.errors import PortError
from common.machine.deployment import here
from common.runtime.shutdown import StopEvent
from common.settings.language import tr
from reader.check.texts import PROGRAM, TEXTS
from reader.line.mode import SPEEDS, Detector
from reader.line.port import Port
from reader.line.worker import OpenPort
from reader.tic.decoder import Decoder, Reading

METER = "Meter"  # what a finding is about
_READ = 0.25  # seconds that one read may take
_STRAY = 60  # characters; less than half a frame of any meter
_HELD_LOW = 0.9  # share of NUL among the characters of a line that is always 0
_NOISY = 0.01  # share of damaged groups
_NOISY_PARITY = 1e-3  # share of characters with a parity error


@dataclass(kw_only=True)
class LineFacts:
    """What was received."""

    url: str
    wanted: str  # auto, historic or standard
    seconds: float = 0.0
    error: str = ""
    characters: int = 0
    nuls: int = 0
    checked: int = 0  # characters received at the speed of the frames
    mode: Mode | None = None  # of the frames
    frames: int = 0
    no_address: int = 0  # frames without an address
    broken: int = 0
    good: int = 0  # groups
    dropped: Counter[str] = field(default_factory=Counter)  # groups, by reason
    parity: bool = False
    parity_errors: int = 0
    lone_groups: bool = False  # good groups, but no whole frame
    meters: set[str] = field(default_factory=set)
    values: Mapping[str, Value] = field(default_factory=dict)  # of the longest frame
    driver: Mapping[str, int] = field(default_factory=dict)  # errors counted by the driver meanwhile


def listen(
    url: str,
    wanted: str,
    seconds: float,
    open_port: OpenPort,
    monotonic: Callable[[], float] = time.monotonic,
) -> LineFacts:
    """Listen for so many seconds, first at the configured speed, then at the other one, too."""
    facts, mode = LineFacts(url=url, wanted=wanted), Detector(wanted, 0).mode
    begin = monotonic()
    try:
        port = open_port(url, SPEEDS[mode], StopEvent())
        begin = monotonic()
        detector = Detector("auto", begin)
        detector.mode = mode
        try:
            LineListener(facts, port, detector, monotonic).listen(begin + seconds)
        finally:
            port.close()
    except PortError as error:
        facts.error = str(error)
    facts.seconds = monotonic() - begin
    return facts


class LineListener:
    """Reads a port for a while and fills in the facts."""

    def __init__(self, facts: LineFacts, port: Port, detector: Detector, monotonic: Callable[[], float]) -> None:
        self._facts = facts
        self._port = port
        self._detector = detector
        self._monotonic = monotonic
        self._decoder = Decoder()

    def listen(self, end: float) -> None:
        """Read until the monotonic time `end`."""
        facts, before = self._facts, self._port.driver_errors()
        partial = 0  # frames whose beginning we missed, or received at the wrong speed
        while (now := self._monotonic()) < end:
            data = self._port.read(min(_READ, end - now))
            now = self._monotonic()
            facts.characters += len(data)
            facts.checked += len(data)
            facts.nuls += data.count(0)
            had_frame = facts.frames > 0
            readings = self._decoder.feed(data)
            for reading in readings:
                self._detector.on_frame(reading, now)
                self._on_reading(reading, now)
            if data and not self._detector.locked:
                self._detector.feed(data, now)
                facts.lone_groups = facts.lone_groups or self._detector.locked
            if not had_frame:
                partial = self._decoder.broken
            facts.broken = self._decoder.broken - partial
            if self._detector.poll(now):
                self._port.set_speed(SPEEDS[self._detector.mode])
                self._decoder, facts.checked, partial = Decoder(), 0, 0
        after = self._port.driver_errors()
        facts.driver = {name: after[name] - before.get(name, 0) for name in after}

    def _on_reading(self, reading: Reading, now: float) -> None:
        facts = self._facts
        facts.frames += 1
        facts.mode = reading.mode
        facts.good += len(reading.values)
        facts.dropped.update({reason.value: count for reason, count in reading.faults.items()})
        facts.parity = reading.parity
        facts.parity_errors += reading.parity_errors
        if reading.address is None:
            facts.no_address += 1
        else:
            facts.meters.add(reading.address)
        if len(reading.values) >= len(facts.values):
            facts.values = reading.values


def diagnose_line(facts: LineFacts) -> list[Finding]:
    """Return the findings."""
    if facts.error:
        key = "line_open_elsewhere" if "another program has it open" in facts.error else "line_error"
        return [TEXTS.finding(key, error=TEXTS.translated(facts.error))]
    if not facts.frames:
        return [_no_frame(facts)]
    findings = [_noise(facts), _meter(facts)] if facts.meters else [_no_meter(facts)]
    if facts.wanted not in ("auto", facts.mode):
        findings.insert(
            0, TEXTS.finding("line_other_mode", mode=TEXTS.translated(str(facts.mode)), wanted=facts.wanted)
        )
    return findings


def _no_frame(facts: LineFacts) -> Finding:
    characters = facts.characters
    if not characters:
        key = "line_silent"
    elif facts.nuls > _HELD_LOW * characters:
        key = "line_low"
    elif facts.lone_groups:
        key = "line_without_frame"
    else:
        key = "line_stray" if characters < _STRAY else "line_unreadable"
    strays = count(characters, "stray character", "caractère isolé", "caractères isolés")
    wires, seconds = TEXTS.text("wires"), facts.seconds
    return TEXTS.finding(key, port=facts.url, seconds=seconds, characters=characters, strays=strays, wires=wires)


def _no_meter(facts: LineFacts) -> Finding:
    if (family := other_family(facts.values)) is not None:
        record = here(PROGRAM).run(PROGRAM, "record FILE")
        return TEXTS.finding("meter_of_large_site", family=family, record=record)
    frames = count(facts.frames, "frame", "trame")
    return TEXTS.finding("meter_without_address", frames=frames, wires=TEXTS.text("wires"))


def _noise(facts: LineFacts) -> Finding:
    """Compare the damaged lines with what is normal."""
    damaged = sum(facts.dropped.values())
    groups = facts.good + damaged
    counts = TEXTS.text(
        "counts",
        frames=count(facts.frames, "frame", "trame"),
        mode=TEXTS.translated(str(facts.mode)),
        seconds=facts.seconds,
        groups=groups,
        damaged=damaged,
        parity=facts.parity_errors,
        broken=facts.broken,
    )
    wires = TEXTS.text("wires")
    noisy = damaged > _NOISY * groups or facts.parity_errors > _NOISY_PARITY * facts.checked
    if any(facts.driver.get(name, 0) for name in ("overrun", "buffer_overrun")):
        key = "line_characters_lost"
    elif noisy or facts.broken > 1:
        key, wires = "line_noisy", TEXTS.text("wires_or_interface") if facts.mode is Mode.STANDARD else wires
    elif damaged or facts.parity_errors:
        key = "line_damaged"
    else:
        key = "line_good" if facts.parity else "line_without_parity"
    return TEXTS.finding(key, counts=counts, wires=wires)


def _meter(facts: LineFacts) -> Finding:
    if len(facts.meters) > 1:
        return TEXTS.finding("meter_of_many_addresses", n=len(facts.meters), wires=TEXTS.text("wires"))
    (address,) = facts.meters
    if facts.values.keys() == {ADDRESS[Mode.HISTORIC]}:
        return TEXTS.finding("meter_on_standby", address=address)
    return diagnose_meter(address, str(facts.mode))


def diagnose_meter(address: str, mode: str) -> Finding:
    """Return which meter it is, and what standard mode would add."""
    make = parse_address(address)
    french, english = make.model or ("compteur d’un type inconnu", "meter of an unknown type")
    maker = f" {tr('by', 'de')} {make.maker}" if make.maker else ""
    key = "meter_historic" if mode == Mode.HISTORIC and make.linky else "meter"
    return TEXTS.finding(key, model=tr(english, french), maker=maker, address=address, mode=TEXTS.translated(mode))
