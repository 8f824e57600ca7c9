"""Listens to a line for some seconds and diagnoses it: which meter, how much noise, or why there is no frame."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from common.contract.address import parse_address
from common.contract.frame import Value
from common.contract.labels import ADDRESS, Mode, other_family
from common.doctor.findings import Finding, notice, ok, problem
from common.errors import PortError
from common.machine.deployment import here
from common.plural import plural
from common.runtime.shutdown import StopEvent
from reader.line.mode_detector import SPEEDS, Detector
from reader.line.port import Port
from reader.line.worker import OpenPort
from reader.tic.decoder import Decoder, Reading

SUBJECT, METER = "Line", "Meter"
_PROGRAM = "teleinfo-reader"
_READ = 0.25  # seconds that one read may take
_STRAY = 60  # characters; less than half a frame of any meter
_HELD_LOW = 0.9  # share of NUL among the characters of a line that is always 0
_NOISY = 0.01  # share of damaged groups
_NOISY_PARITY = 1e-3  # share of characters with a parity error
_WIRES = (
    "shorten the cable, keep it away from mains cables, tighten the terminals; on a µTeleinfo V3 adjust the"
    " potentiometer"
)


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
    facts = LineFacts(url=url, wanted=wanted)
    begin = monotonic()
    detector = Detector("auto", begin)
    if wanted != "auto":
        detector.mode = Mode(wanted)
    try:
        port = open_port(url, SPEEDS[detector.mode], StopEvent())
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
        held = "another program has it open" in facts.error
        fix = f"{here(_PROGRAM).run(_PROGRAM, 'check')} shows which" if held else "see docs/hardware.md"
        return [problem(SUBJECT, facts.error, fix)]
    if not facts.frames:
        return [problem(SUBJECT, *_no_frame(facts))]
    findings = [_noise(facts), _meter(facts)] if facts.meters else [_no_meter(facts)]
    if facts.wanted not in ("auto", facts.mode):
        what = f"the meter sends in {facts.mode} mode, but reader.yaml has mode: {facts.wanted}"
        findings.insert(0, problem(SUBJECT, what, "set mode: auto, which also follows when the supplier changes it"))
    return findings


def _no_frame(facts: LineFacts) -> tuple[str, str]:
    """Return what is wrong, and the fix."""
    url, seconds, characters = facts.url, f"{facts.seconds:.0f} s", facts.characters
    if not characters:
        return (
            f"{url} is silent: no character in {seconds}",
            "at the meter: connect the two wires to I1 and I2 (not A), and tighten the terminals; here: is it the right"
            " port, and has the interface power? The output of an old white meter may be off: ask Enedis to enable it",
        )
    if facts.nuls > _HELD_LOW * characters:
        return (
            f"{url} is always low: {characters} characters in {seconds}, nearly all of them 0",
            "check the wiring: the interface inverts its signal, or RXD is connected to ground",
        )
    if facts.lone_groups:
        return (
            f"{url}: single lines of a meter are readable, but no whole frame in {seconds}",
            f"check for longer (--seconds 30); if that does not help: {_WIRES}",
        )
    if characters < _STRAY:
        return (
            f"{url}: only {plural(characters, 'stray character')} in {seconds}",
            "fasten the wires. On an old meter the output may be set to pulses (métrologie): ask Enedis for"
            " télé-information",
        )
    return (
        f"{url}: {characters} characters in {seconds}, but no line of a meter, neither at 9600 nor at 1200 bit/s",
        "is a meter on this port? Then check the interface: it inverts its signal (polarity), or is too slow. The order"
        " of the meter's two wires does not matter",
    )


def _no_meter(facts: LineFacts) -> Finding:
    if (family := other_family(facts.values)) is not None:
        record = here(_PROGRAM).run(_PROGRAM, "record FILE")
        return problem(
            METER,
            f"this is a {family} meter of a large site: it sends no ADCO or ADSC, so nothing is published for it",
            f"it is not supported yet; to help, record it ({record}) and open an issue",
        )
    return problem(
        METER, f"{plural(facts.frames, 'frame')}, but none with the meter's address", f"the line is noisy: {_WIRES}"
    )


def _noise(facts: LineFacts) -> Finding:
    """Compare the damaged lines with what is normal."""
    damaged = sum(facts.dropped.values())
    groups = facts.good + damaged
    noisy = damaged > _NOISY * groups or facts.parity_errors > _NOISY_PARITY * facts.checked
    what = f"{plural(facts.frames, 'frame')} in {facts.mode} mode in {facts.seconds:.0f} s; {groups} lines, {damaged}"
    what += f" of them damaged, {facts.parity_errors} parity errors, {facts.broken} undecodable frames"
    if any(facts.driver.get(name, 0) for name in ("overrun", "buffer_overrun")):
        return problem(
            SUBJECT,
            f"{what}: this machine lost characters on the serial port",
            "on a Raspberry Pi, use the PL011 UART in place of the mini UART: dtoverlay=disable-bt, see"
            " docs/hardware.md",
        )
    if noisy or facts.broken > 1:
        slow = "; an interface made for older meters may be too slow" if facts.mode is Mode.STANDARD else ""
        return problem(SUBJECT, f"noisy: {what} (a few a day are normal)", _WIRES + slow)
    if damaged or facts.parity_errors:
        return notice(SUBJECT, f"{what} (a few a day are normal)", f"check again later; if it happens often: {_WIRES}")
    return ok(SUBJECT, f"{what}{'' if facts.parity else ' (without parity bits)'}")


def _meter(facts: LineFacts) -> Finding:
    if len(facts.meters) > 1:
        return problem(METER, f"{len(facts.meters)} different meter addresses", f"the line is noisy: {_WIRES}")
    (address,) = facts.meters
    if facts.values.keys() == {ADDRESS[Mode.HISTORIC]}:
        return problem(
            METER,
            f"{address} sends only its number: its output is on standby (veille)",
            "ask Enedis to set it to télé-information",
        )
    return diagnose_meter(address, str(facts.mode))


def diagnose_meter(address: str, mode: str) -> Finding:
    """Return which meter it is, and what standard mode would add."""
    make = parse_address(address)
    model = make.model[1] if make.model else "meter of an unknown type"
    maker = f" by {make.maker}" if make.maker else ""
    what = f"{model}{maker}, number {address}, {mode} mode"
    if mode != Mode.HISTORIC or not make.linky:
        return ok(METER, what)
    return notice(
        METER,
        what,
        "for more values (voltage, the energy used at each price of the contract, production), ask your supplier, by"
        " phone or in their app, for the TIC in standard mode; it is free, and nobody has to come",
    )
