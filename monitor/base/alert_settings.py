"""The kinds of alerts, and what the owner chose of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from common.contract.offers import Window
from common.settings.fields import Field, Section, Wrong
from monitor.base.windows import read_window


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert; its name is a key of the section `alerts`, of the API and of MQTT."""

    name: str
    begins_after: int = 0  # seconds that it must hold without a pause
    ends_after: int = 0  # seconds that it must be over without a pause
    lasts: bool = True  # it is over at some time, and that is told; else it happened, and is told once a key
    urgent: bool = False  # quiet hours do not hold it back
    late: bool = False  # told however long ago it happened
    on: bool = True  # unless the owner chose otherwise
    hours: int = 24  # for which its messages are news: one that cannot be sent for so long is given up


_KINDS = (
    Kind("overload", begins_after=10, ends_after=60, urgent=True, hours=1),
    Kind("silent", begins_after=300, ends_after=30),
    Kind("power_cut", lasts=False, late=True, hours=72),
    Kind("red", lasts=False, hours=9),
    Kind("white", lasts=False, on=False, hours=9),
    Kind("off_peak", lasts=False),
    Kind("budget"),
    Kind("feed_in"),
    Kind("backup"),
    Kind("disk"),
    Kind("loss", lasts=False, late=True, hours=72),
    Kind("prices"),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}


def _rules(value: Any) -> Mapping[str, bool]:
    if not isinstance(value, dict) or not all(type(on) is bool for on in value.values()):
        raise Wrong("des règles activées ou non sont attendues", "rules that are on or off are expected")
    if unknown := next((name for name in value if name not in KINDS), None):
        known = ", ".join(KINDS)
        raise Wrong(f"il n’y a pas de règle {unknown} ; il y a {known}", f"no rule is {unknown}; there are {known}")
    return value


def _quiet(value: Any) -> Window:
    window = read_window(value)
    if window is None:
        raise Wrong("des heures telles que 22:00-07:00 sont attendues", "hours such as 22:00-07:00 are expected")
    return window


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Who is told what, and when."""

    rules: Annotated[
        Mapping[str, bool],
        Field(
            fr="Alertes", en="Alerts", widget="rules", read=_rules,
            schema={
                "type": "object",
                "properties": {name: {"type": "boolean"} for name in KINDS},
                "additionalProperties": False,
            },
        ),
    ] = field(default_factory=dict)  # fmt: skip
    quiet: Annotated[
        Window | None,
        Field(
            fr="Heures calmes", en="Quiet hours", read=_quiet, example="22:00-07:00",
            help_fr="Rien n’est envoyé alors, sauf une surcharge ; le reste suit, s’il tient encore.",
            help_en="Nothing is sent then but an overload; the rest follows, if it still holds.",
            schema={"type": ["string", "null"]},
        ),
    ] = None  # local times  # fmt: skip
    digest: Annotated[
        Literal["daily", "weekly", "monthly"] | None,
        Field(
            fr="Résumé", en="Digest",
            names={
                "daily": ("chaque jour", "each day"),
                "weekly": ("chaque semaine", "each week"),
                "monthly": ("chaque mois", "each month"),
            },
        ),
    ] = None  # fmt: skip
    language: Annotated[
        Literal["fr", "en"] | None,
        Field(
            fr="Langue des messages", en="Language of messages",
            names={"fr": ("Français", "Français"), "en": ("English", "English")},
        ),
    ] = None  # fmt: skip
    page: Annotated[
        str | None,
        Field(
            fr="Adresse de la page", en="Address of the page",
            help_fr="Pour les liens dans les messages.", help_en="For the links in messages.",
            pattern=r"https?://\S+", example="https://energy.example.org",
        ),
    ] = None  # fmt: skip

    def is_on(self, kind: str) -> bool:
        """Tell whether a kind of alert is told."""
        return self.rules.get(kind, KINDS[kind].on)


ALERTS: Section[AlertSettings] = Section(
    name="alerts", kind=AlertSettings, default={}, fr="Alertes", en="Alerts",
)  # fmt: skip
ADDRESSES: Section[tuple[str, ...]] = Section(
    name="addresses",
    kind=tuple[
        Annotated[
            str,
            Field(fr="Adresse", en="Address", longest=1000, pattern=r"[A-Za-z][A-Za-z0-9+.-]*://\S+",
                  example="ntfys://ntfy.example.org/house"),
        ],
        ...,
    ],
    default=[],
    fr="Adresses des messages",
    en="Addresses of messages",
    secret=True,
)  # fmt: skip
