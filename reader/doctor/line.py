"""Listens to a line for some seconds, and says what comes: the meter, noise, or nothing."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from common.deployment import here
from common.doctor.findings import Finding, notice, ok, problem
from common.errors import PortError
from common.frame import Value
from common.labels import ADDRESS, OTHER_FAMILIES, Mode
from common.plural import plural
from reader.line.mode_detector import SPEEDS, Detector
from reader.line.port import Port
from reader.line.worker import OpenPort
from reader.tic.address import parse_address
from reader.tic.decoder import Decoder, Reading

SUBJECT, METER = "Line", "Meter"
_PROGRAM = "teleinfo-reader"
_READ = 0.25  # seconds; how late the end may be noticed
_STRAY = 60  # characters; less than half a frame of any meter
_HELD = 0.9  # share of NUL among the characters of a line that is held at 0
_NOISY = 0.01  # damaged groups among all; one in a hundred is no accident any more
_NOISY_PARITY = 1e-3  # characters with a wrong parity among all
_WHAT_STANDARD_ADDS = "voltage, each register of the contract, production, the profile of tomorrow"
_ASK = "ask the supplier, by phone or in their app, for the TIC in standard mode; it is free, and done from afar"
_WIRES = (
    "shorten the cable and keep it off mains cables, tighten the terminals; a µTeleinfo V3 has a potentiometer to turn"
)


@dataclass(kw_only=True)
class LineFacts:
    """What came in."""

    url: str
    wanted: str  # auto, historic or standard
    seconds: float = 0.0
    error: str = ""
    characters: int = 0
    nuls: int = 0
    checked: int = 0  # characters that came in at the speed of the frames
    mode: Mode | None = None  # of the frames
    frames: int = 0
    no_address: int = 0  # frames without one
    broken: int = 0
    good: int = 0  # groups
    dropped: Counter[str] = field(default_factory=Counter)  # groups, by reason
    parity: bool = False
    parity_errors: int = 0
    lone_groups: bool = False  # good groups came in, although no frame ended
    meters: set[str] = field(default_factory=set)
    values: Mapping[str, Value] = field(default_factory=dict)  # of the longest frame
    rate: float | None = None  # frames a second
    driver: Mapping[str, int] = field(default_factory=dict)  # what the driver has counted meanwhile


def listen(
    url: str,
    wanted: str,
    seconds: float,
    open_port: OpenPort,
    monotonic: Callable[[], float] = time.monotonic,
) -> LineFacts:
    """Listen for so many seconds, first at the speed that the configuration asks for, then at the other one, too."""
    facts = LineFacts(url=url, wanted=wanted)
    begin = monotonic()
    detector = Detector("auto", begin)
    if wanted != "auto":
        detector.mode = Mode(wanted)
    try:
        port = open_port(url, SPEEDS[detector.mode], threading.Event())
        try:
            LineListener(facts, port, detector, monotonic).listen(begin + seconds)
        finally:
            port.close()
    except PortError as error:
        facts.error = str(error)
    facts.seconds = monotonic() - begin
    return facts


class LineListener:
    """Listens to a port for a while and takes note of what it brings."""

    def __init__(self, facts: LineFacts, port: Port, detector: Detector, monotonic: Callable[[], float]) -> None:
        self._facts = facts
        self._port = port
        self._detector = detector
        self._monotonic = monotonic
        self._decoder = Decoder()
        self._ends: list[float] = []

    def listen(self, end: float) -> None:
        """Listen until the monotonic time `end`."""
        facts, before = self._facts, self._port.driver_errors()
        in_the_middle = 0
        while (now := self._monotonic()) < end:
            data = self._port.read(min(_READ, end - now))
            now = self._monotonic()
            facts.characters += len(data)
            facts.checked += len(data)
            facts.nuls += data.count(0)
            begun = bool(self._ends)
            readings = self._decoder.feed(data)
            for reading in readings:
                self._detector.on_frame(reading, now)
                self._take(reading, now)
            if data and not self._detector.locked:
                self._detector.feed(data, now)
                facts.lone_groups = facts.lone_groups or self._detector.locked
            if not begun:
                in_the_middle = self._decoder.broken  # a frame whose beginning was not heard, or the wrong speed
            facts.broken = self._decoder.broken - in_the_middle
            if self._detector.poll(now):
                self._port.set_speed(SPEEDS[self._detector.mode])
                self._decoder, facts.checked, in_the_middle = Decoder(), 0, 0
        after = self._port.driver_errors()
        facts.driver = {name: after[name] - before.get(name, 0) for name in after}
        if len(self._ends) > 1:
            facts.rate = (len(self._ends) - 1) / (self._ends[-1] - self._ends[0])

    def _take(self, reading: Reading, now: float) -> None:
        facts = self._facts
        facts.frames += 1
        facts.mode = reading.mode
        facts.good += len(reading.values)
        facts.dropped.update({fault.value: count for fault, count in reading.faults.items()})
        facts.parity = reading.parity
        facts.parity_errors += reading.parity_errors
        if reading.address is None:
            facts.no_address += 1
        else:
            facts.meters.add(reading.address)
        if len(reading.values) >= len(facts.values):
            facts.values = reading.values
        self._ends.append(now)


def diagnose_line(facts: LineFacts) -> list[Finding]:
    """Say what it means."""
    if facts.error:
        held = "another program has it open" in facts.error
        return [
            problem(
                SUBJECT,
                facts.error,
                f"{here(_PROGRAM).run(_PROGRAM, 'check')} tells which" if held else "see docs/hardware.md",
            )
        ]
    if not facts.frames:
        return [_no_frame(facts)]
    findings = _wrong_mode(facts)
    if not facts.meters:
        return [*findings, _no_meter(facts)]
    return [*findings, *diagnose_noise(facts), *_diagnose_meter(facts)]


def _no_frame(facts: LineFacts) -> Finding:
    url, seconds = facts.url, f"{facts.seconds:.0f} s"
    if not facts.characters:
        return problem(
            SUBJECT,
            f"{url} is silent: not one character in {seconds}",
            "at the meter: the two wires on I1 and I2 (not A), terminals pressed well; here: is it the right port, and"
            " has the interface power? An old white meter may have its output switched off: ask Enedis for it",
        )
    if facts.nuls > _HELD * facts.characters:
        return problem(
            SUBJECT,
            f"{url} is held down: {facts.characters} characters in {seconds}, nearly all of them 0",
            "the interface gives its signal the wrong way round, or RXD is connected to ground: check its wiring",
        )
    if facts.lone_groups:
        return problem(
            SUBJECT,
            f"{url}: single lines of a meter are readable, but no frame came through whole in {seconds}",
            f"listen for longer (--seconds 30); if that does not help: {_WIRES}",
        )
    if facts.characters < _STRAY:
        return problem(
            SUBJECT,
            f"{url}: only {plural(facts.characters, 'stray character')} in {seconds}",
            "a loose wire; or an old meter whose output counts energy (métrologie): ask Enedis for télé-information",
        )
    return problem(
        SUBJECT,
        f"{url}: {facts.characters} characters in {seconds}, and not one line of a meter among them, at 9600 and at"
        f" 1200 bit/s{_driver(facts)}",
        "the interface gives its signal the wrong way round (polarity), is too slow, or something else than a meter is"
        " on this port; the two wires of the meter themselves may be exchanged freely",
    )


def _driver(facts: LineFacts) -> str:
    counted = [f"{name.replace('_', ' ')} {count}" for name, count in facts.driver.items() if count > 0]
    return f" (the driver counted: {', '.join(counted)})" if counted else ""


def _wrong_mode(facts: LineFacts) -> list[Finding]:
    if facts.wanted in ("auto", facts.mode):
        return []
    return [
        problem(
            SUBJECT,
            f"the meter speaks in {facts.mode} mode, and reader.yaml says mode: {facts.wanted}",
            "mode: auto, which also follows when the supplier changes it",
        )
    ]


def _no_meter(facts: LineFacts) -> Finding:
    count, family = max((len(labels.keys() & facts.values.keys()), name) for name, labels in OTHER_FAMILIES.items())
    if count >= 3:
        return problem(
            METER,
            f"this is a {family} meter, of a large site: it says no ADCO or ADSC, so nothing is published for it",
            "it is not supported; raw captures help those who want to change that",
        )
    return problem(
        METER, f"{plural(facts.frames, 'frame')}, and none with the meter's address", f"the line is disturbed: {_WIRES}"
    )


def diagnose_noise(facts: LineFacts) -> list[Finding]:
    """Compare what was damaged with what is normal."""
    damaged = sum(facts.dropped.values())
    groups = facts.good + damaged
    share = damaged / groups if groups else 0.0
    parity = facts.parity_errors / facts.checked if facts.checked else 0.0
    overruns = facts.driver.get("overrun", 0) + facts.driver.get("buffer_overrun", 0)
    heard = (
        f"{plural(facts.frames, f'{facts.mode} frame')} in {facts.seconds:.0f} s"
        + (f", {facts.rate:.2f} a second" if facts.rate else "")
        + f"; {groups} lines, {damaged} of them damaged"
    )
    if facts.parity:
        heard += f"; {plural(facts.parity_errors, 'parity error')} in {facts.checked} characters"
    if facts.broken:
        heard += f"; {plural(facts.broken, 'frame')} beyond reading"
    heard += _driver(facts)
    if overruns:
        return [
            problem(
                SUBJECT,
                f"{heard}: characters were lost on their way from the port",
                "on the small UART of a Raspberry Pi, take the good one: dtoverlay=disable-bt, see docs/hardware.md",
            )
        ]
    if share >= _NOISY or parity >= _NOISY_PARITY or facts.broken > 1:
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(facts.dropped.items()))
        return [
            problem(
                SUBJECT,
                f"noisy: {heard}. That is {share:.1%} of the lines{f' ({why})' if why else ''}; normal is none, or one"
                " now and then",
                _WIRES + _slow(facts),
            )
        ]
    if damaged or facts.parity_errors:
        return [notice(SUBJECT, f"{heard} (a few a day are normal)", "look again later; if they go on: " + _WIRES)]
    return [ok(SUBJECT, f"{heard}{'' if facts.parity else ' (no parity here to check)'}")]


def _slow(facts: LineFacts) -> str:
    if facts.mode is not Mode.STANDARD:
        return ""
    return "; an interface that was made for older meters may be too slow for standard mode"


def _diagnose_meter(facts: LineFacts) -> list[Finding]:
    if len(facts.meters) > 1:
        return [problem(METER, f"{len(facts.meters)} different addresses in {facts.seconds:.0f} s", _WIRES)]
    (address,) = facts.meters
    if facts.values.keys() == {ADDRESS[Mode.HISTORIC]}:
        return [
            problem(
                METER,
                f"{address} says its number and nothing else: its output is on standby (veille)",
                "ask Enedis to set it to télé-information",
            )
        ]
    return diagnose_meter(address, facts.values, str(facts.mode), len(facts.values))


def diagnose_meter(address: str, values: Mapping[str, Value], mode: str, groups: int) -> list[Finding]:
    """Say which meter it is, and what standard mode would add."""
    make = parse_address(address)
    model = make.model[1] if make.model else "meter of an unknown type"
    maker = f" by {make.maker}" if make.maker else ""
    contract = " ".join(str(values.get("NGTF", values.get("OPTARIF", "unknown"))).split())
    what = f"{model}{maker}, number {address}, {mode} mode, contract {contract}, {groups} values a frame"
    if mode != Mode.HISTORIC or not make.linky:
        return [ok(METER, what)]
    if contract == "BASE":
        return [
            notice(
                METER,
                f"{what}. In historic mode a Linky says BASE for each offer of today that has several prices, too: how"
                " much was used at which price, only standard mode tells",
                f"if yours has several, or for more values ({_WHAT_STANDARD_ADDS}): {_ASK}",
            )
        ]
    return [notice(METER, f"{what}. Standard mode would add {_WHAT_STANDARD_ADDS}", f"if you want that: {_ASK}")]
