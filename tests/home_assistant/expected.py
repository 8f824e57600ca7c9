"""What Home Assistant shows of each kind of simulated meter: name, class, unit and state class of each entity."""

import re

Row = tuple[str, str | None, str | None, str | None]  # name, class, unit, state class


def _energy(name: str) -> Row:
    return (f"Énergie {name}", "energy", "Wh", "total")


def _power(name: str) -> Row:
    return (f"Puissance {name}", "apparent_power", "VA", "measurement")


def _power_set(name: str) -> Row:
    return (f"Puissance {name}", "apparent_power", "VA", None)


def _current(name: str) -> Row:
    return (f"Intensité{name}", "current", "A", "measurement")


def _voltage(name: str) -> Row:
    return (f"Tension{name}", "voltage", "V", "measurement")


def _plain(name: str, device_class: str | None = None) -> Row:
    return (name, device_class, None, None)


ALWAYS = {
    "headroom_power": _power("disponible"),
    "headroom_current": _current(" disponible"),
    "estimated_power": ("Puissance active (estimation)", "power", "W", "measurement"),
    "subscribed_power": _power_set("souscrite"),
    "overload": _plain("Dépassement de puissance", "problem"),
    "contract": _plain("Contrat"),
    "link": _plain("Liaison avec le compteur", "connectivity"),
    "link_quality": ("Qualité de la liaison", None, "%", "measurement"),
    "spool": ("Trames en réserve sur disque", None, "trames", "measurement"),
    "mode": _plain("Mode de la télé-information", "enum"),
    "reader_version": _plain("Version du lecteur"),
}
HISTORIC = {"papp": _power("apparente"), "isousc": ("Intensité souscrite", "current", "A", None)}
STANDARD = {
    "east": _energy("soutirée totale"),
    "sinsts": _power("apparente soutirée"),
    "smaxsn": _power("maximale du jour"),
    "smaxsn_1": _power_set("maximale de la veille"),
    "pcoup": _power_set("de coupure"),
    "pjourf_p1": _plain("Programme de demain"),
    "overvoltage": _plain("Surtension", "problem"),
    "producer": _plain("Mode producteur"),
    "cover_open": _plain("Cache-bornes", "opening"),
    "clock_degraded": _plain("Horloge du compteur", "problem"),
    "contact": _plain("Contact sec"),
    "cutoff": _plain("Organe de coupure", "enum"),
}
PHASES = {
    "historic-single": {"iinst": _current("")},
    "historic-three": {f"iinst{n}": _current(f" phase {n}") for n in (1, 2, 3)}
    | {"ppot": _plain("Absence d'une phase", "problem"), "pmax": _power_set("maximale de la veille")},
    "standard-single": {"irms1": _current(""), "urms1": _voltage("")},
    "standard-three": {f"irms{n}": _current(f" phase {n}") for n in (1, 2, 3)}
    | {f"urms{n}": _voltage(f" phase {n}") for n in (1, 2, 3)}
    | {f"sinsts{n}": _power(f"apparente soutirée phase {n}") for n in (1, 2, 3)},
}
_CHOSEN = _plain("Période tarifaire", "enum")
_OFF_PEAK = _plain("Heures creuses")
_COLOURS = {
    "tempo_today": _plain("Couleur Tempo du jour", "enum"),
    "tempo_tomorrow": _plain("Couleur Tempo de demain", "enum"),
}
_PEAK = {"peak_notice": _plain("Préavis de pointe mobile"), "peak": _plain("Pointe mobile en cours")}
_SOLD = {
    "eait": _energy("injectée totale"),
    "sinsti": _power("apparente injectée"),
    "smaxin": _power("injectée maximale du jour"),
    "smaxin_1": _power_set("injectée maximale de la veille"),
}
_TEMPO = [f"{hours} jours {day}" for day in ("bleus", "blancs", "rouges") for hours in ("HC", "HP")]
_HISTORIC_TEMPO = ("bbrhcjb", "bbrhpjb", "bbrhcjw", "bbrhpjw", "bbrhcjr", "bbrhpjr")
_FLAT = {"base": _energy("option Base"), "period": _CHOSEN}


def _total(contract: str) -> dict[str, Row]:
    return {f"import_total_{contract}": _energy("soutirée totale"), "period": _CHOSEN}


CONTRACTS = {
    "historic-base": _FLAT,
    "historic-hchp": {"hchc": _energy("heures creuses"), "hchp": _energy("heures pleines"), "off_peak": _OFF_PEAK}
    | _total("hchp"),
    "historic-tempo": {key: _energy(name) for key, name in zip(_HISTORIC_TEMPO, _TEMPO, strict=True)}
    | {"off_peak": _OFF_PEAK}
    | _COLOURS
    | _total("tempo"),
    "historic-ejp": {"ejphn": _energy("heures normales"), "ejphpm": _energy("pointe mobile")} | _PEAK | _total("ejp"),
    "standard-base": {"easf01": _energy("option Base"), "period": _CHOSEN},
    "standard-tempo": {f"easf{n:02}": _energy(name) for n, name in enumerate(_TEMPO, 1)}
    | {"off_peak": _OFF_PEAK, "period": _CHOSEN}
    | _COLOURS,
    # Registers of a free calendar are named by what the meter calls them: looked at below.
    "standard-weekend": {"period": _plain("Période tarifaire")},
    "standard-producer": {"period": _plain("Période tarifaire")} | _SOLD,
}
#: Entities that not every meter has at every hour; if there is one, it must be as here.
SOMETIMES = {
    "ccasn": ("Puissance active moyenne", "power", "W", "measurement"),
    "ccain": ("Puissance active moyenne injectée", "power", "W", "measurement"),
    "off_peak": _OFF_PEAK,
    "exporting": _plain("Injection en cours"),
    **{f"relay_{n}": _plain(f"Relais {n}") for n in range(1, 9)},
}
#: The same, by contract.
SOMETIMES_BY_CONTRACT = {
    "tempo": {
        "dpm1": _plain("Début du jour blanc", "timestamp"),
        "fpm1": _plain("Fin du jour blanc", "timestamp"),
        "dpm2": _plain("Début du jour rouge", "timestamp"),
        "fpm2": _plain("Fin du jour rouge", "timestamp"),
    },
}
FREE_REGISTER = re.compile(r"Énergie (index \d+|[^\W\d_].*)")


def expected(kind: str) -> dict[str, Row]:
    """Return what a kind of meter always shows, by key."""
    mode, phases, _, contract = kind.split("-")
    rows = ALWAYS | (HISTORIC if mode == "historic" else STANDARD)
    return rows | PHASES[f"{mode}-{phases}"] | CONTRACTS[f"{mode}-{contract}"]


def possible(kind: str) -> dict[str, Row]:
    """Return what a kind of meter may show, by key."""
    return expected(kind) | SOMETIMES | SOMETIMES_BY_CONTRACT.get(kind.rsplit("-", maxsplit=1)[1], {})
