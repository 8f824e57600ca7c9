"""Writes what a meter shows on one line, for a pipe or a log. Pure."""

from reader.watch.texts import Words
from reader.watch.view import View


def plain_line(view: View, words: Words) -> str:
    """Return one line without a time: the same as long as nothing that is shown changes."""
    parts = [view.meter, words("online") if view.online else words("offline")]
    if view.power is not None:
        of = f" {words('of', amount=words.number(view.power.limit))}" if view.power.limit else ""
        parts.append(f"{words.number(view.power.value)} {view.power.unit}{of}")
    parts += [f"{phase.name} {phase.value} {phase.unit}" for phase in view.phases]
    if view.exported:
        parts.append(f"{words('exporting')} {view.exported}")
    parts += view.tariff
    parts += [f"{when} {name}" for when, name, _ in view.colours]
    running = next((register for register in view.registers if register.running), None)
    parts += [f"{running.name} {running.energy}"] if running else []
    parts += [alert.text for alert in view.alerts]
    return "; ".join(parts).replace("\N{NO-BREAK SPACE}", " ")
