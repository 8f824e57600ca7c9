"""The file of a time zone, for images that have no time zones."""

import re
from pathlib import Path

from deploy.compose.accounts import SetupError

ZONES = Path("/usr/share/zoneinfo")
_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


def zone_file(name: str) -> bytes:
    """Return the content of the file of a time zone, such as Europe/Paris.

    Raises:
        SetupError: there is no such time zone.
    """
    try:
        if not _NAME.fullmatch(name):
            raise FileNotFoundError
        return (ZONES / name).read_bytes()
    except OSError as error:
        raise SetupError(f"TZ: {name!r} is not a time zone such as Europe/Paris: correct it in .env") from error
