"""Where messages go: the addresses of the configuration, with names that may be shown."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from common.settings.file_errors import reason
from monitor.base.household import Address

_SCHEME = re.compile(r"([a-z][a-z0-9]{0,19})://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Destination:
    """An address and its name."""

    name: str  # its kind and number such as "ntfy 1": all that may be shown of it
    url: str | None = field(default=None, repr=False)  # None: its file cannot be read
    problem: str | None = None  # why


def destinations(addresses: Sequence[Address]) -> tuple[Destination, ...]:
    """Return the addresses of the configuration; a file contains one a line, and comments."""
    found: list[Destination] = []
    numbers = Counter[str]()

    def add(kind: str, url: str | None = None, problem: str | None = None) -> None:
        numbers[kind] += 1
        found.append(Destination(f"{kind} {numbers[kind]}", url, problem))

    for address in addresses:
        try:
            file = address.file
            lines = [address.text] if file is None else file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            add("file", problem=f"{address.file}: {reason(error)}")
            continue
        urls = [line.strip() for line in lines if line and line.strip() and not line.strip().startswith("#")]
        for url in urls:
            scheme = _SCHEME.match(url)
            add(scheme[1].lower() if scheme else "address", url)
        if not urls:
            add("file", problem=f"{address.file}: contains no address")
    return tuple(found)
