"""What the owner lets this program ask of others: the section `fetch`."""

from dataclasses import dataclass, field
from typing import Annotated

from common.contract.sources import meter_field
from common.settings.fields import Field, Section
from monitor.base.places import read_place


@dataclass(frozen=True, slots=True)
class EnedisSwitch:
    """Past consumption, by Conso API."""

    on: Annotated[
        bool,
        Field(
            fr="Chercher chaque jour ce qui manque",
            en="Fetch what is missing each day",
            help_fr="Trois ans de jours et deux ans d’heures. conso.boris.sh, le service d’un particulier, reçoit votre"
            " jeton, votre point de livraison et les jours demandés ; il les demande à Enedis.",
            help_en="Three years of days and two years of hours. conso.boris.sh, a service of one person, receives your"
            " token, your delivery point and the days that are asked for, and asks Enedis.",
        ),
    ] = False
    meter: Annotated[
        str | None,
        meter_field(
            "Compteur ou point de livraison",
            "Meter or delivery point",
            help_fr="Vide : le seul qu’il y a.",
            help_en="Empty: the only one there is.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class TemperatureSwitch:
    """Outside temperatures."""

    on: Annotated[
        bool,
        Field(
            fr="Chercher les températures",
            en="Fetch temperatures",
            help_fr="Pour comparer les années à météo égale. open-meteo.com reçoit le lieu, arrondi à une dizaine de"
            " kilomètres.",
            help_en="To compare years at equal weather. open-meteo.com receives the place, rounded to some ten"
            " kilometres.",
        ),
    ] = False
    place: Annotated[
        str | None,
        Field(
            fr="Lieu",
            en="Place",
            help_fr="Une préfecture, ou latitude et longitude.",
            help_en="A prefecture, or latitude and longitude.",
            example="Lyon",
            read=read_place,
            schema={"type": "string", "maxLength": 60},
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """What may be asked of whom; everything is off by default."""

    tempo: Annotated[
        bool,
        Field(
            fr="Couleurs Tempo",
            en="Tempo colours",
            help_fr="La couleur de demain dès 10 h 30, les jours de la saison et des prévisions. services-rte.com (à"
            " défaut api-couleur-tempo.fr) et open-dpe.fr ne reçoivent rien de vous que votre adresse IP.",
            help_en="Tomorrow's colour from 10:30, the days of the season, and forecasts. services-rte.com (else"
            " api-couleur-tempo.fr) and open-dpe.fr receive nothing of you but your IP address.",
        ),
    ] = False
    enedis: Annotated[EnedisSwitch, Field(fr="Années passées d’Enedis", en="Past years of Enedis")] = field(
        default_factory=EnedisSwitch
    )
    spot: Annotated[
        bool,
        Field(
            fr="Prix de marché",
            en="Market prices",
            help_fr="Par quart d’heure, pour les offres indexées. energy-charts.info ne reçoit rien de vous que votre"
            " adresse IP.",
            help_en="By quarter of an hour, for indexed offers. energy-charts.info receives nothing of you but your IP"
            " address.",
        ),
    ] = False
    temperature: Annotated[TemperatureSwitch, Field(fr="Températures", en="Temperatures")] = field(
        default_factory=TemperatureSwitch
    )
    prices: Annotated[
        bool,
        Field(
            fr="Nouveaux prix et offres",
            en="Newer prices and offers",
            help_fr="Proposés, jamais pris sans vous. data.gouv.fr, cre.fr, github.com et"
            " githubusercontent.com ne reçoivent rien de vous que votre adresse IP.",
            help_en="Proposed, never taken without you. data.gouv.fr, cre.fr, github.com and"
            " githubusercontent.com receive nothing of you but your IP address.",
        ),
    ] = False
    release: Annotated[
        bool,
        Field(
            fr="Nouvelle version",
            en="Newer release",
            help_fr="S’il y en a une, et comment l’obtenir. api.github.com ne reçoit rien de vous que votre adresse IP"
            " et votre version.",
            help_en="Whether there is one, and how to get it. api.github.com receives nothing of you but your IP"
            " address and your version.",
        ),
    ] = False

    def is_on(self, name: str) -> bool:
        """Tell whether a switch is on."""
        value = getattr(self, name)
        return bool(value if isinstance(value, bool) else value.on)


FETCH: Section[FetchSettings] = Section(
    name="fetch",
    kind=FetchSettings,
    default={
        "tempo": False,
        "enedis": {"on": False, "meter": None},
        "spot": False,
        "temperature": {"on": False, "place": None},
        "prices": False,
        "release": False,
    },
    fr="Données extérieures",
    en="Fetched data",
    help_fr="Rien n’est demandé à personne tant que vous ne le dites pas ici.",
    help_en="Nobody is asked for anything until you say so here.",
)
