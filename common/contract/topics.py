"""The names of all topics, below a base such as `teleinfo`."""

from typing import NamedTuple


class Topics(NamedTuple):
    """The topics below one base."""

    base: str

    def frame(self, meter: str) -> str:
        """Every frame, as it is read."""
        return f"{self.base}/{meter}/frame"

    def replay(self, meter: str) -> str:
        """Frames that were not confirmed, again: old values, for storers only."""
        return f"{self.base}/{meter}/replay"

    def tally(self, meter: str) -> str:
        """How many frames a reader produced in an hour."""
        return f"{self.base}/{meter}/tally"

    def state(self, meter: str) -> str:
        """The current values, for people and for Home Assistant; retained."""
        return f"{self.base}/{meter}/state"

    def link(self, meter: str) -> str:
        """Whether valid frames come in; retained."""
        return f"{self.base}/{meter}/link"

    def stored(self, meter: str) -> str:
        """Confirmations: timestamps of frames that were committed, and of those that were rejected."""
        return f"{self.base}/{meter}/stored"

    def status(self, program: str, name: str) -> str:
        """Whether a program is online; retained, and its will."""
        return f"{self.base}/{program}/{name}/status"

    def health(self, program: str, name: str) -> str:
        """The counters of a program; retained."""
        return f"{self.base}/{program}/{name}/health"

    def ports(self, program: str, name: str) -> str:
        """What a `reader` could listen to, or what a `monitor` says that a reader is to listen to; retained."""
        return f"{self.base}/{program}/{name}/ports"

    def price(self, monitor: str) -> str:
        """What a kWh of each meter costs now and next, as this monitor computes it; retained."""
        return f"{self.base}/monitor/{monitor}/price"

    def alerts(self, monitor: str) -> str:
        """What is wrong now, as this monitor sees it; retained."""
        return f"{self.base}/monitor/{monitor}/alerts"

    @property
    def rejected(self) -> str:
        """Messages that could not be stored, and why."""
        return f"{self.base}/rejected"


def device_id(meter: str) -> str:
    """Return the identifier of a meter's device in Home Assistant; a discovery topic must not contain a dot."""
    return f"teleinfo_{meter.replace('.', '_')}"


def device_topic(prefix: str, meter: str) -> str:
    """Return the topic on which a meter is announced to Home Assistant."""
    return f"{prefix}/device/{device_id(meter)}/config"
