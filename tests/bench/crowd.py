"""Frames of very many meters, made when they are sent: from templates, since a simulated meter takes a millisecond."""

import dataclasses
import re
from datetime import UTC, datetime

from common.contract.block import write_block
from common.contract.frame import Frame
from tests.bench.house import KIND, decoded

_DIFFERENT = 200  # frames of one meter that the templates are made of
_CHANGES = 600  # seconds between two values of UMOY1: a label set of its own
_EPOCH = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
_TIME, _DATE, _SINCE = (datetime(2001, 1, day, tzinfo=UTC) for day in (1, 2, 3))  # stand for what moves
_INDEX, _CURRENT, _VOLTAGE, _POWER, _MEAN = range(987_650, 987_655)
_MOVING = {
    "EAST": _INDEX,
    "EASF01": _INDEX,
    "EASD01": _INDEX,
    "IRMS1": _CURRENT,
    "URMS1": _VOLTAGE,
    "SINSTS": _POWER,
    "UMOY1": _MEAN,
}


class Crowd:
    """Meters that each send a frame a second, evenly over the second."""

    def __init__(self, meters: int) -> None:
        frames = list(decoded(KIND, datetime(2026, 11, 3, tzinfo=UTC), min(meters, _DIFFERENT)))
        self.meters = meters
        self._addresses = [f"0319611{meter:05}" for meter in range(meters)]
        self._templates = [_template(frames[meter % len(frames)], name) for meter, name in enumerate(self._addresses)]

    def frame(self, start: datetime, number: int) -> tuple[str, bytes]:
        """Return topic and payload of a frame, counted over all meters."""
        second, meter = divmod(number, self.meters)
        return f"teleinfo/{self._addresses[meter]}/frame", self._payload(start.timestamp(), meter, second)

    def block(self, start: datetime, number: int, frames: int) -> tuple[str, bytes]:
        """Return a message with so many frames of one meter, which has collected them until now."""
        turn, meter = divmod(number, self.meters)
        seconds = range(turn * frames, (turn + 1) * frames)
        # The meters' turns are spread over the time that each collects.
        begun = start.timestamp() - frames + meter * frames // self.meters
        payloads = [self._payload(begun, meter, second) for second in seconds]
        return f"teleinfo/{self._addresses[meter]}/replay", write_block(payloads)

    def _payload(self, start: float, meter: int, second: int) -> bytes:
        at = start + second + meter / self.meters
        seconds = int(at)
        mean = (seconds + meter) // _CHANGES
        return self._templates[meter] % {
            b"time": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3].encode(),
            b"date": f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}".encode(),
            b"since": f"{datetime.fromtimestamp(mean * _CHANGES - meter, UTC):%Y-%m-%dT%H:%M:%S}".encode(),
            b"index": 10_000_000 + (seconds - _EPOCH) // 8,  # 450 W
            b"current": 2 + seconds % 3,
            b"voltage": 225 + (seconds + meter) % 10,
            b"power": 400 + (7 * seconds + meter) % 90,
            b"mean": 220 + mean % 20,
        }


def _template(frame: Frame, address: str) -> bytes:
    values = {**frame.values, **_MOVING, "ADSC": address, "PRM": f"25{address}"}
    stamps = {**(frame.stamps or {}), "DATE": _DATE, "UMOY1": _SINCE}
    text = dataclasses.replace(frame, meter=address, timestamp=_TIME, values=values, stamps=stamps).to_json()
    text = text.replace(b"%", b"%%")
    for sign, name in ((_TIME, b"%(time)s007"), (_DATE, b"%(date)s"), (_SINCE, b"%(since)s")):
        text = re.sub(rb'"%s[^Z"]*Z"' % f"{sign:%Y-%m-%d}".encode(), b'"' + name + b'Z"', text)
    for number, name in (
        (_INDEX, b"index"),
        (_CURRENT, b"current"),
        (_VOLTAGE, b"voltage"),
        (_POWER, b"power"),
        (_MEAN, b"mean"),
    ):
        text = text.replace(b" %d" % number, b" %%(%s)d" % name)
    return text
