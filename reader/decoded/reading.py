"""What one message of another device says of a meter. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.contract.labels import Mode


@dataclass(frozen=True)
class Reading:
    """What one message of a publisher says of a meter, in labels of TIC, and values as the meter sends them."""

    publisher: str  # "zigbee2mqtt", "tasmota", ...: the frame's "source"
    meter: str | None  # ADCO or ADSC, 12 digits; None: this message does not name it
    mode: Mode | None  # None: this message does not tell
    labels: Mapping[str, int | str]  # only what was sent: "EAST" in Wh, "PAPP" in VA, "PTEC" as "HP.."
    steps: Mapping[str, int]  # the resolution of a register, in Wh, where it is not 1
