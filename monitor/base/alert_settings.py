"""The section `alerts` of `monitor.yaml`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.contract.offers import Window
from common.settings.config import choice, list_of, option, topic_name
from monitor.base.alert_kinds import KINDS
from monitor.base.calendar import DIGESTS
from monitor.base.windows import read_window


@dataclass(frozen=True, slots=True)
class Address:
    """Where messages go: an address of apprise, or a file with one; a secret, so it is never shown."""

    text: str | None = field(default=None, repr=False)
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """The topic that says whether somebody is at home."""

    topic: str
    on: str  # the message that says: nobody is


def _address(value: Any) -> Address:
    if isinstance(value, str) and "://" in value:
        return Address(text=value)
    if isinstance(value, dict) and set(value) == {"file"}:
        file = value["file"]
        if isinstance(file, str) and file and "://" not in file:
            return Address(file=Path(file))
    raise ValueError("an address such as ntfy://..., or {file: /etc/teleinfo/mail} is expected")  # without the secret


_addresses = list_of(_address, "a list such as [ntfy://..., {file: /etc/teleinfo/mail}]")


def _quiet(value: Any) -> Window:
    window = read_window(value)
    if window is None:
        raise ValueError(f'quiet hours are written "22:00-07:00", in quotes, not {value!r}')
    return window


def _budget(value: Any) -> int:
    if type(value) is not int or value <= 0:
        raise ValueError(f"the euros of a month such as 120 are expected, not {value!r}")
    return value


def _away(value: Any) -> Away:
    # To YAML 1.1 the word on, without quotes, is true.
    parts = {"on" if key is True else key: part for key, part in value.items()} if isinstance(value, dict) else {}
    if set(parts) != {"topic", "on"}:
        raise ValueError(f'{{topic: home/away, on: "away"}} is expected, not {value!r}')
    if not isinstance(parts["on"], str):
        raise ValueError('the message that says that nobody is at home is text: write it in quotes, on: "away"')
    return Away(topic_name(parts["topic"]), parts["on"])


def _rules(value: Any) -> tuple[tuple[str, bool], ...]:
    if not isinstance(value, dict) or not all(type(on) is bool for on in value.values()):
        raise ValueError(f"rules that are on or off such as {{talon: false}} are expected, not {value!r}")
    if unknown := [name for name in value if name not in KINDS]:
        raise ValueError(f"there is no rule {unknown[0]!r}; there are {', '.join(KINDS)}")
    return tuple(value.items())


def _url(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise ValueError(f"the address of the page such as https://energie.example.org is expected, not {value!r}")
    return value.rstrip("/")


@dataclass(frozen=True, kw_only=True)
class AlertsConfig:
    """Who is told what, and when."""

    to: tuple[Address, ...] = option((), read=_addresses)
    language: str | None = option(None, read=choice("fr", "en"))
    quiet: Window | None = option(None, read=_quiet)  # local times
    budget: int | None = option(None, read=_budget)  # euros a month
    away: Away | None = option(None, read=_away)
    rules: tuple[tuple[str, bool], ...] = option((), read=_rules)
    digest: str | None = option(None, read=choice(*DIGESTS))
    page: str | None = option(None, read=_url)  # for the links of messages

    def is_on(self, kind: str) -> bool:
        """Tell whether a kind of alert is told."""
        return dict(self.rules).get(kind, KINDS[kind].on)
