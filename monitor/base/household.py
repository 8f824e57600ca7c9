"""What the owner says of the home: the sections of its settings that no other room shares, each declared once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from common.contract.ports import MOST_PORTS, PORT
from common.contract.sources import MeterAddress, meter_field
from common.contract.topic_port import is_topic, read_topic_port
from common.settings.fields import Field, Problem, Section, Wrong
from common.settings.language import French
from monitor.base.alert_settings import AlertSettings
from monitor.base.fetch_settings import FetchSettings
from monitor.base.french import TEXTS
from monitor.base.windows import OFF_PEAK_SCHEMA, OffPeak, read_off_peak

_EXAMPLE = "/dev/ttyUSB0"
_french = French(TEXTS)


@dataclass(frozen=True, slots=True)
class ContractLine:
    """One line of `contracts`: from that local day on, the meter has this offer and this subscribed power."""

    meter: MeterAddress
    start: Annotated[date, Field(fr="Depuis le", en="From", key="from")]
    offer: Annotated[str, Field(fr="Offre", en="Offer", longest=40, widget="offer")]
    power: Annotated[int, Field(fr="Puissance souscrite", en="Subscribed power", unit="kVA", low=1, high=36)]
    off_peak: Annotated[
        OffPeak | None,
        Field(
            fr="Heures creuses",
            en="Off-peak hours",
            help_fr="Comme sur la facture ; vide : comme le compteur les montre.",
            help_en="As on the bill; empty: as the meter shows them.",
            widget="windows",
            read=read_off_peak,
            schema=OFF_PEAK_SCHEMA,
        ),
    ] = None  # None: as in the line before


def _contracts_overlap(lines: Sequence[ContractLine]) -> Iterable[Problem]:
    seen: set[tuple[str, date]] = set()
    for number, line in enumerate(lines):
        if (line.meter, line.start) in seen:
            yield Problem(
                f"contracts[{number}].from",
                "un autre contrat de ce compteur commence le même jour",
                "another contract of this meter begins on the same day",
            )
        seen.add((line.meter, line.start))


@dataclass(frozen=True, slots=True)
class MeterEntry:
    """One entry of `meters`."""

    name: Annotated[str | None, Field(fr="Nom", en="Name", longest=40)] = None
    replaces: Annotated[
        str | None,
        meter_field(
            "Remplace le compteur",
            "Replaces the meter",
            help_fr="L’historique de l’ancien compteur continue avec celui-ci.",
            help_en="The history of the old meter goes on with this one.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class House:
    """A meter that no other one replaced: its name, and the meters that it replaced."""

    address: str  # of the meter that is there now
    name: str | None
    replaced: tuple[str, ...]  # addresses, the earliest first


def houses(entries: Mapping[str, MeterEntry]) -> tuple[House, ...]:
    """Return a house for each meter that no other one replaced."""
    replaced = {address: entry.replaces for address, entry in entries.items() if entry.replaces is not None}
    return tuple(
        House(address, entry.name, tuple(_chain(address, replaced)))
        for address, entry in entries.items()
        if address not in replaced.values()
    )


def _chain(address: str, replaced: Mapping[str, str]) -> list[str]:
    """Return all that a meter replaced, the earliest first."""
    chain = [address]
    while (before := replaced.get(chain[0])) is not None and before not in chain:
        chain.insert(0, before)
    return chain[:-1]


def _check_meters(entries: Mapping[str, MeterEntry]) -> Iterable[Problem]:
    replaced = {address: entry.replaces for address, entry in entries.items() if entry.replaces is not None}
    before: set[str] = set()
    names: set[str] = set()
    for address, entry in entries.items():
        if entry.replaces is not None:
            at = f"meters.{address}.replaces"
            if entry.replaces in before:
                yield Problem(at, f"{entry.replaces} est remplacé deux fois", f"{entry.replaces} is replaced twice")
            elif _replaces_itself(address, replaced):
                yield Problem(at, f"{address} se remplace lui-même", f"{address} replaces itself")
            before.add(entry.replaces)
        if entry.name is not None:
            if entry.name.casefold() in names:
                at, name = f"meters.{address}.name", entry.name
                yield Problem(at, f"le nom {name} est donné deux fois", f"the name {name} is given twice")
            names.add(entry.name.casefold())


def _replaces_itself(address: str, replaced: Mapping[str, str]) -> bool:
    seen, at = {address}, address
    while (before := replaced.get(at)) is not None:
        if before in seen:
            return True
        seen.add(before)
        at = before
    return False


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of `notes`: what changed in the home on a local day."""

    at: Annotated[date, Field(fr="Jour", en="Day")]
    text: Annotated[str, Field(fr="Note", en="Note", longest=80)]
    meter: MeterAddress | None = None  # None: of all meters


