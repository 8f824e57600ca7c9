"""Diagnoses where alerts are sent; nothing is sent."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from common.doctor.config_file import is_readable_by_all
from common.doctor.findings import Finding, notice, ok, problem
from common.machine.deployment import here
from common.machine.host import Host
from monitor.alerts.addresses import destinations
from monitor.alerts.child import is_known
from monitor.settings.config import MonitorConfig

_SUBJECT, _PROGRAM = "Alerts", "teleinfo-monitor"


def diagnose_alerts(settings: MonitorConfig, path: Path, machine: Host | None = None) -> Iterator[Finding]:
    """Yield what keeps alerts from being sent, by the configuration `path`; nothing where it has no `alerts`."""
    config = settings.alerts
    if config is None:
        return
    found = destinations(config.to)
    if not found:
        yield notice(_SUBJECT, "no address in alerts.to: nothing is sent", "add one: docs/alerts.md shows how")
        return
    machine = machine or Host()
    user = machine.user(_PROGRAM, path)
    if not machine.may_write(_PROGRAM, settings.state, user):
        yield problem(
            _SUBJECT,
            f"the user {user.name} may not write into {settings.state}: nothing is sent, as it could be sent twice",
            f"make it a folder of {user.name}, or name another one in `state`",
        )
    for file in sorted({path if address.file is None else address.file for address in config.to}):
        if is_readable_by_all(file):
            what = f"every user of this machine can read the addresses in {file}"
            yield notice(_SUBJECT, what, f"sudo chmod o-rwx {file}")
    for one in found:
        if one.problem:
            yield problem(_SUBJECT, one.problem, "correct the file, or alerts.to")
    if find_spec("apprise") is None:
        yield problem(_SUBJECT, "the Python package apprise is missing", "install teleinfo-monitor[alerts]")
        return
    good = [one.name for one in found if one.url is not None and is_known(one.url)]
    for one in found:
        if one.url is not None and one.name not in good:
            what = f"{one.name} is an address that apprise does not understand"
            yield problem(_SUBJECT, what, "docs/alerts.md shows some")
    if good:
        test = here(_PROGRAM).run(_PROGRAM, "alerts --test")
        yield ok(_SUBJECT, f"addresses: {', '.join(good)}; to try them: {test}")
