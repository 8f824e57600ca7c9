"""Asks the providers that are due, one after another, and hands what came to the storer as requests.

The page asks one at once, whether its switch is on or not: somebody has pressed a button. It does not wait for others,
but no provider is asked twice at the same time.
"""

import hashlib
import logging
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from common.contract.outside import MOST_ROWS
from common.database.mariadb import Connection
from common.errors import DatabaseError
from common.machine.version import BUILD_DATE
from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason
from monitor.base import storer_requests
from monitor.base.request_errors import RequestError
from monitor.fetch.client import Client, FetchFailed
from monitor.fetch.missing import has_fetched, missing_days
from monitor.fetch.provider import Ask, Fetched, ImportFile, Provider, Rows
from monitor.fetch.providers import PROVIDERS, of_switch
from monitor.fetch.schedule import after_failure, daily_moment, is_due
from monitor.fetch.state import Attempts, note, read_state, read_token
from monitor.money.current import CurrentHousehold
from monitor.money.home import Home

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds
MOST_WAITING = 12  # requests of rows that the storer has not taken: the owner's own must have room
_LOCKS: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)  # by provider; a look may ask
_RUNNING: dict[str, threading.Thread] = {}  # because somebody wanted it now, by provider
_ENOUGH = timedelta(hours=4)  # what was asked so shortly before its moment is asked the next day
_LAST_WORD = ("token", "not_allowed")  # of a service


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
        if self._now() < BUILD_DATE:  # no certificate is valid then
            return LOOK_EVERY
        for key in self._providers:
            if _LOCKS[key].acquire(blocking=False):  # else it is being asked, and what is known of it changes
                try:
                    self._look(key)
                finally:
                    _LOCKS[key].release()
        return LOOK_EVERY

    def _look(self, key: str) -> None:
        config, provider = self._household.now.config, self._providers[key]
        known = self._followed_up(key, read_state(config.state).of(key))
        if not config.household.fetch.is_on(provider.name):
            if known.failures and known.asked_with:
                _keep(config.state, key, replace(known, asked_with=""))  # when it is on again, it is asked at once
            elif provider.name == "enedis" and known.kept and not known.handed and self._is_taken_back():
                _keep(config.state, key, replace(known, kept={}))  # when it is on again, all is asked for
        elif known.asked_with != self._asked_with(key) or (
            is_due(self._now(), known.next_at) and not _is_refused(provider, known)
        ):
            self.ask(key, is_wanted=False)

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

    def ask(self, key: str, *, is_wanted: bool = True) -> None:
        """Ask one provider, and note what came of it; `is_wanted`: by somebody now, its switch on or not."""
        with _LOCKS[key]:
            if is_wanted or self._is_on(key):
                self._ask(key, is_wanted)

    def _is_on(self, key: str) -> bool:
        """Tell whether its switch is on now: it may have been turned off while others were asked, or this one."""
        return self._household.now.config.household.fetch.is_on(self._providers[key].name)

    def _asked_with(self, key: str) -> str:
        """Return what was chosen for a provider: where it changes, it is asked anew."""
        config = self._household.now.config
        chosen = [getattr(config.household.fetch, self._providers[key].name)]
        if self._providers[key].name == "enedis":
            chosen.append(read_token(config.state))
        return hashlib.sha256(repr(chosen).encode()).hexdigest()[:16]

    def _ask(self, key: str, is_wanted: bool) -> None:
        provider = self._providers[key]
        config = self._household.now.config
        folder, zone, now = config.state, config.time_zone, self._now()
        state = read_state(folder)
        before = state.of(key)
        is_enedis = provider.name == "enedis"
        today = now.astimezone(zone).date().isoformat()
        used = before.requests if before.day == today else 0
        client = self._client(provider.hosts, max(provider.most_a_day - used, 0))
        tried = replace(before, asked_at=now.timestamp(), day=today, asked_with=self._asked_with(key))
        try:
            ask = Ask(
                now=now,
                zone=zone,
                settings=config.household.fetch,
                token=read_token(folder) if is_enedis else None,
                kept=before.kept,
                missing=self._missing(now) if is_enedis else (),
            )
            fetched = provider.fetch(client, ask)
            if not is_wanted and not self._is_on(key):  # when it is on again, it is asked at once
                _keep(folder, key, replace(tried, asked_with="", requests=used + client.requests))
                return
            handed = before.handed + self._hand_over(fetched)
        except FetchFailed as error:
            after = _failed(tried, provider, error, now)
        except RequestError:
            after = _failed(tried, provider, _NOT_TAKEN, now)
        except DatabaseError as error:
            log.debug("fetch %s: %s", key, error)
            after = _failed(tried, provider, _NO_DATABASE, now)
        except Exception:  # whatever a service says, the monitor goes on
            log.exception("fetch %s failed", key)
            after = _failed(tried, provider, _NOT_UNDERSTOOD, now)
        else:
            again = fetched.again
            next_at = daily_moment(state.seed, key, provider.window, now + _ENOUGH, zone).timestamp()
            after = replace(
                tried,
                worked_at=now.timestamp(), fr=fetched.fr, en=fetched.en, failed_at=None, problem_fr="", problem_en="",
                why="", failures=0, kept=before.kept if fetched.kept is None else dict(fetched.kept), handed=handed,
                next_at=next_at if again is None else min(next_at, now.timestamp() + max(again, LOOK_EVERY)),
            )  # fmt: skip
            if fetched.problem is not None:
                after = _failed(replace(after, failures=before.failures), provider, fetched.problem, now)
        _keep(folder, key, replace(after, requests=used + client.requests))
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

    def _is_taken_back(self) -> bool:
        """Tell whether nothing of what was fetched from Enedis is there any more."""
        try:
            with closing(self._connect()) as connection:
                return not has_fetched(connection)
        except DatabaseError as error:
            log.debug("fetch: %s", error)
            return False

    def _followed_up(self, key: str, known: Attempts) -> Attempts:
        """Return what is known; what the storer refused is noted as a failure, and all is asked for again."""
        if not known.handed:
            return known
        try:
            with closing(self._connect()) as connection:
                if not storer_requests.are_over(connection, known.handed):
                    return known
                problem = storer_requests.why_failed(connection, known.handed)
        except DatabaseError as error:
            log.debug("fetch %s: %s", key, error)
            return known
        after = replace(known, handed=[])
        if problem is not None:
            fr = f"L’archiveur n’a pas pu prendre ce qui est venu : {problem.get('fr') or 'voir son journal'}"
            en = f"The storer could not take what came: {problem.get('en') or 'see its log'}"
            # The last word, too: what a service has to say again each quarter of an hour would be refused again.
            after = _failed(after, self._providers[key], FetchFailed("not_allowed", fr, en), self._now())
            after = replace(after, kept={})
            self._changes[key].log(logging.WARNING, f"fetch {key}: {en}")
        _keep(self._household.now.config.state, key, after)
        return after

    def _hand_over(self, fetched: Fetched) -> list[int]:
        """Give the storer what came; return the numbers of the requests."""
        if not fetched.rows and not fetched.files:
            return []
        with closing(self._connect()) as connection:
            if fetched.rows and storer_requests.waiting(connection, "outside") >= MOST_WAITING:
                raise RequestError("many_requests")
            numbers = [number for rows in fetched.rows for number in _send_rows(connection, rows)]
            return numbers + [_send_file(connection, file) for file in fetched.files]


