"""Diagnoses whether frames are confirmed by storers, from what reader and storers publish."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.program import number
from common.machine.deployment import here
from common.plural import plural
from reader.doctor.service import PROGRAM, ServiceFacts

DELIVERY = "Delivery"
STORER = "teleinfo-storer"
_CONFIRM_TIMEOUT = 300.0  # seconds
_MANY = 60  # frames; about a minute


def diagnose_delivery(facts: ServiceFacts, confirmed_by: str, now: datetime) -> list[Finding]:
    """Return the findings about storers and unconfirmed frames."""
    findings = list(_storers(facts, confirmed_by))
    delivery = facts.health.get("delivery")
    if not facts.online or not isinstance(delivery, dict):
        return findings
    pending, discarded = number(delivery.get("pending")), number(delivery.get("discarded"))
    oldest = _oldest(delivery)
    confirmed = number(delivery.get("confirmed"))
    check = here(STORER).run(STORER, "check")
    if pending > _MANY and not confirmed and not facts.confirmed and "online" in facts.storers.values():
        what = f"a storer is online, but none of {pending} frames was confirmed"
        fix = (
            "in the broker's access rules, allow the reader to read teleinfo/+/stored, and the storer to write it and"
            f" to read teleinfo/+/frame; for details: {check}"
        )
        findings.append(problem(DELIVERY, what, fix))
    elif pending and oldest and (now - oldest).total_seconds() > _CONFIRM_TIMEOUT:
        what = f"{plural(pending, 'frame')} not confirmed yet, the oldest since {oldest:%Y-%m-%d %H:%M} UTC"
        fix = (
            f"nothing is lost yet; find out why they are not stored: {check}. If a storer was removed:"
            f" {here(PROGRAM).run(PROGRAM, 'forget NAME')}"
        )
        findings.append(problem(DELIVERY, what, fix))
    elif not findings or facts.storers:
        findings.append(ok(DELIVERY, f"{plural(confirmed, 'frame')} confirmed since its start, {pending} pending"))
    if discarded:
        findings.append(notice(DELIVERY, f"{plural(discarded, 'frame')} discarded, because the spool was full"))
    return findings


def _storers(facts: ServiceFacts, confirmed_by: str) -> Iterator[Finding]:
    one_is_enough = "online" in facts.storers.values()
    for name, status in sorted(facts.storers.items()):
        if status == "online":
            yield ok(DELIVERY, f"the storer {name} is online")
        elif status == "stalled":
            fix = f"on its machine: {here(STORER).run(STORER, 'check')}"
            yield problem(DELIVERY, f"the storer {name} cannot reach its database", fix)
        else:
            what = f"the storer {name} is {status}{'' if one_is_enough else '; frames wait until it is back'}"
            fix = f"start it; if it was removed: {here(PROGRAM).run(PROGRAM, f'forget {name}')}"
            yield problem(DELIVERY, what, fix)
    if not facts.storers and confirmed_by == "auto":
        yield notice(
            DELIVERY,
            "no storer has been seen at this broker: frames are published, but not stored",
            "fine if you use none. If one runs, allow the reader to read teleinfo/storer/+/status in the broker's"
            " access rules",
        )


def _oldest(delivery: Mapping[str, Any]) -> datetime | None:
    found = []
    for tier in ("journal", "spool"):
        part = delivery.get(tier)
        text = part.get("oldest") if isinstance(part, dict) else None
        if isinstance(text, str):
            try:
                found.append(datetime.fromisoformat(text).astimezone(UTC))
            except ValueError:
                continue
    return min(found, default=None)
