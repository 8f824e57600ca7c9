"""Says what a change of contracts or prices would do, and where it differs from what the meter says; saves nothing."""

import logging
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from common.contract.offers import BY_ID, OFFERS, registers_of
from common.errors import DatabaseError
from common.settings.fields import Problem, Section
from monitor.base.answer import ABSENT, Absent, answer_type
from monitor.base.calendar import midnight
from monitor.base.household import CONTRACTS, ContractLine
from monitor.money.bill import Cost
from monitor.money.costs import CostAnswers
from monitor.money.current import Snapshot
from monitor.money.data_quality import MeterUpkeep
from monitor.money.home import Home
from monitor.money.off_peak import clocks, same_windows, times
from monitor.money.prices import PriceTable
from monitor.money.profile_billing import ProfileBilling
from monitor.money.sections import PRICES
from monitor.readings.hours import Meter
from monitor.readings.periods import COMPARABLE
from monitor.web.route import ActionRequest

log = logging.getLogger(__name__)

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_OLD = timedelta(days=45)  # off-peak hours of a month that began earlier are not those of now


@answer_type
class BillOfMonth:
    """What a month cost."""

    euros: Annotated[Decimal | None, "1e-4 EUR, taxes included; null: no price is known"]
    partial: Annotated[bool, "something of it has no price"]


@answer_type
class TriedBill:
    """The last complete month, as it is billed now, and as it would be."""

    month: Annotated[str, "such as 2026-11"]
    before: BillOfMonth
    after: BillOfMonth


@answer_type
class Remark:
    """Where a contract differs from what the meter says; it may be right all the same."""

    at: Annotated[str, "the field, such as contracts[0].power"]
    detail: Annotated[str, "a sentence, in the language asked for"]


@answer_type
class Effect:
    """What a change of contracts or prices does; of other sections there is nothing to say."""

    warnings: Annotated[Sequence[Remark], "of contracts"] | Absent = ABSENT
    bill: Annotated[TriedBill | None, "null: of no meter is a whole month known"] | Absent = ABSENT


def effect(request: ActionRequest, section: Section[Any], typed: Any, tried: Snapshot) -> Effect:
    """Return what a section would change, as far as the database tells: that keeps nobody from saving it."""
    if section not in (CONTRACTS, PRICES):
        return Effect()
    home, now, lines = request.home, request.now, typed if section is CONTRACTS else ()
    try:
        found = warnings(home, lines, tried.prices, now)
        return Effect([Remark(one.at, one.text(request.language)) for one in found], tried_bill(home, tried, now))
    except DatabaseError as error:
        log.warning("settings: cannot say what the change does: %s", error)
        return Effect()


def tried_bill(home: Home, tried: Snapshot, now: datetime) -> TriedBill | None:
    """Return the bill of the meter that is billed otherwise, else of the first; None: no meter has a complete month."""
    high = midnight(now.astimezone(home.zone).date().replace(day=1), home.zone)
    first = (high - _DAY).astimezone(home.zone).date().replace(day=1)
    low = midnight(first, home.zone)
    curve = ProfileBilling(home.reader, tried.prices, tried.calendars, home.zone)
    costs = CostAnswers(home.reader, home.imported, tried.config, tried.prices, curve)
    bills = []
    for meter in home.meters():
        begun = home.first(meter)
        if begun is None or begun > low:
            continue
        before, after = (one.energy(meter, "month", low, high, now).whole for one in (home.costs, costs))
        if before.energy.covered_share >= COMPARABLE or (meter.last is not None and meter.last + _HOUR >= high):
            bills.append(TriedBill(f"{first:%Y-%m}", _bill(before.cost), _bill(after.cost)))
    return next((one for one in bills if one.before.euros != one.after.euros), bills[0] if bills else None)


def _bill(cost: Cost) -> BillOfMonth:
    return BillOfMonth(cost.total if cost.known else None, cost.partial)


def warnings(home: Home, lines: Sequence[ContractLine], prices: PriceTable, now: datetime) -> list[Problem]:
    """Return where the lines of `contracts` that hold now differ from what their meters say.

    Args:
        home: the meters.
        lines: the section, in its order.
        prices: all prices, with the owner's.
        now: the present time.
    """
    today = now.astimezone(home.zone).date()
    found: list[Problem] = []
    for meter in home.meters():
        own = [
            (line.start, number) for number, line in enumerate(lines) if meter.has(line.meter) and line.start <= today
        ]
        if own:
            number = max(own)[1]
            at, line = f"{CONTRACTS.name}[{number}]", lines[number]
            found += [*_of_meter(home, meter, line, prices, now, at), *_off_peak(home, meter, line, now, at)]
    return found


def _of_meter(
    home: Home, meter: Meter, line: ContractLine, prices: PriceTable, now: datetime, at: str
) -> Iterable[Problem]:
    said = next(reversed(home.reader.contract_spans(meter, now - _DAY, now)), None)
    if said is None:
        return
    if said.power is not None and said.power != line.power:
        yield Problem(
            f"{at}.power",
            f"Le compteur dit {said.power} kVA, le contrat {line.power} kVA.",
            f"The meter says {said.power} kVA, the contract {line.power} kVA.",
        )
    structure = structure_of(prices, line.offer, line.power, now.astimezone(home.zone).date())
    if said.offer is not None and structure is not None and said.offer != structure:
        meters, offers = BY_ID[said.offer].names, BY_ID[structure].names
        yield Problem(
            f"{at}.offer",
            f"Le compteur dit {meters['fr']}, l’offre est {offers['fr']}.",
            f"The meter says {meters['en']}, the offer is {offers['en']}.",
        )


def structure_of(prices: PriceTable, offer: str, power: int, day: date) -> str | None:
    """Return the id of the structure that an offer has, as meters name it; None: it has one of its own."""
    known = prices.offer(offer)
    if known is not None and known.meter is not None:
        return known.meter
    if known is not None and known.rule is not None and known.rule.follows_meter:
        return "hchp"  # whatever its supplier makes of the meter's off-peak hours
    row = prices.kwh_row(offer, day)
    periods = set() if row is None else set(row.band(power))
    return next((one.id for one in OFFERS if set(registers_of(one.id)) == periods), None)


def _off_peak(home: Home, meter: Meter, line: ContractLine, now: datetime, at: str) -> Iterable[Problem]:
    observed = MeterUpkeep(home).windows(meter, now) if line.off_peak is not None else []
    if not observed or line.off_peak is None or now - midnight(observed[-1].month, home.zone) > _OLD:
        return
    seen, written = observed[-1].windows, times(line.off_peak.at(observed[-1].month))
    if not same_windows(written, seen):
        yield Problem(
            f"{at}.off_peak",
            f"Heures creuses du compteur : {clocks(seen)}. Du contrat : {clocks(written)}.",
            f"Off-peak hours of the meter: {clocks(seen)}. Of the contract: {clocks(written)}.",
        )