@dataclass(frozen=True, slots=True)
class Budget:
    """What a month may cost."""

    euros: Annotated[
        int | None,
        Field(
            fr="Budget ou mensualité",
            en="Budget or monthly payment",
            help_fr="De tous les compteurs ensemble.",
            help_en="Of all meters together.",
            unit="€",
            low=1,
            high=100_000,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class Page:
    """How the page speaks, and how far its first visit is."""

    language: Annotated[
        Literal["fr", "en"] | None,
        Field(
            fr="Langue",
            en="Language",
            help_fr="Sans choix : celle du navigateur.",
            help_en="Without a choice: that of the browser.",
            names={"fr": ("Français", "Français"), "en": ("English", "English")},
        ),
    ] = None
    first_visit: Annotated[bool, Field(fr="Première visite faite", en="First visit done", hidden=True)] = False
    not_needed: Annotated[
        tuple[Literal["past", "phone", "devices", "join"], ...],
        Field(fr="Étapes sans objet", en="Steps that are not needed", hidden=True, longest=4),
    ] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Who else than this machine is answered, where the page listens to the home network."""

    home_network: Annotated[
        bool,
        Field(
            fr="Ouvrir la page depuis la maison",
            en="Open the page from the home network",
            help_fr="Non : elle ne répond qu’à cette machine, à ses proxys et à Home Assistant.",
            help_en="No: only this machine, its proxies and Home Assistant are answered.",
        ),
    ] = True


def _port(value: Any) -> str:
    """Read a port as its reader does."""
    if isinstance(value, str) and is_topic(value):
        try:
            read_topic_port(value)
        except ValueError as error:
            raise Wrong(_french(str(error)), str(error)) from error
    if not isinstance(value, str) or not re.fullmatch(PORT, value):
        example = "mqtt:zigbee2mqtt/Linky" if is_topic(value) else _EXAMPLE
        raise Wrong(f"un port tel que {example} est attendu", f"a port such as {example} is expected")
    return value


_Port = Annotated[
    str,
    Field(fr="Port", en="Port", example=_EXAMPLE, read=_port, schema={"type": "string", "pattern": f"^(?:{PORT})$"}),
]


@dataclass(frozen=True, slots=True)
class Ports:
    """Which ports a reader with `port: ask` listens to."""

    reader: Annotated[str | None, Field(fr="Lecteur", en="Reader", longest=64)] = None
    ports: Annotated[tuple[_Port, ...], Field(fr="Ports", en="Ports", longest=MOST_PORTS)] = ()
    labels: Annotated[Mapping[_Port, str], Field(fr="Noms", en="Names", longest=MOST_PORTS)] = field(
        default_factory=dict
    )


def _check_ports(chosen: Ports) -> Iterable[Problem]:
    for number, port in enumerate(chosen.ports):
        if port in chosen.ports[:number]:
            yield Problem(f"ports.ports[{number}]", "ce port est choisi deux fois", "this port is chosen twice")


METERS: Section[Mapping[str, MeterEntry]] = Section(
    name="meters", kind=Mapping[MeterAddress, MeterEntry], default={}, fr="Compteurs", en="Meters",
    check=_check_meters,
)  # fmt: skip
CONTRACTS: Section[Sequence[ContractLine]] = Section(
    name="contracts", kind=tuple[ContractLine, ...], default=[], fr="Contrats", en="Contracts",
    help_fr="Tant que rien n’est dit, le Tarif Bleu d’EDF est supposé.",
    help_en="As long as nothing is said, the Tarif Bleu of EDF is assumed.",
    check=_contracts_overlap,
)  # fmt: skip
NOTES: Section[Sequence[Note]] = Section(
    name="notes", kind=tuple[Note, ...], default=[], fr="Notes", en="Notes",
    help_fr="Ce qui a changé dans la maison, pour le retrouver sur les courbes.",
    help_en="What changed in the home, to find it again on the curves.",
)  # fmt: skip
BUDGET: Section[Budget] = Section(name="budget", kind=Budget, default={"euros": None}, fr="Budget", en="Budget")
PORTS: Section[Ports] = Section(
    name="ports", kind=Ports, default={"reader": None, "ports": [], "labels": {}},
    fr="Port du compteur", en="Port of the meter", check=_check_ports,
)  # fmt: skip
PAGE: Section[Page] = Section(
    name="page", kind=Page, default={"language": None, "first_visit": False, "not_needed": []}, fr="Page", en="Page",
)  # fmt: skip
ACCESS: Section[Access] = Section(name="access", kind=Access, default={"home_network": True}, fr="Accès", en="Access")


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """What the owner said of the home, as all rooms use it."""

    meters: tuple[House, ...] = ()
    contracts: tuple[ContractLine, ...] = ()  # by meter and day
    notes: tuple[Note, ...] = ()  # by day
    budget: int | None = None  # euros a month, of all meters
    alerts: AlertSettings = field(default_factory=AlertSettings)
    addresses: tuple[str, ...] = field(default=(), repr=False)  # where messages go: secrets
    language: str | None = None
    ports: Ports = field(default_factory=Ports)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    home_network: bool = True  # not only this machine is answered
    is_known: bool = True  # False: the tables were not read yet, and nothing may be said in its name

    @property
    def message_language(self) -> str:
        """The language of messages: there is nobody to ask which one they read."""
        return self.alerts.language or self.language or "fr"