def is_running(switch: str) -> bool:
    """Tell whether a provider of a switch is being asked because somebody wanted it now."""
    running = (_RUNNING.get(key) for key in of_switch(switch))
    return any(thread is not None and thread.is_alive() for thread in running)


_NOT_TAKEN = FetchFailed(
    "later",
    "L’archiveur ne prend plus de demandes : il est arrêté, ou sa base l’est.",
    "The storer takes no more requests: it is stopped, or its database is.",
)
_NO_DATABASE = FetchFailed(
    "later",
    "La base de données n’a pas pu prendre ce qui est venu.",
    "The database could not take what came.",
)
_NOT_UNDERSTOOD = FetchFailed("not_understood", "La réponse n’a pas été comprise.", "The answer was not understood.")


def _failed(before: Attempts, provider: Provider, error: FetchFailed, now: datetime) -> Attempts:
    failures = before.failures + 1
    next_at: float | None = after_failure(now, failures, error.retry_after, random.random()).timestamp()  # noqa: S311
    if error.why in _LAST_WORD:  # where there is no token, it may be a mistake of the service
        next_at = None if provider.name == "enedis" else now.timestamp() + 86_400.0
    return replace(
        before,
        failed_at=now.timestamp(), problem_fr=error.fr, problem_en=error.en, why=error.why, failures=failures,
        next_at=next_at,
    )  # fmt: skip


def _is_refused(provider: Provider, known: Attempts) -> bool:
    """Tell whether a token was refused: it is asked again only where the owner has changed something."""
    return provider.name == "enedis" and known.failed_at is not None and known.why in _LAST_WORD


def _keep(folder: Path, key: str, attempts: Attempts) -> None:
    try:
        note(folder, key, attempts)
    except OSError as error:
        log.warning("fetch %s: what came of it cannot be kept: %s", key, reason(error))


def _send_rows(connection: Connection, rows: Rows) -> Iterator[int]:
    pairs = [[f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", value] for start, value in sorted(rows.values.items())]
    for first in range(0, len(pairs), MOST_ROWS):
        arguments = {"what": rows.what, "source": rows.source, "rows": pairs[first : first + MOST_ROWS]}
        number = storer_requests.make(connection, "outside", arguments)
        storer_requests.start(connection, number)
        yield number


def _send_file(connection: Connection, file: ImportFile) -> int:
    arguments = {"name": file.name, "kind": file.kind, "meter": file.meter}
    number = storer_requests.make(connection, "import", arguments)
    size = storer_requests.LONGEST_PIECE
    for place, first in enumerate(range(0, len(file.content), size)):
        storer_requests.put_piece(connection, number, place, file.content[first : first + size])
    storer_requests.start(connection, number)
    return number
