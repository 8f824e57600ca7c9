"""A simulated house whose meter arrives decoded, as a ZLinky and zigbee2mqtt send it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.registers import SUPPLIER_LABELS
from reader.decoded.reading import Reading

KVA = 9
MINUTE, HOUR, DAY = 60, 3600, 86_400
METER = "021961000001"
TEMPO_HISTORIC = ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR")
PERIODS = ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
NAMES = ("HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE")
START = (9_340_734, 5_508_812, 334_407, 794_731, 159_318, 356_742)  # Wh


@dataclass
class House:
    """The truth: what a Tempo house draws, and which register counts it."""

    mode: Mode
    loads: Callable[[], float]  # W, for some minutes
    colours: Callable[[], int]  # 0 to 2, for a day
    at: float = 0.0
    watts: float = 300.0
    colour: int = 0
    drawn: list[float] = field(default_factory=lambda: [float(wh) for wh in START])

    @property
    def running(self) -> int:
        """The place of the register that counts."""
        return 2 * self.colour + (6 <= self.at % DAY / HOUR < 22)

    def go_on(self, seconds: float) -> None:
        end = self.at + seconds
        while self.at < end:
            step = min(end - self.at, 600 - self.at % 600)
            self.drawn[self.running] += self.watts * step / 3600
            self.at += step
            if self.at % 600 == 0:
                self.watts = self.loads()
            if self.at % DAY == 6 * HOUR:
                self.colour = self.colours()

    def registers(self) -> dict[str, int]:
        """What the display of the meter shows, in Wh."""
        shown = [int(wh) for wh in self.drawn]
        if self.mode is Mode.HISTORIC:
            return dict(zip(TEMPO_HISTORIC, shown, strict=True))
        return {"EAST": sum(shown)} | dict(zip(SUPPLIER_LABELS, shown, strict=False))

    def others(self) -> dict[str, Value]:
        """What else the meter sends."""
        running, watts = self.running, round(self.watts)
        if self.mode is Mode.HISTORIC:
            return {"ADCO": METER, "OPTARIF": "BBR(", "ISOUSC": 45, "PTEC": PERIODS[running], "PAPP": watts}
        names: dict[str, Value] = {"ADSC": METER, "NGTF": "TEMPO", "LTARF": NAMES[running], "NTARF": running + 1}
        return names | {"PREF": KVA, "SINSTS": watts, "URMS1": 231, "CCASN": 650, "CCASN-1": 456}


class Adapter:
    """Reports each register at +100 Wh or after a quarter of an hour, and sends its whole cache with each report."""

    def __init__(self, house: House, step: int = 10) -> None:
        self.house, self.step = house, step
        self.cache: dict[str, Value] = {}
        self.true: dict[str, set[int]] = {label: set() for label in house.registers()}  # all that were measured
        self.fault: Callable[[str, int], int | None] = lambda _, true: true  # of a register, as it is reported
        self._reported: dict[str, tuple[float, int]] = {}

    def rounded(self, value: int) -> int:
        return round(value / self.step) * self.step

    def report(self, every: float = 900.0) -> None:
        """Put into the cache what is to be reported."""
        for label, value in self.house.registers().items():
            at, last = self._reported.get(label, (-every, -every))
            if self.house.at - at >= every or value - last >= 100:
                self._reported[label] = self.house.at, value
                self.true[label].add(self.rounded(value))
                reported = self.fault(label, self.rounded(value))
                if reported is None:
                    self.cache.pop(label, None)
                else:
                    self.cache[label] = reported
        self.cache |= self.house.others()

    def reading(self, **also: Value) -> Reading:
        """Return the message of now."""
        labels = {**self.cache, **also}
        return Reading("zigbee2mqtt", METER, self.house.mode, labels, dict.fromkeys(self.true, self.step))

    def messages(self, seconds: float, random_: random.Random) -> Iterator[Reading]:
        """Go on for a time; yield a message about each minute."""
        end = self.house.at + seconds
        while self.house.at < end:
            self.house.go_on(random_.choice((5, 60, 60, 60, 62, 90)))
            self.report()
            yield self.reading()
