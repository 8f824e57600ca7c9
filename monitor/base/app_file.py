"""What Home Assistant's app says of itself, in a file that the option `app` names: for what is still to be set up."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason

log = logging.getLogger(__name__)


class AppFile:
    """Reads the file, which `deploy/app` of the same release writes."""

    def __init__(self, file: Path) -> None:
        """Prepare; nothing is read yet."""
        self._file = file
        self._changes = ChangeLogger(log)

    def read(self) -> Mapping[str, Any] | None:
        """Return what the file says now; None: it cannot be read, and the log says why."""
        try:
            found: Mapping[str, Any] = json.loads(self._file.read_bytes())
        except (OSError, ValueError) as error:
            text = f"app: {self._file}: {reason(error)}; the page does not say what is to be set up"
            self._changes.log(logging.WARNING, text)
            return None
        self._changes.reset()
        return found
