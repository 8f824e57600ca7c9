"""Recognises radio sticks among serial ports: one that opens their port disturbs the network behind it.

Zigbee, Z-Wave, Thread and the like have the same serial chips as adapters of meters; what tells them apart is what they
call themselves over USB. A port without such a name may still be one, so nothing is opened before it is chosen.
"""

import os
import re
from pathlib import Path

from common.machine.host import Host

#: What radio sticks are called, from the names that zigbee-herdsman (test/mockAdapters.ts) and Home Assistant (`usb` of
#: the manifests of zha, zwave_js, otbr, enocean) recognise them by; `_` counts as a space.
_NAMES = re.compile(
    r"""
      zig.?bee | z-?wave | \bthread\b | open.?thread | enocean | rfx(com|trx) | rflink
    | con.?bee | rasp.?bee | dresden.elektronik | zigate | zig.?star | xbee | \bzzh\b | bitron | telegesis | elelabs
    | sonoff.*dongle | nabu.casa | sky.?connect | \bzb[tw]-\d | \bzwa-\d | slzb | smlight | tube'?s?.?zb
    | z-?stick | aeotec | aeon.labs | zooz | \bzst\d | hubz | husbzb | uzb | \b0658.0200\b
    | texas.instruments | \bcc(13|25|26)\d\d
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_radio(port: str, machine: Host) -> bool:
    """Return whether a serial port is that of a radio stick, by what it calls itself."""
    names = [Path(port).name, *_usb_names(port, machine)]
    return any(_NAMES.search(name.replace("_", " ")) for name in names)


def _usb_names(port: str, machine: Host) -> list[str]:
    """Return what the USB device of a port is called; nothing if it is another port."""
    terminal = Path(os.path.realpath(machine.path(port))).name
    device = Path(os.path.realpath(machine.path(f"/sys/class/tty/{terminal}/device")))
    # The device is the port or its interface; the names are those of the whole.
    for folder in (device, *device.parents[:2]):
        if (folder / "idVendor").exists():
            return [_text(folder / name) for name in ("manufacturer", "product")]
    return []


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
