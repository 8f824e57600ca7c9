"""Diagnoses where alerts are sent, without a message; and the command `teleinfo-monitor alerts`."""

import argparse
import contextlib
import json
import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from common.check.config_file import is_readable_by_all
from common.check.findings import Finding
from common.errors import ConfigError
from common.machine.deployment import here
from common.machine.host import Host
from common.settings import config
from common.settings.file_errors import reason
from common.settings.language import language_of
from monitor.alerts.child import is_known
from monitor.alerts.engine import Engine
from monitor.alerts.loop import Alerts
from monitor.alerts.message_texts import AlertFormats
from monitor.alerts.send_queue import SendQueue, destinations
from monitor.alerts.store import NAME, Store
from monitor.alerts.summary import AlertAddress, AlertEvent, AlertsAnswer, AlertSummary
from monitor.alerts.texts import why
from monitor.alerts.trial import send_trial
from monitor.base.addresses import NAME as ADDRESSES
from monitor.base.answer import plain
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats, lay_out, unbroken
from monitor.money.home import settings_now
from monitor.places.status.check_texts import PROGRAM, TEXTS

_PATIENCE = 60.0  # seconds for an address, as long as an alert has


def diagnose_alerts(settings: MonitorConfig, path: Path, machine: Host | None = None) -> Iterator[Finding]:
    """Yield what keeps alerts from being sent, by the configuration `path`; nothing where nobody is to be told."""
    found = destinations(settings.household.addresses)
    if not found:
        return
    machine = machine or Host()
    user = machine.user(PROGRAM, path)
    if not machine.may_write(PROGRAM, settings.state, user):
        yield TEXTS.finding("alerts_not_written", user=user.name, folder=settings.state)
    if is_readable_by_all(settings.state / ADDRESSES):
        yield TEXTS.finding("alerts_readable", file=settings.state / ADDRESSES)
    if find_spec("apprise") is None:
        yield TEXTS.finding("apprise_missing")
        return
    good = [one.name for one in found if is_known(one.url)]
    for one in found:
        if one.name not in good:
            yield TEXTS.finding("address_unknown", name=one.name)
    if good:
        yield TEXTS.finding("alerts_ok", names=", ".join(good), test=here(PROGRAM).run(PROGRAM, "alerts --test"))


# -- the command -------------------------------------------------------------------------------------------------------


def alerts(arguments: argparse.Namespace) -> int:
    """Print what there is of alerts, or send a message to each address; 1: one of them failed."""
    settings = settings_now(config.load(MonitorConfig, arguments.config)).config
    household = settings.household
    language = arguments.language or household.alerts.language or household.language or language_of()
    formats = AlertFormats(language, settings.time_zone)
    with _without_log("monitor.alerts.send_queue"):  # what it logs is said here
        if arguments.test:
            return _test(household.addresses, formats, as_json=arguments.json)
        return _list(settings, formats, as_json=arguments.json)


@contextlib.contextmanager
def _without_log(name: str) -> Iterator[None]:
    log = logging.getLogger(name)
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = False


# -- the list ----------------------------------------------------------------------------------------------------------


def _list(settings: MonitorConfig, formats: Formats, *, as_json: bool) -> int:
    written = _written_at(settings.state / NAME)
    kept = noted(settings)
    meters = {event.meter for event in (*kept.active(), *kept.past()) if event.meter}
    summary = AlertSummary(lambda: settings, lambda: meters | {house.address for house in settings.household.meters})
    summary.use(kept)
    answer = summary.answer()
    if as_json:
        print(json.dumps(answer, indent=1, ensure_ascii=False, default=plain))  # noqa: T201 - the command's output
        return 0
    for line in _lines(answer, written, formats):
        print(unbroken(line, formats.language))  # noqa: T201 - the command's output
    return 0


def noted(settings: MonitorConfig) -> Alerts:
    """Return what the file of the monitor says."""
    chosen = settings.household.alerts
    engine = Engine(chosen.is_on, chosen.quiet, settings.time_zone, notifies=False)
    queue = SendQueue(settings.household.addresses, settings.state / "letters")
    return Alerts(engine, queue, Store(settings.state), texts=lambda _: ("", ""))


def _written_at(file: Path) -> datetime | None:
    try:
        with file.open("rb"):
            return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {reason(error)}") from error


def _lines(answer: AlertsAnswer, written: datetime | None, formats: Formats) -> Iterator[str]:
    yield (
        formats.text("alerts_never")
        if written is None
        else formats.text("alerts_as_of", day=formats.day(written), time=formats.clock(written))
    )
    yield from _section("alerts_active", [_event(event, formats) for event in answer.active], formats)
    yield from _section("alerts_past", [_event(event, formats) for event in answer.past], formats)
    addresses = [
        formats.text("alerts_address", name=one.name, became=_became(one, formats)) for one in answer.addresses
    ]
    if not answer.sends:
        addresses.append(formats.text("alerts_no_address"))
    yield from _section("alerts_addresses", addresses, formats)
    rules = [
        (rule.name, formats.text("alerts_on" if rule.on else "alerts_off"), rule.text.of(formats.language))
        for rule in answer.rules
    ]
    yield from _section("alerts_rules", [line.strip() for line in lay_out(rules, range(3))], formats)


def _section(key: str, lines: Sequence[str], formats: Formats) -> Iterator[str]:
    yield ""
    yield formats.text(key)
    for line in lines or [formats.text("alerts_none")]:
        yield f"  {line}"


def _event(event: AlertEvent, formats: Formats) -> str:
    began, ended = event.began, event.ended or event.began
    day, last_day = (formats.short_day(moment.astimezone(formats.zone).date()) for moment in (began, ended))
    when = f"{day} {formats.clock(began)}"
    if ended != began:
        when += f" – {formats.clock(ended)}" if day == last_day else f" – {last_day} {formats.clock(ended)}"
    return f"{when}  {event.text.of(formats.language)}"


def _became(address: AlertAddress, formats: Formats) -> str:
    parts = []
    if address.sent_at is not None:
        key = "delivery_sent_one" if address.sent == 1 else "delivery_sent"
        parts.append(formats.text(key, count=address.sent, **_at(address.sent_at, formats)))
    counts = {"waiting": address.waiting, "failed": address.failed}
    parts += [formats.text(f"delivery_{state}", count=count) for state, count in counts.items() if count]
    if address.failed_at is not None:
        reason_of_it = why(address.why or "", formats.language)
        parts.append(formats.text("delivery_why", why=reason_of_it, **_at(address.failed_at, formats)))
    return " · ".join(parts)


def _at(moment: datetime, formats: Formats) -> dict[str, str]:
    return {"day": formats.day(moment), "time": formats.clock(moment)}


# -- test messages -----------------------------------------------------------------------------------------------------


def _test(addresses: Sequence[str], formats: Formats, *, as_json: bool) -> int:
    """Send a message to each address once, as alerts are sent."""
    if not addresses:
        raise ConfigError(formats.text("alerts_no_address"))
    found = send_trial(addresses, formats.language, _PATIENCE * len(addresses))
    if as_json:
        rows = [{"name": one.to, "sent": one.sent_at is not None, "why": one.why} for one in found]
        print(json.dumps(rows, indent=1))  # noqa: T201 - the command's output
    else:
        for one in found:
            failed = None if one.why is None else why(one.why, formats.language)
            line = formats.text("test_sent" if failed is None else "test_failed", name=one.to, why=failed)
            print(unbroken(line, formats.language))  # noqa: T201 - the command's output
    return 0 if all(one.sent_at for one in found) else 1
