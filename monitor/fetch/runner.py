"""Asks the providers that are due, one at a time, and hands what came to the storer as requests.

The page asks one at once, whether its switch is on or not: somebody has pressed a button. Nothing is asked twice at the
same time.
"""

import hashlib
import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

from common.contract.outside import MOST_ROWS
from common.database.mariadb import Connection
from common.errors import DatabaseError
from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason
from monitor.base import storer_requests
from monitor.base.request_errors import RequestError
from monitor.fetch.client import Client, FetchFailed
from monitor.fetch.missing import missing_days
from monitor.fetch.provider import Ask, Fetched, ImportFile, Provider, Rows
from monitor.fetch.providers import PROVIDERS, of_switch
from monitor.fetch.schedule import after_failure, daily_moment, is_due
from monitor.fetch.state import Attempts, note, read_state, read_token
from monitor.money.current import CurrentHousehold
from monitor.money.home import Home

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds
_ONE_AT_A_TIME = threading.Lock()
_RUNNING: dict[str, threading.Thread] = {}  # because somebody wanted it now, by provider
_LAST_WORD = ("token", "not_allowed")  # of a service: asked again only where something was changed


class Fetcher:
    """Asks; any thread may call any of it."""

    def __init__(
        self,
        household: CurrentHousehold,
        connect: Callable[[], Connection],
        *,
        providers: Mapping[str, Provider] = PROVIDERS,
        client: Callable[..., Client] = Client,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; `connect` opens a connection that may write requests."""
        self._household = household
        self._connect = connect
        self._providers = providers
        self._client = client
        self._now = now
        self._changes = {key: ChangeLogger(log) for key in providers}

    def step(self) -> float:
        """Ask those that are on and due; return the seconds until the next look."""
        config = self._household.now.config
        settings, folder = config.household.fetch, config.state
        for key, provider in self._providers.items():
            if settings.is_on(provider.name):
                known = read_state(folder).of(key)
                if is_due(self._now(), known.next_at) or known.asked_with != self._asked_with(key):
                    self.ask(key)
        return LOOK_EVERY

    def start(self, switch: str) -> list[threading.Thread]:
        """Ask the providers of a switch now, in threads of their own; return those that run."""
        found = []
        for key in of_switch(switch):
            thread = _RUNNING.get(key)
            if thread is None or not thread.is_alive():
                thread = _RUNNING[key] = threading.Thread(
                    target=self.ask, args=(key,), name=f"fetch-{key}", daemon=True
                )
                thread.start()
            found.append(thread)
        return found

    def ask(self, key: str) -> None:
        """Ask one provider, and note what came of it."""
        with _ONE_AT_A_TIME:
            try:
                self._ask(key)
            except DatabaseError as error:  # the page says so everywhere
                log.warning("fetch %s: %s", key, error)
            except OSError as error:
                log.warning("fetch %s: what came of it cannot be kept: %s", key, reason(error))

    def _asked_with(self, key: str) -> str:
        """Return what was chosen for a provider: where it changes, it is asked anew."""
        config = self._household.now.config
        chosen = [getattr(config.household.fetch, self._providers[key].name)]
        if self._providers[key].name == "enedis":
            chosen.append(read_token(config.state))
        return hashlib.sha256(repr(chosen).encode()).hexdigest()[:16]

    def _ask(self, key: str) -> None:
        provider = self._providers[key]
        config = self._household.now.config
        folder, zone, now = config.state, config.time_zone, self._now()
        state = read_state(folder)
        before = state.of(key)
        is_enedis = provider.name == "enedis"
        ask = Ask(
            now=now,
            zone=zone,
            settings=config.household.fetch,
            token=read_token(folder) if is_enedis else None,
            kept=before.kept,
            missing=self._missing(now) if is_enedis else (),
        )
        today = now.astimezone(zone).date().isoformat()
        used = before.requests if before.day == today else 0
        client = self._client(provider.hosts, max(provider.most_a_day - used, 0))
        tried = replace(before, asked_at=now.timestamp(), day=today, asked_with=self._asked_with(key))
        try:
            fetched = provider.fetch(client, ask)
            self._hand_over(fetched)
        except FetchFailed as error:
            after = _failed(tried, error, now)
        except RequestError:
            after = _failed(
                tried,
                FetchFailed(
                    "later",
                    "L’archiveur ne prend plus de demandes : il est arrêté, ou sa base l’est.",
                    "The storer takes no more requests: it is stopped, or its database is.",
                ),
                now,
            )
        except Exception:  # whatever a service says, the monitor goes on
            log.exception("fetch %s failed", key)
            after = _failed(
                tried,
                FetchFailed("not_understood", "La réponse n’a pas été comprise.", "The answer was not understood."),
                now,
            )
        else:
            again = fetched.again
            next_at = daily_moment(state.seed, key, provider.window, now, zone).timestamp()
            after = replace(
                tried,
                worked_at=now.timestamp(), fr=fetched.fr, en=fetched.en, failed_at=None, problem_fr="", problem_en="",
                why="", failures=0, kept=before.kept if fetched.kept is None else dict(fetched.kept),
                next_at=next_at if again is None else min(next_at, now.timestamp() + again),
            )  # fmt: skip
        note(folder, key, replace(after, requests=used + client.requests))
        if after.problem_en:
            self._changes[key].log(logging.WARNING, f"fetch {key}: {after.problem_en}")
        else:
            self._changes[key].reset()

    def _missing(self, now: datetime) -> Sequence[tuple[date, date]]:
        with closing(self._connect()) as connection:
            home = Home(connection, *self._household.now)
            chosen = home.config.household.fetch.enedis.meter
            meters = [one for one in home.meters() if chosen is None or one.has(chosen)]
            numbers = [part.number for meter in meters[:1] for part in meter.parts]
            return missing_days(connection, numbers, now.astimezone(home.zone).date(), home.zone)

    def _hand_over(self, fetched: Fetched) -> None:
        if not fetched.rows and not fetched.files:
            return
        with closing(self._connect()) as connection:
            for rows in fetched.rows:
                _send_rows(connection, rows)
            for file in fetched.files:
                _send_file(connection, file)


def is_running(switch: str) -> bool:
    """Tell whether a provider of a switch is being asked because somebody wanted it now."""
    running = (_RUNNING.get(key) for key in of_switch(switch))
    return any(thread is not None and thread.is_alive() for thread in running)


def _failed(before: Attempts, error: FetchFailed, now: datetime) -> Attempts:
    failures = before.failures + 1
    next_at = after_failure(now, failures, error.retry_after, random.random()).timestamp()  # noqa: S311 - no secret
    if error.why in _LAST_WORD:
        next_at = now.timestamp() + 86_400.0
    return replace(
        before,
        failed_at=now.timestamp(), problem_fr=error.fr, problem_en=error.en, why=error.why, failures=failures,
        next_at=next_at,
    )  # fmt: skip


def _send_rows(connection: Connection, rows: Rows) -> None:
    pairs = [[f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", value] for start, value in sorted(rows.values.items())]
    for first in range(0, len(pairs), MOST_ROWS):
        arguments = {"what": rows.what, "source": rows.source, "rows": pairs[first : first + MOST_ROWS]}
        storer_requests.start(connection, storer_requests.make(connection, "outside", arguments))


def _send_file(connection: Connection, file: ImportFile) -> None:
    arguments = {"name": file.name, "kind": file.kind, "meter": file.meter}
    number = storer_requests.make(connection, "import", arguments)
    size = storer_requests.LONGEST_PIECE
    for place, first in enumerate(range(0, len(file.content), size)):
        storer_requests.put_piece(connection, number, place, file.content[first : first + size])
    storer_requests.start(connection, number)
