"""Writes a meter as a line of text, for a pipe or a terminal that cannot draw. Pure."""

from reader.watch.texts import Translations
from reader.watch.view import View


def plain_line(view: View, translate: Translations) -> str:
    """Return one line without a time: the same as long as nothing that is shown changes."""
    parts = [view.meter, translate("online") if view.online else translate("offline")]
    if view.power is not None:
        limit = f" {translate('of', amount=translate.number(view.power.limit))}" if view.power.limit else ""
        parts.append(f"{translate.number(view.power.value)} {view.power.unit}{limit}")
    parts += [f"{phase.name} {phase.value} {phase.unit}" for phase in view.phases]
    if view.exported:
        parts.append(f"{translate('exporting')} {view.exported}")
    parts += [*view.sources, *view.tariff]
    parts += [f"{day} {name}" for day, name, _ in view.colours]
    running = next((register for register in view.registers if register.running), None)
    parts += [f"{running.name} {running.energy}"] if running else []
    parts += [alert.text for alert in view.alerts]
    return "; ".join(parts).replace("\N{NO-BREAK SPACE}", " ")
