"""The rule of the plausibility filter written plainly, for one meter: what the faster one must equal."""

from dataclasses import replace

from common.contract.frame import Frame
from reader.line.plausibility import CONFIRMATIONS, MARGIN, REGISTERS, SLACK, Implausible

Observation = tuple[int, float, float | None]  # value, monotonic time, the meter's own time


def _may_follow(observation: Observation, previous: Observation, power: int | None) -> bool:
    rise = observation[0] - previous[0]
    seconds = observation[1] - previous[1]
    if observation[2] is not None and previous[2] is not None:
        seconds = max(seconds, observation[2] - previous[2])
    return rise >= 0 and (power is None or rise <= SLACK or rise <= SLACK + MARGIN * power * seconds / 3600)


class PlainFilter:
    """Filters the frames of a single-phase meter with PREF."""

    def __init__(self) -> None:
        self._accepted: dict[str, Observation] = {}
        self._candidates: dict[str, list[Observation]] = {}  # implausible ones that agree
        self._power: int | None = None

    def apply(self, frame: Frame, at: float) -> tuple[Frame, list[Implausible], int]:
        kva = frame.values.get("PREF")
        self._power = kva * 1000 if isinstance(kva, int) and kva > 0 else self._power
        date = frame.stamps["DATE"].timestamp() if frame.stamps and "DATE" in frame.stamps else None
        new, dropped = [], set()
        for label, bounded in REGISTERS[frame.mode].items():
            value = frame.values.get(label)
            if not isinstance(value, int):
                continue
            observation = value, at, date
            power = self._power if bounded else None
            accepted = self._accepted.setdefault(label, observation)
            if _may_follow(observation, accepted, power):
                self._accepted[label] = observation
                self._candidates.pop(label, None)
                continue
            candidates = self._candidates.get(label)
            if candidates is None:
                new.append(Implausible(label, value, accepted[0]))
            if not candidates or not _may_follow(observation, candidates[-1], power):
                candidates = []
            self._candidates[label] = candidates = [*candidates, observation]
            if len(candidates) < CONFIRMATIONS:
                dropped.add(label)
                continue
            self._accepted[label] = observation
            del self._candidates[label]
        values = {label: value for label, value in frame.values.items() if label not in dropped}
        return replace(frame, values=values), new, len(dropped)
