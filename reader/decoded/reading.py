"""What one message of another device says of a meter. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from common.contract.labels import Mode


@dataclass(frozen=True)
class Reading:
    """What one message of a publisher says of a meter, in labels of TIC, and values as the meter sends them."""

    publisher: str  # "zigbee2mqtt", "tasmota", ...: the frame's "source"
    meter: str | None  # ADCO or ADSC, 12 digits; None: no message of the device has named it yet
    mode: Mode | None  # None: not told
    labels: Mapping[str, int | str]  # only what was sent: "EAST" in Wh, "PAPP" in VA, "PTEC" as "HP.."
    steps: Mapping[str, int]  # the resolution of a register, in Wh, where it is not 1
    stamps: Mapping[str, datetime] = field(
        default_factory=dict
    )  # the meter's own times, where a publisher passes them on
    partial: bool = False  # the device has several topics: what is missing here may have come on another one
