"""Reads times of day, from and until, as `monitor.yaml` writes them."""

import re
from datetime import time
from typing import Any

from common.contract.offers import Window

_WINDOW = re.compile(r"((?:[01]?\d|2[0-3]):[0-5]\d)-((?:[01]?\d|2[0-3]):[0-5]\d|24:00)")


def read_window(text: Any) -> Window | None:
    """Return a window such as 22:30-06:30, which may be past midnight; None: it is none, or has no length."""
    match = _WINDOW.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1] == match[2]:
        return None
    return Window(*(time(int(clock[:-3]) % 24, int(clock[-2:])) for clock in match.groups()))
