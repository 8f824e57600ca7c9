"""The file that keeps what was sent and what is to be sent: no event is sent twice, whenever the monitor is killed."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from common.contract.frame import format_time, parse_time
from common.errors import MessageError
from common.machine.files import replace_file
from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason

log = logging.getLogger(__name__)

NAME = "alerts.json"
_TIMES = {"began", "ended", "written", "expires", "sent_at", "failed_at"}


class Kept(Protocol):
    """What is kept over a restart."""

    @property
    def changed(self) -> bool:
        """Whether `to_json` has something new."""

    def to_json(self) -> Any:
        """Return what `from_json` reads."""

    def from_json(self, kept: Any) -> None:
        """Go on with what was kept."""

    def saved(self) -> None:
        """Take note that the last `to_json` is kept."""


class Store:
    """A JSON object that is replaced as a whole: whoever reads it finds the old one or the new one."""

    def __init__(self, folder: Path) -> None:
        """Prepare; nothing is read or written."""
        self._file = folder / NAME
        self._changes = ChangeLogger(log)

    def read(self) -> dict[str, Any]:
        """Return what was written last; an empty object if there is none, or it is damaged."""
        try:
            found = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("state: %s cannot be read: %s; active alerts may be sent again", self._file, reason(error))
            return {}
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        log.warning("state: %s is damaged; active alerts may be sent again", self._file)
        return {}

    def restore(self, parts: Mapping[str, Kept]) -> None:
        """Let each part go on with what was kept of it; what it cannot read is as if it was not there."""
        content = self.read()
        for name, part in parts.items():
            try:
                if name in content:
                    part.from_json(content[name])
            except (ValueError, KeyError, TypeError, AttributeError, MessageError):
                log.warning("state: %s: cannot read %r; active alerts may be sent again", self._file, name)

    def write(self, content: Mapping[str, Any]) -> bool:
        """Replace the content; return whether it is on the disk."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._file, json.dumps(content, indent=1).encode(), mode=0o600)
        except OSError as error:
            self._changes.log(
                logging.WARNING,
                f"state: {self._file} cannot be written: {reason(error)}; until it can, no alert is sent",
            )
            return False
        self._changes.reset()
        return True


def as_json(item: Any) -> dict[str, Any]:
    """Return an event, a message or a delivery as JSON keeps it.

    >>> from datetime import UTC
    >>> from monitor.alerts.events import Event
    >>> as_json(Event("disk", "", "", datetime(2026, 11, 28, tzinfo=UTC), None, {"days": 45}))["began"]
    '2026-11-28T00:00:00.000000Z'
    """
    return {name: format_time(value) if isinstance(value, datetime) else value for name, value in asdict(item).items()}


def fields_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of what `as_json` has written."""
    return {name: parse_time(value) if name in _TIMES and value is not None else value for name, value in found.items()}
