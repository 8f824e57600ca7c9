"""Diagnoses what is fetched from services outside, from what is kept of the last attempts: nobody is asked."""

from collections.abc import Iterator
from datetime import UTC, datetime

from common.check.findings import Finding
from common.settings.language import tr
from monitor.base.config import MonitorConfig
from monitor.base.fetch_settings import FETCH
from monitor.fetch.providers import of_switch
from monitor.fetch.state import State, read_state
from monitor.places.status.check_texts import TEXTS


def diagnose_fetch(config: MonitorConfig, state: State | None = None) -> Iterator[Finding]:
    """Yield which switches are on, and a finding for each service that failed the last time."""
    labels = {
        english["name"]: tr(english["label"], french["label"])
        for english, french in zip(FETCH.form("en")["fields"], FETCH.form("fr")["fields"], strict=True)
    }
    on = [name for name in labels if config.household.fetch.is_on(name)]
    if not on:
        return
    yield TEXTS.finding("fetch_on", names=", ".join(labels[name] for name in on))
    state = read_state(config.state) if state is None else state
    for name in on:
        for key in of_switch(name):
            known = state.of(key)
            if known.failed_at is not None:
                why = tr(known.problem_en, known.problem_fr).rstrip(".")
                moment = datetime.fromtimestamp(known.failed_at, UTC).astimezone(config.time_zone)
                yield TEXTS.finding("fetch_failed", name=labels[name], why=why, day=f"{moment:%Y-%m-%d %H:%M}")
