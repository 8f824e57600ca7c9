"""What services propose: newer prices, which somebody takes or gives back, and a newer release."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from common.errors import ConfigError, DatabaseError
from common.machine.deployment import here
from common.settings.file_errors import reason
from monitor.base.answer import answer_type
from monitor.base.formats import Formats
from monitor.base.request_errors import RequestError
from monitor.fetch.release import notice
from monitor.fetch.state import read_state
from monitor.money.current import Snapshot
from monitor.money.home import Home
from monitor.money.price_files import Change, give_back, is_taken, keep, load_tables
from monitor.money.price_proposals import Proposed, as_of, proposed
from monitor.money.prices import PriceFile, PriceTable
from monitor.places.settings.try_out import TriedBill, tried_bill
from monitor.readings.cache import Cache
from monitor.web.route import Action, ActionRequest, ApiRequest, Parameter, Sent

log = logging.getLogger(__name__)

_MOST_ROWS = 24  # of one proposal
_MONTHS = Decimal(12)
_ID = Parameter("id", "The proposal.", {"type": "string", "pattern": "^[0-9a-f]{12}$"})


@answer_type
class PriceStep:
    """One price that changes."""

    name: str
    unit: Annotated[str, "€/kWh, or euros a month in the language asked for"]
    before: Annotated[float | None, "null: it was not known"]
    after: float | None


@answer_type
class PriceProposal:
    """A newer table of prices."""

    id: str
    source: Annotated[str, "the host that has it"]
    date: Annotated[str, "the day on which its prices were compared with their source"]
    name: Annotated[str, "in the language asked for"]
    from_: Annotated[str, "the day from which the first price that is shown holds"]
    taken: Annotated[bool, "it is in use, and can be given back"]
    rows: Annotated[Sequence[PriceStep], "of the household's offers, else of others"]
    bill: Annotated[TriedBill | None, "last month with these prices all along; null: taken, or not known"]


@answer_type
class TakenPrices:
    """What became of a proposal."""

    id: str
    taken: bool


def proposals(request: ApiRequest | ActionRequest, name: str) -> Any:
    """Return what a switch proposes, None: nothing."""
    kept = read_state(request.config.state).of(name).kept
    if name == "release":
        found = notice(kept, here().deployment, request.language)
        return None if found is None else found._asdict()
    if name != "prices" or not kept:
        return None
    taken, others = _all(request.config.state, kept, request.home.prices)
    return [_shown(request, one, is_used=True) for one in taken] + [
        _shown(request, one, is_used=False) for one in others
    ]


def _all(state: Path, kept: Mapping[str, Any], prices: PriceTable) -> tuple[Sequence[Proposed], Sequence[Proposed]]:
    """Return what was taken and can be given back, and what can be taken."""
    taken: list[Proposed] = []
    for one in kept.get("tables", ()):
        name = str(one.get("name")) if isinstance(one, dict) else ""
        before = _without(state, name, prices)
        taken += [found for found in proposed({"tables": [one]}, before) if is_taken(state, name, found.content)]
    ids = {one.id for one in taken}
    return taken, [one for one in proposed(kept, prices.files) if one.id not in ids]


def _without(state: Path, name: str, prices: PriceTable) -> Sequence[PriceFile]:
    """Return the tables that would hold if one had not been taken."""
    if not any(file.origin == str(state / name) for file in prices.files):
        return prices.files
    try:
        return load_tables(state, without=name)
    except ConfigError:
        return ()


def _shown(request: ApiRequest | ActionRequest, found: Proposed, *, is_used: bool) -> PriceProposal:
    home, formats = request.home, Formats(request.language, request.config.time_zone)
    yours = _yours(home, request)
    own = [change for change in found.changes if change.offer in yours]
    shown = own or found.changes
    offers = dict.fromkeys(change.title for change in found.changes)
    starts = [change.after.start for change in shown]
    return PriceProposal(
        id=found.id,
        source=found.source,
        date=found.checked.isoformat(),
        name=_name(list(offers), request.language),
        from_=(min(starts) if starts else found.checked).isoformat(),
        taken=is_used,
        rows=list(_rows(shown, yours, formats, is_titled=len({one.offer for one in shown}) > 1))[:_MOST_ROWS],
        bill=None if is_used or not found.changes else _bill(request, found),
    )


def _name(offers: Sequence[str], language: str) -> str:
    """Return what a proposal is called."""
    if len(offers) == 1:
        return offers[0]
    if language == "fr":
        return f"Prix de {len(offers)} offres" if offers else "Prix vérifiés, sans changement"
    return f"Prices of {len(offers)} offers" if offers else "Prices that were checked and did not change"


def _yours(home: Home, request: ApiRequest | ActionRequest) -> Mapping[str, int | None]:
    """Return the subscribed power of each offer that the household has, or whose prices are assumed."""
    today = request.now.astimezone(home.zone).date()
    found = {
        home.prices.id_of(line.offer): line.power
        for line in sorted(home.config.household.contracts, key=lambda line: line.start)
        if line.start <= today
    }
    facts = home.facts(home.meters(), request.now)
    return {**found, **{home.prices.id_of(one.offer): one.power for one in facts.values() if one.offer is not None}}


def _rows(
    changes: Iterable[Change], yours: Mapping[str, int | None], formats: Formats, *, is_titled: bool
) -> Iterator[PriceStep]:
    month = {"fr": "€/mois", "en": "€/month"}[formats.language]
    for change in changes:
        before, after = change.before, change.after
        power = yours.get(change.offer) or min(after.subscription, default=None)
        title = f"{change.title} · " if is_titled else ""
        for period, price in after.band(power).items():
            old = None if before is None else before.kwh_price(period, power)
            yield PriceStep(title + formats.register(period, {}), "€/kWh", _number(old), _number(price))
        amount = None if power is None else after.subscription.get(power)
        if amount is not None:
            old = None if before is None or power is None else before.subscription.get(power)
            name = {"fr": f"Abonnement, {power} kVA", "en": f"Subscription, {power} kVA"}[formats.language]
            yield PriceStep(
                title + name, month, _number(None if old is None else old / _MONTHS), _number(amount / _MONTHS)
            )


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else round(float(amount), 5)


def _bill(request: ApiRequest | ActionRequest, found: Proposed) -> TriedBill | None:
    """Return the last month as it is billed, and as it would be had these prices held all along."""
    home = request.home
    tried = Snapshot(home.config, as_of(found, _last_month(home, request), home.prices), home.calendars, Cache())
    try:
        return tried_bill(home, tried, request.now)
    except DatabaseError as error:
        log.warning("fetch prices: cannot say what they change: %s", error)
        return None


def _last_month(home: Home, request: ApiRequest | ActionRequest) -> date:
    this = request.now.astimezone(home.zone).date().replace(day=1)
    return (this - timedelta(1)).replace(day=1)


def take(request: ActionRequest) -> TakenPrices:
    """Take a proposal: from now on its prices count."""
    body = request.body
    identifier = body.get("id") if isinstance(body, dict) and set(body) == {"id"} else None
    state = request.config.state
    taken, others = _all(state, read_state(state).of("prices").kept, request.home.prices)
    for found in others:
        if found.id == identifier:
            try:
                keep(state, found.name, found.content)
            except ConfigError as error:
                log.warning("fetch prices: %s", error)
                raise RequestError("prices_unwritable") from None
            return _renewed(request, found.id, is_used=True)
    if identifier not in {one.id for one in taken}:
        raise RequestError("no_proposal")
    return TakenPrices(str(identifier), True)


def give(request: ActionRequest) -> TakenPrices:
    """Give prices back that were taken: those from before count again."""
    state = request.config.state
    taken, _ = _all(state, read_state(state).of("prices").kept, request.home.prices)
    found = next((one for one in taken if one.id == request.parameters["id"]), None)
    if found is None:
        raise RequestError("no_proposal")
    try:
        give_back(state, found.name)
    except OSError as error:
        log.warning("fetch prices: %s cannot be given back: %s", found.name, reason(error))
        raise RequestError("prices_unwritable") from None
    return _renewed(request, found.id, is_used=False)


def _renewed(request: ActionRequest, identifier: str, *, is_used: bool) -> TakenPrices:
    log.info("Settings: prices %s were %s", identifier, "taken" if is_used else "given back")
    with closing(request.connect()) as connection:
        request.household.refresh(connection)  # the next answer is made with them
    return TakenPrices(identifier, is_used)


_TAKE = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": _ID.schema},
    "additionalProperties": False,
}
ACTIONS: Sequence[Action] = (
    Action(
        method="POST", name="fetch/prices/take", text="Takes newer prices that are proposed.", answer=take,
        sent=Sent.JSON, body=_TAKE,
    ),
    Action(
        method="DELETE", name="fetch/prices/take/{id}", text="Gives prices back: those from before count again.",
        answer=give, parameters=(_ID,),
    ),
)  # fmt: skip
