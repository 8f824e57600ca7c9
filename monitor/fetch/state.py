"""What came of the last attempts, in `fetch.json` of the state folder; and the token of Conso API beside it.

Written after an attempt only: a few times a day. A file that is damaged is as if nothing was ever asked. What cannot
be written is remembered until the end of the program: a full disk must not make it ask each minute.
"""

import json
import logging
import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from common.machine.files import replace_file
from common.settings.file_errors import reason

log = logging.getLogger(__name__)

NAME = "fetch.json"
TOKEN = "enedis_token"  # noqa: S105 - a file's name
_ONE_AT_A_TIME = threading.Lock()
_UNWRITTEN: dict[Path, "State"] = {}  # by folder: what its file does not have


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is known of one provider; times are Unix time."""

    asked_at: float | None = None
    worked_at: float | None = None
    fr: str = ""  # what came
    en: str = ""
    failed_at: float | None = None  # None: the last attempt worked
    problem_fr: str = ""
    problem_en: str = ""
    why: str = ""
    failures: int = 0  # in a row
    next_at: float | None = None
    day: str = ""  # of `requests`, local
    requests: int = 0
    asked_with: str = ""  # what was chosen then, such as the digest of a token: a change asks anew
    kept: Mapping[str, Any] = field(default_factory=dict)
    handed: list[int] = field(default_factory=list)  # requests by which the storer got it, until they are over


@dataclass(frozen=True, slots=True)
class State:
    """All providers, by key, and what makes this installation's moments its own."""

    seed: str
    providers: Mapping[str, Attempts]

    def of(self, key: str) -> Attempts:
        """Return what is known of a provider."""
        return self.providers.get(key, Attempts())


def read_state(folder: Path) -> State:
    """Return what was kept; a new seed where nothing was."""
    file = folder / NAME
    if (unwritten := _UNWRITTEN.get(folder)) is not None:
        return unwritten
    try:
        found = json.loads(file.read_bytes())
        known = {one.name for one in fields(Attempts)}
        providers = {
            str(key): Attempts(**{name: value for name, value in one.items() if name in known})
            for key, one in found["providers"].items()
        }
        state = State(str(found["seed"]), providers)
        _check(state)
        return state
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        log.warning("fetch: %s cannot be read: %s; everything is asked anew", file, _why(error))
    return _UNWRITTEN.setdefault(folder, State(secrets.token_hex(8), {}))  # one seed, and said once


def _check(state: State) -> None:
    """Raise where a value has another type than it had when it was written."""
    for one in state.providers.values():
        for moment in (one.asked_at, one.worked_at, one.failed_at, one.next_at):
            if moment is not None:
                datetime.fromtimestamp(moment)  # noqa: DTZ006 - whether it can be
        if not isinstance(one.kept, dict) or type(one.requests) is not int or type(one.failures) is not int:
            raise TypeError("a value of another type")
        if not all(type(number) is int for number in one.handed):
            raise TypeError("a number of a request of another type")


def note(folder: Path, key: str, attempts: Attempts) -> None:
    """Keep what came of an attempt.

    Raises:
        OSError: it cannot be written; it is remembered all the same.
    """
    with _ONE_AT_A_TIME:
        before = read_state(folder)
        providers = {**before.providers, key: attempts}
        document = {"seed": before.seed, "providers": {name: asdict(one) for name, one in providers.items()}}
        _UNWRITTEN[folder] = State(before.seed, providers)
        _replace(folder / NAME, json.dumps(document, ensure_ascii=False, indent=1).encode())
        del _UNWRITTEN[folder]


def read_token(folder: Path) -> str | None:
    """Return the token that the owner pasted."""
    try:
        return (folder / TOKEN).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        log.warning("fetch: %s cannot be read: %s", folder / TOKEN, _why(error))
        return None


def keep_token(folder: Path, token: str | None) -> None:
    """Keep a token; None: there is none any more.

    Raises:
        OSError: it cannot be written.
    """
    if token is None:
        (folder / TOKEN).unlink(missing_ok=True)
    else:
        _replace(folder / TOKEN, token.encode())


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = file.parent.stat() if os.geteuid() == 0 else None
    replace_file(file, content, mode=0o600, owner=owner)


def _why(error: Exception) -> str:
    return reason(error) if isinstance(error, OSError) else "it is damaged"
