"""Knows who must confirm a frame: the storers that were ever seen, those that are named, or the broker."""

import contextlib
import json
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path

from common.config import client_name
from common.runtime.logs import RateLimiter

log = logging.getLogger(__name__)

STORERS = "storers"  # the folder of their names, beside the spool
AUTO, BROKER = "auto", "broker"
LONGEST_WAIT = 120.0  # seconds; of what a storer announces, no more is believed
MOST_STORERS = 32  # that are remembered; anybody on the broker may make up names


def forget_storer(folder: Path, name: str) -> bool:
    """Take a storer's name away; return whether it was there. A reader that runs notices within a minute."""
    path = folder / name
    if path.parent != folder or not path.is_file():
        return False
    path.unlink()
    return True


@dataclass(slots=True)
class _Storer:
    status: str = "unknown"  # online, stalled, offline; unknown until the broker has told
    wait: float = 0.0  # seconds for which it may hold a batch back
    remembered: bool = False  # on disk
    confirms: bool = False  # it has confirmed something since the start; until then its wait delays nothing


class Storers:
    """The storers, by name, and whether what they said is enough.

    Names that were seen are kept in a folder, a file each: a reader that restarts while broker and storer are both
    away still waits for them.
    """

    def __init__(self, wanted: str | tuple[str, ...], folder: Path | None) -> None:
        """Take `auto`, `broker` or the names that each must confirm; `folder` None remembers nothing."""
        self._wanted = wanted
        self._folder = folder
        self._seldom = RateLimiter()
        self._full = False  # that was said
        self._storers: dict[str, _Storer] = {}
        if wanted == AUTO:
            self._storers = {name: _Storer(remembered=True) for name in self._recall()}
        elif isinstance(wanted, tuple):
            self._storers = {name: _Storer() for name in wanted}

    @property
    def names(self) -> list[str]:
        """The storers that are known."""
        return list(self._storers)

    @property
    def puback_suffices(self) -> bool:
        """Whether the broker's answer is all there is to wait for."""
        return self._wanted == BROKER or (self._wanted == AUTO and not self._storers)

    @property
    def newcomer_welcome(self) -> bool:
        """Whether a storer that appears would count."""
        return self._wanted == AUTO

    @property
    def online(self) -> list[str]:
        """The storers whose word counts and that are ready to take frames."""
        return [name for name, storer in self._storers.items() if storer.status == "online"]

    @property
    def wait(self) -> float:
        """How long the storers that are online, and that confirm frames, may hold a batch back."""
        waits = (storer.wait for storer in self._storers.values() if storer.status == "online" and storer.confirms)
        return max(waits, default=0.0)

    def is_confirmed(self, names: frozenset[str]) -> bool:
        """Whether a frame that these storers hold is safe: any of them for `auto`, all that are named otherwise."""
        if isinstance(self._wanted, tuple):
            return names.issuperset(self._wanted)
        return bool(names)

    def missing_online(self, names: frozenset[str]) -> bool:
        """Whether a storer that is online has not confirmed yet, though its word counts."""
        return any(name not in names for name in self.online)

    def is_trusted(self, name: str) -> bool:
        """Whether anybody asked for this storer's word."""
        return name in self._wanted if isinstance(self._wanted, tuple) else _is_name(name)

    def on_status(self, name: str, payload: bytes) -> bool:
        """Take a storer's status as it was published; return whether it is online from now on.

        Whoever publishes a status counts as a storer from now on. An empty one means that somebody had it forgotten.
        """
        if not payload:
            self.forget(name)
            return False
        if name not in self._storers and not (self._wanted == AUTO and _is_name(name)):
            return False
        try:
            status, wait = _read_status(payload)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            if self._seldom.allow(name, time.monotonic()):
                log.warning("The status of the storer %s is not understood: %r", name, payload[:80])
            return False
        storer = self._storers.get(name) or self._meet(name)
        if storer is None:
            return False
        if status != storer.status:
            log.info("The storer %s is %s", name, status)
        storer.status, storer.wait = status, wait
        return status == "online"

    def confirmed(self, name: str) -> None:
        """Take note that a storer has confirmed something that was waited for: it counts as one from now on.

        Where nobody has told how it is, that is a sign that it is online: a broker's rules may keep its status from
        us, or from being published.
        """
        storer = self._storers.get(name) or self._meet(name, confirms=True)
        if storer is None:
            return
        storer.confirms = True
        if storer.status == "unknown":
            storer.status = "online"
            log.info("The storer %s is online: it confirms frames", name)

    def forget(self, name: str) -> None:
        """Wait for this storer no longer."""
        if self._wanted != AUTO or name not in self._storers:
            return
        del self._storers[name]
        log.info("The storer %s is forgotten: its confirmation is not waited for any more", name)
        if self._folder is not None:
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError as error:
                log.warning("The storer %s cannot be forgotten in %s: %s", name, self._folder, error.strerror)

    def reload(self) -> None:
        """Forget the storers whose files are gone: `teleinfo-reader forget` takes them away."""
        if self._wanted != AUTO:
            return
        there = self._on_disk()
        for name, storer in list(self._storers.items()):
            if not storer.remembered:  # the disk did not take it
                self._remember(name)
            elif there is not None and name not in there:
                self.forget(name)

    def disconnected(self) -> None:
        """The broker is away: nobody knows how the storers are."""
        for storer in self._storers.values():
            storer.status = "unknown"

    def _meet(self, name: str, *, confirms: bool = False) -> _Storer | None:
        """Return a new storer; None if it does not count, or there are too many.

        One that confirms takes the place of one that never did: names that somebody made up do not keep it out.
        """
        if self._wanted != AUTO or not _is_name(name):
            return None
        if len(self._storers) >= MOST_STORERS:
            idle = next((other for other, storer in self._storers.items() if not storer.confirms), None)
            if idle is None or not confirms:
                if not self._full:
                    log.warning(
                        "%d storers are known: %s, and whoever comes next, is ignored until it confirms a frame; forget"
                        " those that are no more with teleinfo-reader forget NAME",
                        MOST_STORERS,
                        name,
                    )
                self._full = True
                return None
            self.forget(idle)
        self._storers[name] = storer = _Storer()
        log.info("The storer %s is there: frames are kept until it confirms them", name)
        error = self._remember(name)
        if error is not None:
            log.warning(
                "The storer %s cannot be remembered in %s: %s; trying again", name, self._folder, error.strerror
            )
        return storer

    def _recall(self) -> list[str]:
        """Return the names that an earlier run has remembered: of too many, those that were there first."""
        names = sorted(self._on_disk() or (), key=lambda name: (self._since(name), name))
        if len(names) > MOST_STORERS and self._folder is not None:
            log.warning("%d storers are remembered; only the first %d are kept", len(names), MOST_STORERS)
            for name in names[MOST_STORERS:]:
                with contextlib.suppress(OSError):  # then at the next start
                    (self._folder / name).unlink(missing_ok=True)
        return sorted(names[:MOST_STORERS])

    def _since(self, name: str) -> float:
        try:
            return (self._folder / name).stat().st_mtime if self._folder else math.inf
        except OSError:
            return math.inf

    def _on_disk(self) -> set[str] | None:
        """Return the names that are remembered; None if nobody can tell."""
        try:
            return {path.name for path in self._folder.iterdir() if _is_name(path.name)} if self._folder else None
        except OSError:
            return None

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
    """Return what a storer says of itself: online, stalled or offline, and for how many seconds it may hold a batch.

    Raises many an error if it is none.
    """
    message = json.loads(payload)
    status, wait = message["status"], float(message.get("wait", 0.0))
    if status not in ("online", "stalled", "offline"):
        raise ValueError(status)
    return status, min(max(wait, 0.0), LONGEST_WAIT) if wait == wait else 0.0


def _is_name(name: str) -> bool:
    try:
        return client_name(name) not in (".", "..")
    except ValueError:
        return False
