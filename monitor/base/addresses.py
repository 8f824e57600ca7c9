"""The file of the addresses to which messages go: secrets, of the monitor's user alone, and in no database."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.machine.files import replace_file

NAME = "addresses.json"


@dataclass(frozen=True, slots=True)
class SavedAddresses:
    """What the file says."""

    version: int = 0  # 0: nobody wrote any
    urls: Sequence[str] = ()


def read_addresses(state: Path) -> SavedAddresses:
    """Return the addresses in the monitor's state folder.

    Raises:
        OSError: the file is there and cannot be read.
        ValueError: it is not what this program wrote.
    """
    try:
        found = json.loads((state / NAME).read_bytes())
    except FileNotFoundError:
        return SavedAddresses()
    match found:
        case {"version": int(version), "urls": [*urls]} if all(isinstance(url, str) for url in urls):
            return SavedAddresses(version, tuple(urls))
    raise ValueError(f"{state / NAME}: no addresses")


def write_addresses(state: Path, addresses: SavedAddresses) -> None:
    """Replace the file; whatever happens in between, the old or the new one is there.

    Raises:
        OSError: it cannot be written.
    """
    owner = state.stat() if os.geteuid() == 0 else None  # a command of root: it is the monitor's all the same
    content = json.dumps({"version": addresses.version, "urls": list(addresses.urls)}).encode()
    replace_file(state / NAME, content, mode=0o600, owner=owner)
