"""Tokens for programs: each opens every GET of the API, and nothing else. Of a token only a digest is kept."""

import hashlib
import json
import logging
import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.machine.files import replace_file
from common.settings.file_errors import reason

log = logging.getLogger(__name__)

NAME = "tokens.json"
MOST = 50
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token."""

    id: str
    name: str
    since: float  # Unix time
    digest: str


class Tokens:
    """All tokens; any thread may call any of it."""

    def __init__(self, folder: Path) -> None:
        """Read what the last run has left in the folder; what is damaged opens nothing."""
        self._file = folder / NAME
        self._lock = threading.Lock()
        self._tokens: tuple[Token, ...] = ()  # replaced as a whole
        try:
            found = json.loads(self._file.read_bytes())["tokens"]
            self._tokens = tuple(
                Token(str(one["id"]), str(one["name"]), float(one["since"]), str(one["digest"])) for one in found
            )
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("state: %s cannot be read: %s; no token is valid", self._file, reason(error))
        except (ValueError, KeyError, TypeError):
            log.warning("state: %s is damaged; no token is valid", self._file)

    def all(self) -> Sequence[Token]:
        """Return all, the first that was made first."""
        return self._tokens

    def find(self, text: str) -> Token | None:
        """Return the token that a program sends, or None."""
        digest = _digest(text)
        return next((one for one in self._tokens if one.digest == digest), None)

    def add(self, name: str, now: float) -> tuple[Token, str]:
        """Make a token; return it with its text, which is not kept.

        Raises:
            OSError: it cannot be written; there is none then.
        """
        text = secrets.token_urlsafe(_BYTES)
        token = Token(secrets.token_hex(4), name, now, _digest(text))
        with self._lock:
            self._write((*self._tokens, token))
        return token, text

    def remove(self, identifier: str) -> Token | None:
        """Revoke a token; return it, or None if there is none.

        Raises:
            OSError: it cannot be written; it is still valid then.
        """
        with self._lock:
            found = next((one for one in self._tokens if one.id == identifier), None)
            if found is not None:
                self._write(tuple(one for one in self._tokens if one is not found))
        return found

    def _write(self, tokens: tuple[Token, ...]) -> None:
        folder = self._file.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [{"id": one.id, "name": one.name, "since": one.since, "digest": one.digest} for one in tokens]
        owner = folder.stat() if os.geteuid() == 0 else None
        replace_file(self._file, json.dumps({"tokens": lines}, indent=1).encode(), mode=0o600, owner=owner)
        self._tokens = tokens


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
