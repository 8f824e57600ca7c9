"""The options of the app, as Home Assistant's form has them: /data/options.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple


class Options(NamedTuple):
    """The options; those that are not given have the defaults of config.yaml."""

    ports: tuple[str, ...] = ()  # network addresses, too
    mode: str = "auto"
    language: str = "auto"
    database: str = "internal"
    mqtt: Mapping[str, Any] = MappingProxyType({})
    password: str | None = None
    statistics: bool = False

    @property
    def internal(self) -> bool:
        """Whether the database is the app's own."""
        return self.database == "internal"


def read_options(file: Path) -> Options:
    """Read the options; a list may have empty entries, a text may be empty: both are not given.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JSON.
    """
    given: dict[str, Any] = {key: value for key, value in json.loads(file.read_text("utf-8")).items() if value}
    ports = dict.fromkeys(port for key in ("ports", "addresses") for port in given.get(key, []) if port)
    others = {key: given[key] for key in Options._fields[1:] if key in given}
    return Options(tuple(ports), **others)
