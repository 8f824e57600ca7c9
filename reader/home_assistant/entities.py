"""The entities that Home Assistant is given of a meter: a table, and what of it a meter needs. Pure.

Each value comes from the state (`reader/meter/state.py`) or from the reader's health by a template. A key that is not there
makes "None", which Home Assistant takes for *unknown*; no template makes a number out of nothing.

Why registers are `total` and not `total_increasing`. With `total_increasing` Home Assistant takes a fall of a tenth or
more for a meter that has begun anew, and adds the whole new value: one wrong 0 makes megawatt-hours appear, and so does
a register that is given to another tariff with a smaller index. With `total` a fall counts as a fall: a glitch nets to
nothing, nothing ever appears. Its own documentation says `total` for a lifetime counter. Indexes of one address do not
begin anew, and another meter is another device.

Why ERQ1 to ERQ4 have no device class. Home Assistant knows `reactive_energy` since about 2025.9; an older one rejects
the whole entity for it, and 2024.11 is the oldest that is followed here. Unit and statistics work without.

Why there is no entity for `import_total` and `export_total` where EAST and EAIT are: it would be the same energy twice, in a list
from which people pick what to add up. Historic mode has no total; there the sum of a contract's registers is one, and
another contract's sum is another entity, as nobody knows whether its registers go on where the others stood.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reader.home_assistant.component import BINARY, Entity, Quantity, Trait, _at, _choice, _on, _value
from reader.meter.names import (
    _BLOCKS,
    _COLOURS,
    _CONTRACTS,
    _CUTOFFS,
    _HISTORIC_REGISTERS,
    _MODES,
    _PERIODS,
    _PLC,
    _REGISTERS,
    SWITCHES,
    Text,
    register_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterProfile:
    """What decides which entities a meter needs."""

    meter: str
    keys: frozenset[str]  # of the state
    mode: str
    contract: str | None
    linky: bool
    counting: frozenset[str] = frozenset()  # registers that are not 0
    moved: frozenset[str] = frozenset()  # registers that were seen to move
    closed: frozenset[int] = frozenset()  # relays that were seen closed
    labels: Mapping[int, str] = field(default_factory=dict)  # what the meter calls its registers
    off_peak: bool = False  # there are off-peak hours
    exports: bool = False
    announced: frozenset[str] = frozenset()  # entities that Home Assistant has
    version: str = ""  # of the reader

    @property
    def three_phase(self) -> bool:
        """Tell whether there are three phases."""
        return not self.keys.isdisjoint(("IRMS2", "URMS2", "SINSTS2", "IINST2"))


_ENERGY = Quantity("energy", "Wh", "total")
_REACTIVE = Quantity(None, "varh", "total")
_APPARENT = Quantity("apparent_power", "VA", "measurement", live=True)
_HIGHEST = Quantity("apparent_power", "VA", "measurement")
_APPARENT_SET = Quantity("apparent_power", "VA")  # agreed upon, or of yesterday: nothing to make statistics of
_ACTIVE = Quantity("power", "W", "measurement", live=True)
_ACTIVE_MEAN = Quantity("power", "W", "measurement")
_ACTIVE_PAST = Quantity("power", "W")
_CURRENT = Quantity("current", "A", "measurement", live=True)
_CURRENT_SET = Quantity("current", "A")
_VOLTAGE = Quantity("voltage", "V", "measurement", live=True)
_VOLTAGE_MEAN = Quantity("voltage", "V", "measurement")

_DIAG, _OFF, _RARE = Trait.DIAGNOSTIC, Trait.DISABLED, Trait.SPORADIC
_HIDDEN = Trait.DIAGNOSTIC | Trait.DISABLED

# Numbers and times that are shown as the state has them; {phase} is there on three-phase meters alone.
# fmt: off
# ruff: noqa: E501  -- a row of the table is a line
_NUMERIC_SENSORS: tuple[tuple[str, Quantity, str, str, Trait], ...] = (
    # label       quantity        in French                                                in English                                              flags
    ("EAST",      _ENERGY,        "Énergie soutirée totale",                               "Total energy imported",                                Trait.PLAIN),
    ("EAIT",      _ENERGY,        "Énergie injectée totale",                               "Total energy exported",                                Trait.PLAIN),
    ("EASD01",    _ENERGY,        "Énergie distributeur index 1",                          "Distributor energy index 1",                           _HIDDEN),
    ("EASD02",    _ENERGY,        "Énergie distributeur index 2",                          "Distributor energy index 2",                           _HIDDEN),
    ("EASD03",    _ENERGY,        "Énergie distributeur index 3",                          "Distributor energy index 3",                           _HIDDEN),
    ("EASD04",    _ENERGY,        "Énergie distributeur index 4",                          "Distributor energy index 4",                           _HIDDEN),
    ("ERQ1",      _REACTIVE,      "Énergie réactive quadrant 1",                           "Reactive energy quadrant 1",                           Trait.DISABLED),
    ("ERQ2",      _REACTIVE,      "Énergie réactive quadrant 2",                           "Reactive energy quadrant 2",                           Trait.DISABLED),
    ("ERQ3",      _REACTIVE,      "Énergie réactive quadrant 3",                           "Reactive energy quadrant 3",                           Trait.DISABLED),
    ("ERQ4",      _REACTIVE,      "Énergie réactive quadrant 4",                           "Reactive energy quadrant 4",                           Trait.DISABLED),
    ("PAPP",      _APPARENT,      "Puissance apparente",                                   "Apparent power",                                       Trait.PLAIN),
    ("SINSTS",    _APPARENT,      "Puissance apparente soutirée",                          "Apparent power imported",                              Trait.PLAIN),
    ("SINST1",    _APPARENT,      "Puissance apparente soutirée",                          "Apparent power imported",                              Trait.PLAIN),
    ("SINSTS1",   _APPARENT,      "Puissance apparente soutirée phase 1",                  "Apparent power imported phase 1",                      Trait.PLAIN),
    ("SINSTS2",   _APPARENT,      "Puissance apparente soutirée phase 2",                  "Apparent power imported phase 2",                      Trait.PLAIN),
    ("SINSTS3",   _APPARENT,      "Puissance apparente soutirée phase 3",                  "Apparent power imported phase 3",                      Trait.PLAIN),
    ("SINSTI",    _APPARENT,      "Puissance apparente injectée",                          "Apparent power exported",                              Trait.PLAIN),
    ("headroom_power", _APPARENT, "Puissance disponible",                                  "Power available",                                      Trait.PLAIN),
    ("headroom_current", _CURRENT, "Intensité disponible",                                 "Current available",                                    Trait.PLAIN),
    ("IINST",     _CURRENT,       "Intensité",                                             "Current",                                              Trait.PLAIN),
    ("IINST1",    _CURRENT,       "Intensité phase 1",                                     "Current phase 1",                                      Trait.PLAIN),
    ("IINST2",    _CURRENT,       "Intensité phase 2",                                     "Current phase 2",                                      Trait.PLAIN),
    ("IINST3",    _CURRENT,       "Intensité phase 3",                                     "Current phase 3",                                      Trait.PLAIN),
    ("IRMS1",     _CURRENT,       "Intensité{phase}",                                      "Current{phase}",                                       Trait.PLAIN),
    ("IRMS2",     _CURRENT,       "Intensité{phase}",                                      "Current{phase}",                                       Trait.PLAIN),
    ("IRMS3",     _CURRENT,       "Intensité{phase}",                                      "Current{phase}",                                       Trait.PLAIN),
    ("URMS1",     _VOLTAGE,       "Tension{phase}",                                        "Voltage{phase}",                                       Trait.PLAIN),
    ("URMS2",     _VOLTAGE,       "Tension{phase}",                                        "Voltage{phase}",                                       Trait.PLAIN),
    ("URMS3",     _VOLTAGE,       "Tension{phase}",                                        "Voltage{phase}",                                       Trait.PLAIN),
    ("UMOY1",     _VOLTAGE_MEAN,  "Tension moyenne{phase}",                                "Mean voltage{phase}",                                  Trait.DISABLED),
    ("UMOY2",     _VOLTAGE_MEAN,  "Tension moyenne{phase}",                                "Mean voltage{phase}",                                  Trait.DISABLED),
    ("UMOY3",     _VOLTAGE_MEAN,  "Tension moyenne{phase}",                                "Mean voltage{phase}",                                  Trait.DISABLED),
    ("SMAXSN",    _HIGHEST,       "Puissance maximale du jour",                            "Highest power today",                                  Trait.TIMESTAMPED),
    ("SMAXSN1",   _HIGHEST,       "Puissance maximale du jour phase 1",                    "Highest power today phase 1",                          Trait.DISABLED),
    ("SMAXSN2",   _HIGHEST,       "Puissance maximale du jour phase 2",                    "Highest power today phase 2",                          Trait.DISABLED),
    ("SMAXSN3",   _HIGHEST,       "Puissance maximale du jour phase 3",                    "Highest power today phase 3",                          Trait.DISABLED),
    ("SMAXSN-1",  _APPARENT_SET,  "Puissance maximale de la veille",                       "Highest power yesterday",                              Trait.TIMESTAMPED),
    ("SMAXN",     _HIGHEST,       "Puissance maximale du jour",                            "Highest power today",                                  Trait.TIMESTAMPED),
    ("SMAXN-1",   _APPARENT_SET,  "Puissance maximale de la veille",                       "Highest power yesterday",                              Trait.TIMESTAMPED),
    ("SMAXIN",    _HIGHEST,       "Puissance injectée maximale du jour",                   "Highest power exported today",                         Trait.TIMESTAMPED),
    ("SMAXIN-1",  _APPARENT_SET,  "Puissance injectée maximale de la veille",              "Highest power exported yesterday",                     Trait.TIMESTAMPED),
    ("CCASN",     _ACTIVE_MEAN,   "Puissance active moyenne",                              "Mean active power",                                    Trait.SPORADIC | Trait.TIMESTAMPED),
    ("CCAIN",     _ACTIVE_MEAN,   "Puissance active moyenne injectée",                     "Mean active power exported",                           Trait.SPORADIC | Trait.TIMESTAMPED),
    ("subscribed_power", _APPARENT_SET, "Puissance souscrite",                             "Subscribed power",                                     Trait.DIAGNOSTIC),
    ("ISOUSC",    _CURRENT_SET,   "Intensité souscrite",                                   "Subscribed current",                                   Trait.DIAGNOSTIC),
)
# Of meters before Linky: a Linky sends constants instead.
_MEASURED_BEFORE_LINKY: tuple[tuple[str, Quantity, str, str, Trait], ...] = (
    ("IMAX",      _CURRENT_SET,   "Intensité maximale atteinte",                           "Highest current",                                      Trait.DIAGNOSTIC),
    ("IMAX1",     _CURRENT_SET,   "Intensité maximale atteinte phase 1",                   "Highest current phase 1",                              Trait.DIAGNOSTIC),
    ("IMAX2",     _CURRENT_SET,   "Intensité maximale atteinte phase 2",                   "Highest current phase 2",                              Trait.DIAGNOSTIC),
    ("IMAX3",     _CURRENT_SET,   "Intensité maximale atteinte phase 3",                   "Highest current phase 3",                              Trait.DIAGNOSTIC),
    ("PMAX",      _ACTIVE_PAST,   "Puissance maximale atteinte",                           "Highest power",                                        Trait.PLAIN),
)
# Texts and numbers without a unit.
_TEXT_SENSORS: tuple[tuple[str, str, str, Trait], ...] = (
    # label             in French                            in English                              flags
    ("ADCO",            "Adresse du compteur",               "Meter address",                        _HIDDEN),
    ("ADSC",            "Adresse du compteur",               "Meter address",                        _HIDDEN),
    ("PRM",             "Point de livraison (PRM)",          "Delivery point (PRM)",                 _HIDDEN),
    ("VTIC",            "Version de la télé-information",    "TIC version",                          _HIDDEN),
    ("STGE",            "Registre de statuts",               "Status register",                      _HIDDEN),
    ("MSG1",            "Message du fournisseur",            "Supplier's message",                   _HIDDEN),
    ("MSG2",            "Message court du fournisseur",      "Supplier's short message",             _HIDDEN | Trait.SPORADIC),
    ("supplier_index",  "Index fournisseur en cours",        "Running supplier index",               _HIDDEN),
    ("NJOURF",          "Numéro du jour tarifaire",          "Tariff day number",                    _HIDDEN),
    ("NJOURF+1",        "Numéro du jour tarifaire de demain", "Tariff day number tomorrow",          _HIDDEN),
)
_TOLD_BEFORE_LINKY: tuple[tuple[str, str, str, Trait], ...] = (
    ("HHPHC",           "Groupe horaire",                    "Off-peak schedule group",              _HIDDEN),
    ("MOTDETAT",        "Mot d'état",                        "Status word",                          _HIDDEN),
)
# Yes or no. `exporting` and the relays are not here: not every meter needs them.
_BINARY_SENSORS: tuple[tuple[str, str | None, str, Trait], ...] = (
    # key                device class  icon               flags
    ("overload",        "problem",    "",                Trait.PLAIN),
    ("peak_notice",     None,         "mdi:bell-alert",  Trait.SPORADIC),
    ("peak",            None,         "mdi:alert-decagram", Trait.SPORADIC),
    ("overvoltage",     "problem",    "",                Trait.PLAIN),
    ("producer",        None,         "mdi:solar-power", Trait.DIAGNOSTIC),
    ("cover_open",      "opening",    "",                Trait.DIAGNOSTIC),
    ("clock_degraded",  "problem",    "",                Trait.DIAGNOSTIC),
    ("plc_synchronised", None,        "mdi:sync",        _HIDDEN),
)
# fmt: on

_DIRECTIONS = {"DPM": Text("Début", "start"), "FPM": Text("Fin", "end")}
_TEMPO_PEAKS = {1: Text("jour blanc", "White day"), 2: Text("jour rouge", "Red day")}

_SUPPLIER_REGISTER = re.compile(r"EASF(\d\d)")


def entities(facts: MeterProfile, language: str) -> Iterator[Entity]:
    """Yield the entities that a meter needs, those that are in its state and those that are about its line."""
    yield from _measured(facts)
    yield from _registers(facts)
    yield from _tariff(facts, language)
    yield from _peak_times(facts)
    yield from _switched(facts)
    yield from _told(facts)
    yield from _line(facts, language)


def key_of(label: str) -> str:
    """Return what stands for a label in identifiers.

    >>> key_of("SMAXSN-1"), key_of("NJOURF+1")
    ('smaxsn_1', 'njourf_p1')
    """
    return label.lower().replace("-", "_").replace("+", "_p")


def _needed(facts: MeterProfile, source: str, flags: Trait) -> bool:
    return source in facts.keys or (Trait.SPORADIC in flags and key_of(source) in facts.announced)


def _measured(facts: MeterProfile) -> Iterator[Entity]:
    rows = _NUMERIC_SENSORS if facts.linky else _NUMERIC_SENSORS + _MEASURED_BEFORE_LINKY
    for label, quantity, french, english, flags in rows:
        if not _needed(facts, label, flags) or not (quantity.state_class != "total" or _counts(facts, label)):
            continue
        number = label[4:5]
        yield Entity(
            key=key_of(label),
            name=Text(
                french.format(phase=f" phase {number}" if facts.three_phase else ""),
                english.format(phase=f" phase {number}" if facts.three_phase else ""),
            ),
            quantity=quantity,
            template=_value(label),
            attributes=_at(label) if Trait.TIMESTAMPED in flags else "",
            flags=flags,
        )
    if facts.linky and "PMAX" in facts.keys:  # what a Linky says under that name
        name = Text("Puissance maximale de la veille", "Highest power yesterday")
        yield Entity(key="pmax", name=name, quantity=_APPARENT_SET, template=_value("PMAX"))
    if "import_total" in facts.keys:  # the estimate takes a minute; its entity need not wait for it
        name = Text("Puissance active (estimation)", "Active power (estimate)")
        yield Entity(key="estimated_power", name=name, quantity=_ACTIVE, template=_value("estimated_power"), flags=_OFF)
    if "PCOUP" in facts.keys:
        yield Entity(
            key="pcoup",
            name=Text("Puissance de coupure", "Cut-off power"),
            quantity=_APPARENT_SET,  # in VA: before 2026 Home Assistant knew no kVA
            template="{% set v=value_json.get('PCOUP') %}{{v*1000 if v is number else None}}",
            flags=_DIAG,
        )


def _counts(facts: MeterProfile, label: str) -> bool:
    return label in facts.counting or label in facts.moved or key_of(label) in facts.announced


def _registers(facts: MeterProfile) -> Iterator[Entity]:
    for label, name in _HISTORIC_REGISTERS.items():
        if label in facts.keys and _counts(facts, label):
            yield Entity(key=key_of(label), name=name, quantity=_ENERGY, template=_value(label))
    if facts.mode == "historic" and "import_total" in facts.keys and "BASE" not in facts.keys:
        key = f"import_total_{key_of(facts.contract or '')}"
        name = Text("Énergie soutirée totale", "Total energy imported")
        # Home Assistant keeps a register after another contract: it must not take over that one's total.
        own = f"value_json.get('mode')=='historic' and value_json.get('contract')=='{facts.contract}'"
        template = "{{value_json.get('import_total') if " + own + " else None}}"
        yield Entity(key=key, name=name, quantity=_ENERGY, template=template)
    known = len(_REGISTERS.get(facts.contract or "", ()))
    for label in sorted(facts.keys):
        match = _SUPPLIER_REGISTER.fullmatch(label)
        if match is None or not _counts(facts, label):
            continue
        number = int(match[1])
        # One beyond those of the contract stands still since an earlier contract.
        if known and number > known and label not in facts.moved and key_of(label) not in facts.announced:
            continue
        yield Entity(
            key=key_of(label), name=register_name(facts.contract, facts.labels, number), quantity=_ENERGY, template=_value(label)
        )  # fmt: skip


def _tariff(facts: MeterProfile, language: str) -> Iterator[Entity]:
    name, icon = Text("Période tarifaire", "Tariff period"), "mdi:clock-outline"
    periods = _PERIODS.get(facts.contract or "")
    if "period" in facts.keys:
        if periods:
            yield _choice("period", name, periods, language, icon=icon)
        else:
            yield Entity(
                key="period",
                name=name,
                template="{{value_json.get('period_name',value_json.get('period'))}}",
                icon=icon,
            )
    if "contract" in facts.keys:
        known = _CONTRACTS.get(facts.contract or "")
        # Another contract is another message: until that has come, this one must not tell a former contract.
        template = (
            "{{'" + known.of(language) + "' if value_json.get('contract')=='" + str(facts.contract) + "' else None}}"
            if known
            else "{{value_json.get('contract_name',value_json.get('contract'))}}"
        )
        yield Entity(key="contract", name=Text("Contrat", "Contract"), template=template, flags=_DIAG)
    for key, colour in (
        ("tempo_today", Text("Couleur Tempo du jour", "Tempo colour today")),
        ("tempo_tomorrow", Text("Couleur Tempo de demain", "Tempo colour tomorrow")),
    ):
        if key in facts.keys:
            yield _choice(key, colour, _COLOURS, language, icon="mdi:palette")
    if "period" in facts.keys and (facts.off_peak or "off_peak" in facts.announced):
        # For automations: it is the same with every contract, and in every language.
        test = (  # as `is_off_peak` does
            "{% set p=value_json.get('period') %}{% set u=p|upper %}"
            "{{('ON' if 'CREU' in u or 'HC' in u.replace('HCJ','HC ').split() else 'OFF') if p is string else None}}"
        )
        off_peak = Text("Heures creuses", "Off-peak hours")
        yield Entity(
            key="off_peak", platform=BINARY, name=off_peak, template=test, icon="mdi:water-boiler", flags=_RARE
        )
    if "PJOURF+1" in facts.keys and "next_day" in facts.keys:
        yield Entity(
            key="pjourf_p1",
            name=Text("Programme de demain", "Tomorrow's schedule"),
            template=_schedule(_BLOCKS.get(facts.contract or "", ()), language),
            attributes="{{ {'blocks':value_json.get('next_day',[])}|tojson}}",
            icon="mdi:calendar-clock",
        )


def _schedule(names: Sequence[Text], language: str) -> str:
    """Write a text of blocks, such as `00:00 HC, 06:00 HP`, and of numbers where those have no names."""
    known = "{" + ",".join(f"{number}:'{name.of(language)}'" for number, name in enumerate(names, 1)) + "}"
    return (
        "{% for b in value_json.get('next_day') or [] %}{% set i=b['index'] %}{{', ' if not loop.first}}{{b['from']}} {{"
        + known
        + ".get(i,'index '~(i or '–'))}}{% else %}None{% endfor %}"
    )


def _peak_times(facts: MeterProfile) -> Iterator[Entity]:
    for number in (1, 2, 3):
        for label, name in _DIRECTIONS.items():
            source = f"{label}{number}_at"
            key = f"{label}{number}".lower()
            if source in facts.keys or key in facts.announced:
                yield Entity(
                    key=key,
                    name=_peak_name(facts, name, number),
                    device_class="timestamp",
                    template=_value(source),
                    flags=_RARE,
                )


def _peak_name(facts: MeterProfile, name: Text, number: int) -> Text:
    if facts.contract == "tempo" and number in _TEMPO_PEAKS:
        day = _TEMPO_PEAKS[number]
        return Text(f"{name.fr} du {day.fr}", f"{day.en} {name.en}")
    number_of = "" if facts.contract == "ejp" and number == 1 else f" {number}"  # EJP has no other
    return Text(f"{name.fr} de pointe mobile{number_of}", f"Mobile peak {name.en}{number_of}")


def _switched(facts: MeterProfile) -> Iterator[Entity]:
    for key, device_class, icon, flags in _BINARY_SENSORS:
        # The peaks of Tempo are its white and red days, and its colours tell them.
        if _needed(facts, key, flags) and not (key in ("peak_notice", "peak") and facts.contract == "tempo"):
            yield Entity(
                key=key,
                platform=BINARY,
                name=SWITCHES[key],
                device_class=device_class,
                template=_on(key),
                icon=icon,
                flags=flags,
            )
    if "exporting" in facts.keys and (facts.exports or "exporting" in facts.announced):
        name = Text("Injection en cours", "Exporting")
        yield Entity(
            key="exporting", platform=BINARY, name=name, template=_on("exporting"),
            icon="mdi:transmission-tower-import", flags=_RARE,
        )  # fmt: skip
    if "contact" in facts.keys:
        name = Text("Contact sec", "Dry contact")
        template = "{{ {'closed':'ON','open':'OFF'}.get(value_json.get('contact'))}}"
        yield Entity(key="contact", platform=BINARY, name=name, template=template, icon="mdi:electric-switch")
    if "relay_1" in facts.keys:
        # The first relay is the dry contact; the others are virtual, and most of them never move.
        yield _relay(1, _OFF)
        for number in range(2, 9):
            if number in facts.closed or f"relay_{number}" in facts.announced:
                yield _relay(number, _RARE)
    if "PPOT" in facts.keys:
        name = Text("Absence d'une phase", "Phase missing")
        template = "{% set p=value_json.get('PPOT') %}{{('OFF' if p=='00' else 'ON') if p is string else None}}"
        yield Entity(key="ppot", platform=BINARY, name=name, device_class="problem", template=template, flags=_DIAG)


def _relay(number: int, flags: Trait) -> Entity:
    key, name = f"relay_{number}", Text(f"Relais {number}", f"Relay {number}")
    return Entity(
        key=key, platform=BINARY, name=name, template=_on(key), icon="mdi:electric-switch", flags=flags
    )  # fmt: skip


def _told(facts: MeterProfile) -> Iterator[Entity]:
    for label, french, english, flags in _TEXT_SENSORS if facts.linky else _TEXT_SENSORS + _TOLD_BEFORE_LINKY:
        if _needed(facts, label, flags):
            yield Entity(key=key_of(label), name=Text(french, english), template=_value(label), flags=flags)


def _line(facts: MeterProfile, language: str) -> Iterator[Entity]:
    """Yield what is about the line and the reader, most of it from the reader's health."""
    if "mode" in facts.keys:
        yield _choice("mode", Text("Mode de la télé-information", "TIC mode"), _MODES, language, flags=_DIAG)
    if "cutoff" in facts.keys:
        yield _choice("cutoff", Text("Organe de coupure", "Cut-off device"), _CUTOFFS, language, flags=_DIAG)
    if "plc" in facts.keys:
        yield _choice("plc", Text("Courant porteur", "Power line communication"), _PLC, language, flags=_HIDDEN)
    yield Entity(
        key="link",
        platform=BINARY,
        name=Text("Liaison avec le compteur", "Link to the meter"),
        device_class="connectivity",
        template="{{ {'online':'ON','offline':'OFF'}.get(value)}}",
        source="link",
        flags=_DIAG,
    )
    line = (
        "{% set l=(value_json.get('lines',[])|selectattr('meter','eq','"
        + facts.meter
        + "')|list+[{}])[0] %}"  # or none
    )
    groups = (
        "{% set d=l.get('groups_dropped',{}) %}{% set good=l.get('groups',0) %}"
        "{% set all=good+d.values()|sum-d.get('implausible',0) %}"  # the line brought those
    )
    share = Quantity(None, "%", "measurement")
    yield _health("link_quality", Text("Qualité de la liaison", "Link quality"), share, flags=_DIAG,
        template=line + groups + "{{(100*good/all)|round(2) if all else None}}")  # fmt: skip
    count = Quantity(None, "", "total_increasing")  # since the start of the reader
    yield _health("parity_errors", Text("Erreurs de parité", "Parity errors"), count, flags=_HIDDEN,
        template=line + "{{l.get('parity_errors')}}")  # fmt: skip
    frames = Quantity(None, Text("trames", "frames").of(language), "measurement")
    yield _health("spool", Text("Trames en réserve sur disque", "Frames kept on disk"), frames, flags=_DIAG,
        template="{{value_json.get('delivery',{}).get('spool',{}).get('frames')}}")  # fmt: skip
    yield Entity(
        key="reader_version", name=Text("Version du lecteur", "Reader version"), source="status",
        template="{{'" + facts.version + "'}}", flags=_DIAG,
    )  # fmt: skip


def _health(key: str, name: Text, quantity: Quantity, *, template: str, flags: Trait) -> Entity:
    return Entity(key=key, name=name, quantity=quantity, template=template, source="health", flags=flags)
