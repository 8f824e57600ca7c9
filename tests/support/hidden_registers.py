"""A made-up meter whose registers go on while its mode or contract hides them, and what it drew from frame to frame."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from tests.support.rollup_oracle import over_change, registers

METER = "031961000001"
BEGIN = datetime(2026, 3, 27, 21, tzinfo=UTC)
#: Kind -> mode, name of the contract, registers.
KINDS = {
    "standard base": (Mode.STANDARD, "BASE", 1),
    "standard off-peak": (Mode.STANDARD, "H PLEINE/CREUSE", 2),
    "standard tempo": (Mode.STANDARD, "TEMPO", 6),
    "base": (Mode.HISTORIC, "BASE", 1),
    "off-peak": (Mode.HISTORIC, "HC..", 2),
    "tempo": (Mode.HISTORIC, "BBR(", 6),
}
LABELS = {
    "off-peak": {"HCHC": "HC..", "HCHP": "HP.."},
    "tempo": dict(
        zip(
            ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"],
            ["HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"],
            strict=True,
        )
    ),
}


class House:
    """A meter that counts in tenths of a Wh, and shows each register rounded down; hidden registers go on, too."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = BEGIN + timedelta(minutes=random.randrange(120))
        self.supplier = [random.randrange(10**7, 10**8) for _ in range(10)]
        self.total = sum(self.supplier) + random.randrange(10**5)
        self.base = random.randrange(10**7, 10**8)
        self.frames: list[Frame] = []  # as they came
        self.ahead = timedelta(0)  # the reader's clock

    def live(self, kind: str, frames: int, gaps: Sequence[int] = (1, 7, 20, 35, 61, 130)) -> None:
        running = self.random.randrange(KINDS[kind][2])
        for _ in range(frames):
            if self.random.random() < 0.2:
                running = self.random.randrange(KINDS[kind][2])
            minutes = self.random.choice(gaps)
            self.now += timedelta(minutes=minutes, milliseconds=self.random.randrange(900))
            tenths = self.random.randrange(minutes * 150)
            self.supplier[running] += tenths
            self.total += tenths
            self.base += tenths
            self.frames.append(self.frame(kind, running))

    def frame(self, kind: str, running: int) -> Frame:
        mode, contract, _ = KINDS[kind]
        values: dict[str, Value]
        if mode is Mode.STANDARD:
            values = {"ADSC": METER, "NGTF": f"{contract:^16}", "EAST": self.total // 10}
            values |= {f"EASF{number:02}": tenths // 10 for number, tenths in enumerate(self.supplier, 1)}
            values |= {"PREF": 9, "NTARF": running + 1}
        elif kind == "base":
            values = {"ADCO": METER, "OPTARIF": contract, "ISOUSC": 45, "BASE": self.base // 10, "PTEC": "TH.."}
        else:
            values = {"ADCO": METER, "OPTARIF": contract, "ISOUSC": 45}
            values |= {label: self.supplier[number] // 10 for number, label in enumerate(LABELS[kind])}
            values |= {"PTEC": list(LABELS[kind].values())[running]}
        return Frame(meter=METER, timestamp=self.now + self.ahead, mode=mode, values=values)


def shown(frame: Frame) -> dict[str, int]:
    """The registers of a frame: the total, and those of the supplier by number."""
    values = {label: value for label, value in frame.values.items() if type(value) is int}
    if frame.mode is Mode.STANDARD:
        return {"total": values["EAST"]} | {f"{n}": values[f"EASF{n:02}"] for n in range(1, 11)}
    for labels in LABELS.values():
        if set(labels) <= values.keys():
            return {f"{n}": values[label] for n, label in enumerate(labels, 1)}
    return {"total": values["BASE"]}


def drawn(frames: Sequence[Frame]) -> Counter[datetime]:
    """What was drawn by hour: the total while it is shown, else the registers; from one to the other what both have.

    Or what the meter's total shows.
    """
    result: Counter[datetime] = Counter()
    latest: dict[str, tuple[int, int]] = {}  # value, and in which stretch of one kind
    stretch, kind = 0, None
    before: Frame | None = None
    for frame in frames:
        values = shown(frame)
        changed = kind is not None and kind != (frame.mode, len(values))
        stretch, kind = stretch + changed, (frame.mode, len(values))
        by_total = "total" in values and not changed
        steps = [
            value - latest[name][0]
            for name, value in values.items()
            if name in latest and latest[name][1] == stretch - changed and (name == "total") == by_total
        ]
        drawn_wh = sum(steps)
        if changed and before is not None:
            drawn_wh = max(
                drawn_wh, over_change(registers(before), registers(frame), frame.timestamp - before.timestamp)
            )
        before = frame
        result[frame.timestamp.replace(minute=0, second=0, microsecond=0)] += drawn_wh
        latest |= {name: (value, stretch) for name, value in values.items()}
    return result
