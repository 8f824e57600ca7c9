"""The signs of all rules that look at the database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from monitor.alerts.facts import DAILY_FOR, Facts
from monitor.alerts.rules.backup import backup
from monitor.alerts.rules.budget import budget
from monitor.alerts.rules.disk import disk
from monitor.alerts.rules.feed_in import feed_in
from monitor.alerts.rules.loss import loss
from monitor.alerts.rules.off_peak import off_peak
from monitor.alerts.rules.power_cut import power_cut
from monitor.alerts.rules.prices import prices
from monitor.alerts.signs import Holds, Sign


def signs(facts: Facts, now: datetime) -> list[Sign]:
    """Return what the facts say; where they are too old, they say that they do not know."""
    common = [*backup(facts.installation, now), *disk(facts.installation)]
    found = [*power_cut(facts, now), *_known(common, known=now - facts.installation.at < DAILY_FOR)]
    today = now.astimezone(facts.zone).date()
    found += _known(budget(facts, today), known=all(now - one.daily.at < DAILY_FOR for one in facts.meters))
    for meter in facts.meters:
        daily = [*feed_in(meter, today), *prices(meter, today)]
        found += [
            *loss(meter),
            *off_peak(meter, facts.zone),
            *_known(daily, known=now - meter.daily.at < DAILY_FOR),
        ]
    return found


def _known(found: Sequence[Sign], *, known: bool) -> Sequence[Sign]:
    return found if known else [replace(sign, holds=Holds.UNKNOWN) for sign in found]
