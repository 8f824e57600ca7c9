"""The kinds of alerts, and what the owner chose of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from typing import Annotated, Any, Literal

from common.contract.offers import Window
from common.settings.fields import Field, Section, Wrong
from monitor.base.windows import read_window


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert; its name is a key of the section `alerts`, of the API and of MQTT."""

    name: str
    fr: str
    en: str
    when_fr: str  # when it begins, and when it is over
    when_en: str
    begins_after: int = 0  # seconds that it must hold without a pause
    ends_after: int = 0  # seconds that it must be over without a pause
    lasts: bool = True  # it is over at some time, and that is told; else it happened, and is told once a key
    once: bool = False  # of what lasts: only the first beginning of a key is told, and no end
    urgent: bool = False  # quiet hours do not hold it back
    late: bool = False  # told however long ago it happened
    on: bool = True  # unless the owner chose otherwise
    hours: int = 24  # for which its messages are news: one that cannot be sent for so long is given up


_KINDS = (
    Kind(
        "overload", "Puissance proche de la limite", "Power near the limit",
        "Au-dessus de 95 % de la puissance souscrite pendant 10 secondes, ou dès que le compteur avertit ; puis la fin,"
        " sous 90 % pendant une minute. Envoyée aussi pendant les heures calmes.",
        "Above 95 % of the subscribed power for 10 seconds, or as soon as the meter warns; then its end, below 90 % for"
        " a minute. Sent in quiet hours, too.",
        begins_after=10, ends_after=60, urgent=True, hours=1,
    ),
    Kind(
        "silent", "Compteur, lecteur ou serveur MQTT muet", "Meter, reader or broker silent",
        "Aucune donnée depuis 5 minutes ; puis leur retour.",
        "No data for 5 minutes; then their return.",
        begins_after=300, ends_after=30,
    ),
    Kind(
        "power_cut", "Coupure de courant", "Power cut",
        "Au retour du courant, avec la durée.",
        "When the power is back, with the duration.",
        lasts=False, late=True, hours=72,
    ),
    Kind(
        "red", "Jour rouge", "Red day",
        "La veille d’un jour rouge de Tempo : dès l’annonce, et un rappel à 21 h.",
        "The day before a red day of Tempo: when it is announced, and again at 21:00.",
        lasts=False, hours=9,
    ),
    Kind(
        "white", "Jour blanc", "White day",
        "La veille d’un jour blanc de Tempo : dès l’annonce, et un rappel à 21 h.",
        "The day before a white day of Tempo: when it is announced, and again at 21:00.",
        lasts=False, on=False, hours=9,
    ),
    Kind(
        "off_peak", "Heures creuses déplacées", "Off-peak hours moved",
        "Après trois nuits à d’autres heures creuses, ou si elles diffèrent de celles de votre contrat.",
        "After three nights with other off-peak hours, or if they differ from those of your contract.",
        lasts=False,
    ),
    Kind(
        "budget", "Budget du mois", "Month’s budget",
        "Une fois par mois, quand le milieu de la prévision dépasse votre budget.",
        "Once a month, when the middle of the forecast is above your budget.",
        once=True,
    ),
    Kind(
        "feed_in", "Injection arrêtée", "Nothing exported",
        "Aucune injection depuis plusieurs jours, alors que vos panneaux injectent d’habitude ; puis sa reprise.",
        "Nothing exported for days, where your panels usually export; then when they do again.",
    ),
    Kind(
        "backup", "Sauvegarde ancienne", "Old backup",
        "Dernière sauvegarde vieille de plus de 8 jours ; puis la suivante.",
        "The last backup is more than 8 days old; then the next one.",
    ),
    Kind(
        "disk", "Disque presque plein", "Disk nearly full",
        "Disque de la base plein dans moins de 60 jours ; puis dans plus de 75.",
        "The disk of the database will be full within 60 days; then within more than 75.",
    ),
    Kind(
        "loss", "Trames perdues", "Frames lost",
        "Des trames comptées par le lecteur ne sont jamais arrivées dans la base.",
        "Frames that the reader counted never arrived in the database.",
        lasts=False, late=True, hours=72,
    ),
    Kind(
        "prices", "Prix anciens", "Old prices",
        "Les prix de votre contrat ont plus de sept mois et ne sont plus à jour ; puis leur mise à jour.",
        "The prices of your contract are more than seven months old and out of date; then their update.",
    ),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
_Rules = make_dataclass(
    "_Rules",
    [
        (kind.name, Annotated[bool, Field(fr=kind.fr, en=kind.en, help_fr=kind.when_fr, help_en=kind.when_en)], kind.on)
        for kind in _KINDS
    ],
)  # what a form asks


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
            fr="Ce qui est signalé", en="What is reported", widget="rules", read=_rules, asked=_Rules,
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
            fr="Heures calmes", en="Quiet hours", widget="quiet", read=_quiet, example="22:00-07:00",
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
