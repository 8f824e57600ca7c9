"""Passes a few commands on to Home Assistant for the page, whose program has no token; a process for each connection.

The token of an app opens all of Home Assistant: who had it could open doors. What the page needs is to read energy
statistics, to fill the Energy dashboard, and to bring the history into statistics; whoever breaks into its program can
spoil these, and nothing else.
"""

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import BinaryIO

from monitor.home_assistant.connection import HomeAssistant
from monitor.home_assistant.recorder import Commands
from monitor.home_assistant.texts import StatisticsError

CORE = "http://supervisor/core"
ALLOWED = frozenset(
    {
        "config/entity_registry/list",
        "energy/get_prefs",
        "energy/save_prefs",
        "recorder/adjust_sum_statistics",
        "recorder/clear_statistics",
        "recorder/get_statistics_metadata",
        "recorder/import_statistics",
        "recorder/list_statistic_ids",
        "recorder/statistics_during_period",
    }
)
_LONGEST = 8_000_000  # bytes of a line


def serve() -> None:
    """Serve the connection that is standard input and output."""
    token = os.environ.get("SUPERVISOR_TOKEN", "")
    with open(0, "rb", closefd=False) as lines, open(1, "wb", closefd=False) as answers, ExitStack() as stack:
        relay(lines, answers, lambda oldest: stack.enter_context(HomeAssistant(CORE, token, oldest)))


def relay(lines: BinaryIO, answers: BinaryIO, connect: Callable[[tuple[int, int]], Commands]) -> None:
    """Answer each line until there is no other; the first one says which version of Home Assistant is needed."""
    first = lines.readline(_LONGEST)
    if not first:
        return
    year, month = json.loads(first)["oldest"]
    home_assistant: Commands | None = None
    while line := lines.readline(_LONGEST):
        message = json.loads(line)
        kind = message.pop("type")
        try:
            if kind not in ALLOWED:
                raise StatisticsError("refused", command=kind, reason="not for the page")
            home_assistant = home_assistant or connect((year, month))
            answer = {"result": home_assistant.call(kind, **message)}
        except StatisticsError as error:
            answer = {"error": error.key, "values": {name: str(value) for name, value in error.values.items()}}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
