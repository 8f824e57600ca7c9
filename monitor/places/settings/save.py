"""Reads and writes sections: the rows of the table `settings`, and the file of addresses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from common.database.mariadb import Connection
from common.database.sections import read_sections
from common.settings.fields import Problem, SectionError
from monitor.base.addresses import SavedAddresses, read_addresses, write_addresses
from monitor.base.alert_settings import ADDRESSES
from monitor.money.sections import SECTIONS


class ChangedMeanwhile(Exception):
    """Somebody else saved the section since it was read."""


@dataclass(frozen=True, slots=True)
class SavedSection:
    """A section as the page sees it."""

    value: Annotated[Any, "its JSON; of secrets only what may be shown"]
    version: Annotated[int, "0: nobody wrote it, and this is its default"] = 0


def present(connection: Connection, state: Path) -> dict[str, SavedSection]:
    """Return all sections, also those that nobody wrote.

    Raises:
        DatabaseError: the database is away, or refuses.
    """
    saved = read_sections(connection)
    found = {
        name: SavedSection(saved[name].value, saved[name].version) if name in saved else SavedSection(section.default)
        for name, section in SECTIONS.items()
    }
    addresses = saved_addresses(state)
    found[ADDRESSES.name] = SavedSection(shown(addresses), addresses.version)
    return found


def saved_addresses(state: Path) -> SavedAddresses:
    """Return the addresses; none if their file is damaged, which is logged elsewhere: they are entered again."""
    try:
        return read_addresses(state)
    except (OSError, ValueError):
        return SavedAddresses()


def shown(addresses: SavedAddresses) -> list[dict[str, str]]:
    """Return what may be shown of addresses: the service, and an id by which a change keeps one."""
    return [{"service": url.partition(":")[0].lower(), "id": f"a{n}"} for n, url in enumerate(addresses.urls, 1)]


def save(connection: Connection, state: Path, name: str, value: Any, version: int) -> int:
    """Write a section whose value was checked; return its new version.

    Args:
        connection: to the database; not in a transaction.
        state: the folder of secrets.
        name: of the section.
        value: its JSON.
        version: that was seen; 0: it was never written.

    Raises:
        ChangedMeanwhile: it has another version now; nothing was written.
        SectionError: an address is kept that is not there.
        DatabaseError: the database is away, or refuses.
        OSError: the file of addresses cannot be written.
    """
    if name == ADDRESSES.name:
        return _save_addresses(state, value, version)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if version == 0:
        sql = "INSERT INTO settings (section, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE version = version"
        changed = connection.execute(sql, (name, text))
    else:
        sql = "UPDATE settings SET value = %s, version = version + 1 WHERE section = %s AND version = %s"
        changed = connection.execute(sql, (text, name, version))
    if not changed:
        raise ChangedMeanwhile(name)
    return version + 1


def with_urls(state: Path, value: Any) -> Any:
    """Return a value of `addresses` with the addresses that it keeps by their id.

    Raises:
        SectionError: one is not there.
    """
    if not isinstance(value, list):
        return value
    kept = saved_addresses(state)
    urls: dict[Any, str] = {one["id"]: url for one, url in zip(shown(kept), kept.urls, strict=True)}
    found = []
    for number, one in enumerate(value):
        if isinstance(one, Mapping):
            if str(one.get("id")) not in urls:
                at = f"{ADDRESSES.name}[{number}]"
                raise SectionError([Problem(at, "cette adresse n’est plus là", "this address is not there any more")])
            found.append(urls[str(one["id"])])
        else:
            found.append(one)
    return found


def _save_addresses(state: Path, value: Any, version: int) -> int:
    if saved_addresses(state).version != version:
        raise ChangedMeanwhile(ADDRESSES.name)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_addresses(state, SavedAddresses(version + 1, tuple(ADDRESSES.read(with_urls(state, value)))))
    return version + 1
