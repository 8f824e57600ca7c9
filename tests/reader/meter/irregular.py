"""Frames of a simulated meter as a real line brings them: with damage, overloads, changes of contract and of mode."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from common.contract.frame import Frame, Value
from common.contract.labels import LABELS, Mode
from reader.simulator.meter import KINDS
from tests.reader.meter.meters import METER, SIX_AM, simulated, without

_OVERLOAD: dict[str, Value] = {"ADIR1": 62, "ADCO": METER, "IINST1": 62, "IINST2": 3, "IINST3": 4}
#: Values that change what else a meter sends, or what follows from the others.
_DECISIVE: dict[Mode, list[tuple[str, tuple[Value, ...]]]] = {
    Mode.HISTORIC: [
        ("OPTARIF", ("BASE", "HC..", "BBR(", "EJP.")),
        ("PTEC", ("HC..", "HP..", "PM..", "HPJR", "HCJB")),
        ("DEMAIN", ("----", "ROUG", "BLEU")),
        ("PEJP", (30, 29)),
        ("ADPS", (52, 51)),
        ("ISOUSC", (45, 60, 0)),
    ],
    Mode.STANDARD: [
        ("NGTF", ("      BASE      ", "H PLEINE/CREUSE ", "     TEMPO      ", "PRODUCTEUR", "ZEN Flex")),
        ("LTARF", ("    HP  BLEU    ", "HEURE SUPER CREU", " ")),
        ("NTARF", (1, 2, 6, 12)),
        ("STGE", ("003A0001", "003A0201", "003A0181", "9B3A9000", "013AC401", "nonsense")),
        ("RELAIS", (0, 1, 140, 300)),
        ("MSG1", ("PAS DE          MESSAGE         ", " " * 32, "été")),
        ("MSG2", (" " * 16, "COUPURE")),
        ("PREF", (9, 6, 0)),
        ("PCOUP", (9, 12)),
        ("SINSTI", (0, 300)),
        ("IRMS2", (3,)),
        ("PJOURF+1", ("00004001 0600C012 NONUTILE", "nonsense", "")),
        ("DPM1", ("",)),
    ],
}


def irregular(seed: int, count: int) -> Iterator[Frame]:
    """Yield frames of one address; an event every few frames, and long stretches without any."""
    random = Random(seed)
    changes: dict[str, Value] = {}
    frames: Iterator[Frame] = iter(())
    for number in range(count):
        if number % 40 == 0:
            kind, start = random.choice(KINDS), SIX_AM + timedelta(seconds=number - 20)
            frames, changes = simulated(kind, count, start=start, seconds=1.0), {}
        frame = next(frames)
        frame = replace(frame, meter=METER, values=frame.values | changes)  # type: ignore[operator]
        if random.random() < 0.7:
            yield frame
            continue
        yield from _events(random, frame, changes)


def _events(random: Random, frame: Frame, changes: dict[str, Value]) -> Iterator[Frame]:
    labels = list(frame.values)
    match random.randrange(8):
        case 0:  # damage
            yield without(frame, *random.sample(labels, random.randint(1, 4)), dropped=1)
        case 1 if frame.mode is Mode.HISTORIC:
            yield from [replace(frame, values=_OVERLOAD, stamps=None)] * random.randint(1, 3)
        case 2:  # an index that falls, or leaps
            label = random.choice(
                [label for label in labels if (row := LABELS[frame.mode].get(label)) and row.cumulative]
            )
            value = frame.values[label]
            assert isinstance(value, int)
            yield replace(frame, values={**frame.values, label: max(0, value + random.choice([-5, -1, 1, 500]))})
        case 3:  # another value of a group that is damaged for once
            label = random.choice(labels)
            wrong: list[Value] = [0, 7, "", " ", "x"]
            yield replace(frame, values={**frame.values, label: random.choice(wrong)})
        case 4 if frame.stamps:
            label = random.choice(list(frame.stamps))
            yield replace(frame, stamps={**frame.stamps, label: frame.stamps[label] + timedelta(minutes=1)})
        case 5:
            yield replace(frame, values=dict(random.sample(list(frame.values.items()), len(labels))))
        case _:
            label, values = random.choice(_DECISIVE[frame.mode])
            changes[label] = random.choice(values)
            yield replace(frame, values={**frame.values, **changes})
