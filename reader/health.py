"""Whether the reader works, for the watchdog and the status text; and the next steps once the first meter is read."""

import logging
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.contract.power import APPARENT_POWER
from common.contract.topic_port import is_topic
from common.runtime.watchdog import Health
from common.settings.config import Broker
from common.settings.language import plural
from reader.line.health import LineHealth
from reader.meter.names import period_name

FRAME_TIMEOUT = 30.0  # seconds without a frame until a line counts as without frames
STALL_TIMEOUT = 120.0  # seconds without a loop until a thread counts as stuck; one takes seconds, even while waiting
NOISE_TIMEOUT = 120.0  # seconds of bytes without a frame, on a line that gave frames, until the program is restarted
_WINDOW = 30  # evaluations over which the frame rate is averaged

log = logging.getLogger(__name__)
_BUNDLED = "mosquitto"
_QUERY = "SELECT * FROM teleinfoframes ORDER BY timestamp DESC LIMIT 5"
_POWERS = (*APPARENT_POWER, "estimated_power")  # the last of them is in W


class HealthCheck:
    """Evaluates the health; keeps the last frame counts for the rate."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque(maxlen=_WINDOW)  # when, frames
        self._began = math.inf

    def evaluate(
        self, lines: Sequence[LineHealth], *, connected: bool, last_activity: float, pending: int, now: float
    ) -> Health:
        """Return the health of the reader.

        Args:
            lines: the health of each line.
            connected: whether the broker is connected.
            last_activity: when the threads that talk to the broker were active last, in monotonic seconds.
            pending: frames that are not confirmed yet.
            now: monotonic seconds.
        """
        self._began = min(self._began, now)
        self._counts.append((now, sum(line.frames for line in lines)))
        active = [line for line in lines if _has_frames(line, now)]
        waits = not lines or any(map(_awaits_message, lines))  # for the choice of its port, or for a first message
        return Health(
            alive=now - last_activity <= STALL_TIMEOUT and all(_is_alive(line, now) for line in lines),
            healthy=connected and (bool(active) or waits),
            status_text=self._status_text(lines, active, connected=connected, pending=pending, now=now),
        )

    def _status_text(
        self, lines: Sequence[LineHealth], active: Sequence[LineHealth], *, connected: bool, pending: int, now: float
    ) -> str:
        (start, previous), (end, frames) = self._counts[0], self._counts[-1]
        rate = (frames - previous) / (end - start) if end > start else 0.0
        meters = len({line.meter for line in active})
        parts = [
            plural(meters, "meter"),
            f"{rate:.1f} frames/s",
            "connected" if connected else "no broker",
            f"{pending} pending",
            *([] if lines else ["no port chosen yet"]),
            *(f"{line.port}: {self._problem(line, now)}" for line in lines if not _has_frames(line, now)),
        ]
        return ", ".join(parts)

    def _problem(self, line: LineHealth, now: float) -> str:
        if not line.open:
            return "port not available"
        if now - self._began < FRAME_TIMEOUT or _awaits_message(line):
            return "listening"
        return "bytes but no frames" if now - line.last_byte_at <= FRAME_TIMEOUT else "silent"


def _has_frames(line: LineHealth, now: float) -> bool:
    return now - line.last_frame_at <= max(FRAME_TIMEOUT, line.lost_after)


def _awaits_message(line: LineHealth) -> bool:
    """Return whether a port is a topic on which nothing is late: an adapter may send each quarter of an hour."""
    return is_topic(line.port) and line.open and line.problem is None


def _is_alive(line: LineHealth, now: float) -> bool:
    """Return whether a restart would not help this line: its thread runs, and it has frames or a known reason for none.

    A missing port and a silent line are known reasons. A port that gave frames and now gives only noise may need a
    restart; after it, the line has given no frames, so this happens once.
    """
    noise = now - line.last_byte_at <= FRAME_TIMEOUT and now - line.last_frame_at > NOISE_TIMEOUT and line.frames > 0
    return now - line.last_loop_at <= STALL_TIMEOUT and (not noise or bool(line.decoded))  # a topic has no noise


@dataclass(slots=True, kw_only=True)
class Welcome:
    """Shows the first values of a meter, and the next steps, once."""

    broker: Broker
    topic: str
    database_host: str  # empty for the database of compose
    language: str
    shown: bool = False

    def show(self, meter: str, values: Mapping[str, object]) -> None:
        """Log the lines once; `values` is the state of the meter, empty before the first complete frame."""
        if self.shown or not values:
            return
        self.shown = True
        for line in self.lines(meter, values):
            log.info("%s", line)

    def lines(self, meter: str, values: Mapping[str, object]) -> list[str]:
        """Return the lines to log."""
        subscribe = f"-v -t '{self.topic}/+/state'"
        if self.broker.hosts[0] == _BUNDLED:
            mqtt = f"docker compose exec mosquitto mosquitto_sub {subscribe}"
        else:
            account = f" -u {self.broker.username} -P PASSWORD" if self.broker.username else ""
            mqtt = f"mosquitto_sub -h {self.broker.hosts[0]} -p {self.broker.port}{account} {subscribe}"
        sql = (
            f"mariadb -h {self.database_host} -u teleinfo -p teleinfodb -e '{_QUERY}'"
            if self.database_host
            else f"docker compose exec mariadb mariadb teleinfodb -e '{_QUERY}'"
        )
        return [
            f"The meter {meter} is read: {_summary(values, self.language)}. Next steps, in this folder:",
            "Watch it live (q to quit): docker compose exec reader teleinfo-reader watch",
            f"Show its values on MQTT (Ctrl-C to quit): {mqtt}",
            f"Show the stored frames: {sql}",
        ]


def _summary(values: Mapping[str, object], language: str) -> str:
    power = next((f"{values[key]:,} {'W' if key == _POWERS[-1] else 'VA'}" for key in _POWERS if key in values), "")
    code, contract = str(values.get("period") or ""), values.get("contract")
    period = values.get("period_name") or period_name(str(contract), code, language)
    index = values.get("import_total")
    parts = [power, f"period {period}" if period else "", f"index {index:,} Wh" if index is not None else ""]
    return ", ".join(text for text in parts if text) or "frames received"
