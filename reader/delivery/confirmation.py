"""Who must confirm a frame: any storer, once one was ever seen, else the broker; and what a confirmation says.

The reader subscribes to exact topics only: the confirmations of the meters with items here, and the status of storers.
With a wildcard, each of a thousand readers would get what all publish, a thousand messages a second. And some brokers
send what they retain only to exact filters.
"""

import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from common.contract.frame import parse_time
from common.errors import MessageError
from common.runtime.logs import RateLimiter
from common.settings.config import client_name
from reader.buffer.item import to_micros

log = logging.getLogger(__name__)
STORERS = "storers"  # the folder with their names, beside the spool
AUTO, BROKER = "auto", "broker"
MAX_WAIT = 120.0  # seconds; a longer wait that a storer announces is cut to this
MAX_STORERS = 32  # anyone on the broker could make up names


class Confirmation(NamedTuple):
    """The items of one meter that a storer has committed, or will never store; times are microseconds since 1970."""

    storer: str
    timestamps: list[int]  # frames that are stored
    rejected: list[int]  # frames that can never be stored
    tallies: list[int]  # hours

    @classmethod
    def from_json(cls, payload: bytes) -> Self:
        """Parse a message; unknown keys are ignored.

        Raises:
            MessageError: the payload is not a confirmation.
        """
        try:
            message = json.loads(payload)
            storer = message["storer"]
            if not isinstance(storer, str):
                raise TypeError(f"the storer is {storer!r}")
            times = [
                [to_micros(parse_time(text)) for text in message.get(key, [])]
                for key in ("timestamps", "rejected", "tallies")
            ]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise MessageError(f"not a confirmation: {error!r}") from error
        return cls(storer, *times)


@dataclass(slots=True)
class _Storer:
    """What is known of one storer."""

    status: str = "unknown"  # online, stalled, offline; unknown until a status arrives
    wait: float = 0.0  # seconds; how long it may collect a batch
    remembered: bool = False  # on disk
    confirms: bool = False  # it has confirmed something since the start; until then its wait is ignored


class Storers:
    """The storers, by name, and whether the broker's PUBACK suffices.

    Names are remembered in a folder, a file each: a reader that restarts while broker and storer are both away still
    waits for their confirmations.
    """

    def __init__(self, wanted: str, folder: Path | None) -> None:
        """Take `auto` or `broker`; without a folder nothing is remembered."""
        self._wanted = wanted
        self._folder = folder
        self._rate_limiter = RateLimiter()
        self._storers: dict[str, _Storer] = {}
        if wanted == AUTO:
            self._storers = {name: _Storer(remembered=True) for name in self._recall()}

    @property
    def names(self) -> list[str]:
        """The known storers."""
        return list(self._storers)

    @property
    def puback_suffices(self) -> bool:
        """Whether the broker's PUBACK counts as the confirmation."""
        return self._wanted == BROKER or (self._wanted == AUTO and not self._storers)

    @property
    def accepts_new(self) -> bool:
        """Whether a storer that appears will have to confirm."""
        return self._wanted == AUTO

    @property
    def online(self) -> list[str]:
        """The storers that are online."""
        return [name for name, storer in self._storers.items() if storer.status == "online"]

    @property
    def wait(self) -> float:
        """How long, in seconds, the online storers that confirm frames may collect a batch."""
        waits = (storer.wait for storer in self._storers.values() if storer.status == "online" and storer.confirms)
        return max(waits, default=0.0)

    def is_trusted(self, name: str) -> bool:
        """Whether confirmations of this storer count."""
        return name in self._storers or _is_name(name)

    def on_status(self, name: str, payload: bytes) -> bool:
        """Handle a status, as published; return whether the storer has come online: it publishes it again each minute.

        A name that publishes a status counts as a storer from now on. An empty status means that it was forgotten.
        """
        if not payload:
            self.forget(name)
            return False
        if name not in self._storers and not (self._wanted == AUTO and _is_name(name)):
            return False
        try:
            status, wait = _read_status(payload)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            if self._rate_limiter.allow(name, time.monotonic()):
                log.warning("Ignored invalid status of storer %s: %r", name, payload[:80])
            return False
        storer = self._storers.get(name) or self._register(name)
        if storer is None:
            return False
        changed = status != storer.status
        if changed:
            log.info("Storer %s is %s", name, status)
        storer.status, storer.wait = status, wait
        return changed and status == "online"

    def on_confirmation(self, name: str) -> None:
        """Note that a storer has confirmed a pending item: it counts as a storer from now on.

        It also counts as online, whatever its last status was: access rules may hide its status, and in a cluster of
        brokers the node that we are connected to may have retained one that it published long ago.
        """
        storer = self._storers.get(name) or self._register(name, confirms=True)
        if storer is None:
            return
        storer.confirms = True
        if storer.status != "online":
            storer.status = "online"
            log.info("Storer %s is online: it confirms frames", name)

    def forget(self, name: str) -> None:
        """Stop waiting for this storer."""
        if self._wanted != AUTO or name not in self._storers:
            return
        del self._storers[name]
        log.info("Storer %s forgotten; no longer waiting for its confirmations", name)
        if self._folder is not None:
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError as error:
                log.warning("Cannot delete storer %s from %s: %s", name, self._folder, error.strerror)

    def remember(self) -> None:
        """Write the names again that could not be written."""
        for name, storer in self._storers.items():
            if not storer.remembered:
                self._remember(name)

    def disconnected(self) -> None:
        """The broker is away: the status of all storers is unknown."""
        for storer in self._storers.values():
            storer.status = "unknown"

    def _register(self, name: str, *, confirms: bool = False) -> _Storer | None:
        """Add a storer and return it; None if it does not count, or too many are known.

        One that confirms then replaces one that never did: made-up names do not keep it out.
        """
        if self._wanted != AUTO or not _is_name(name):
            return None
        if len(self._storers) >= MAX_STORERS:
            idle = next((other for other, storer in self._storers.items() if not storer.confirms), None)
            if idle is None or not confirms:
                return None
            self.forget(idle)
        self._storers[name] = storer = _Storer()
        log.info("Storer %s discovered; waiting for its confirmations", name)
        error = self._remember(name)
        if error is not None:
            log.warning("Cannot remember storer %s in %s: %s; trying again", name, self._folder, error.strerror)
        return storer

    def _recall(self) -> list[str]:
        """Return the names that a previous run has remembered."""
        try:
            names = sorted(path.name for path in self._folder.iterdir() if _is_name(path.name)) if self._folder else []
        except OSError:
            return []
        return names[:MAX_STORERS]

    def _remember(self, name: str) -> OSError | None:
        if self._folder is not None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._folder / name).touch()
            except OSError as error:
                return error
            self._storers[name].remembered = True
        return None


def _read_status(payload: bytes) -> tuple[str, float]:
    """Return a storer's status (online, stalled or offline) and its wait in seconds.

    Raises:
        ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError: the payload is not a status.
    """
    message = json.loads(payload)
    status, wait = message["status"], float(message.get("wait", 0.0))
    if status not in ("online", "stalled", "offline"):
        raise ValueError(status)
    return status, min(max(wait, 0.0), MAX_WAIT) if wait == wait else 0.0


def _is_name(name: str) -> bool:
    try:
        return client_name(name) not in (".", "..")
    except ValueError:
        return False
