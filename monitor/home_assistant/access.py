"""Opens a connection to Home Assistant as `monitor.yaml` says: with a token, or in its app over a socket."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from common.settings.file_errors import reason
from monitor.base.config import HomeAssistantConfig
from monitor.home_assistant.recorder import SUPERVISOR, Commands
from monitor.home_assistant.relay import SOCKET, Relay
from monitor.home_assistant.texts import StatisticsError

#: For statistics that are imported, with their `unit_class`; and for all else.
OLDEST, OLDEST_TO_READ = (2025, 11), (2024, 11)


@contextmanager
def connected(
    config: HomeAssistantConfig, oldest: tuple[int, int], before: Callable[[str], None] = lambda _: None
) -> Iterator[Commands]:
    """Connect; `before` gets the address when all that is needed is there.

    Raises:
        StatisticsError: something is missing, or Home Assistant cannot be reached.
    """
    url, file = config.url, config.token_file
    if url is None:
        raise StatisticsError("no_address")
    if file is None and urlsplit(url).hostname == SUPERVISOR:
        before(url)
        with Relay(SOCKET, oldest) as relay:
            yield relay
        return
    token = "" if file is None else _read_token(file)
    if not token:
        raise StatisticsError("no_token")
    try:
        from monitor.home_assistant.connection import HomeAssistant
    except ImportError as error:
        raise StatisticsError("no_package", package=error.name, python=sys.executable) from error
    before(url)
    with HomeAssistant(url, token, oldest) as connection:
        yield connection


def _read_token(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig").strip()
    except (OSError, ValueError) as error:
        raise StatisticsError("token_unreadable", file=file, reason=reason(error)) from error
