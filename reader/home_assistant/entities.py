"""Chooses the entities that a meter needs, from its profile. Pure."""

import re
from collections.abc import Iterator, Mapping

from reader.home_assistant.entity_table import (
    ACTIVE_POWER,
    APPARENT_POWER_FIXED,
    BINARY,
    BINARY_SENSORS,
    COUNT,
    ENERGY,
    NUMERIC_SENSORS,
    NUMERIC_SENSORS_BEFORE_LINKY,
    PERCENTAGE,
    PRICE,
    TEXT_SENSORS,
    TEXT_SENSORS_BEFORE_LINKY,
    Entity,
    Quantity,
    Trait,
    line_template,
    name_template,
    on_off_template,
    schedule_template,
    time_attribute,
    tomorrow_template,
    value_template,
)
from reader.home_assistant.profile import MeterProfile
from reader.meter.names import (
    BINARY_NAMES,
    COLOUR_NAMES,
    CONTRACT_NAMES,
    CUTOFF_NAMES,
    HISTORIC_REGISTER_NAMES,
    MODE_NAMES,
    PERIOD_NAMES,
    PLC_NAMES,
    REGISTER_NAMES,
    SCHEDULE_NAMES,
    Text,
    register_name,
)
from reader.tic.fields import RELAYS

_DIRECTIONS = {"DPM": Text("Début", "start"), "FPM": Text("Fin", "end")}
_TEMPO_PEAKS = {1: Text("jour blanc", "White day"), 2: Text("jour rouge", "Red day")}

_ASSUMED = Text("Tarif Bleu d’EDF, supposé", "EDF Tarif Bleu, assumed")
_PRICE_ATTRIBUTES = (
    "{%% set n=value_json.get('next_prices',[]) %%}"
    "{{ ({'next_prices':n,'offer':'%s'} if n and n[0].get('assumed') else {'next_prices':n})|tojson}}"
)

_LINE_CHOICES = (
    ("mode", Text("Mode de la télé-information", "TIC mode"), MODE_NAMES, Trait.DIAGNOSTIC),
    ("cutoff", Text("Organe de coupure", "Cut-off device"), CUTOFF_NAMES, Trait.DIAGNOSTIC),
    ("plc", Text("Courant porteur", "Power line communication"), PLC_NAMES, Trait.HIDDEN),
)
_SUPPLIER_REGISTER = re.compile(r"EASF(\d\d)")


def entities(profile: MeterProfile, language: str) -> Iterator[Entity]:
    """Yield the entities that a meter needs, those of its state and those of its line."""
    yield from _numeric(profile)
    yield from _registers(profile)
    yield from _tariff(profile, language)
    yield from _peak_times(profile)
    yield from _binary(profile)
    yield from _texts(profile)
    yield from _line(profile, language)


def key_of(label: str) -> str:
    """Return a label as it is written in identifiers.

    >>> key_of("SMAXSN-1"), key_of("NJOURF+1")
    ('smaxsn_1', 'njourf_p1')
    """
    return label.lower().replace("-", "_").replace("+", "_p")


def _needed(profile: MeterProfile, source: str, flags: Trait) -> bool:
    return source in profile.keys or (Trait.SPORADIC in flags and key_of(source) in profile.announced)


def _choice(
    key: str, name: Text, names: Mapping[str, Text], language: str, *, icon: str = "", flags: Trait = Trait.PLAIN
) -> Entity:
    return Entity(
        key=key, name=name, template=name_template(key, names, language), device_class="enum",
        options=tuple(names.values()), icon=icon, flags=flags,
    )  # fmt: skip


def _numeric(profile: MeterProfile) -> Iterator[Entity]:
    rows = NUMERIC_SENSORS if profile.linky else NUMERIC_SENSORS + NUMERIC_SENSORS_BEFORE_LINKY
    for label, quantity, french, english, flags in rows:
        if not _needed(profile, label, flags) or (quantity.state_class == "total" and not _counts(profile, label)):
            continue
        phase = f" phase {label[4:5]}" if profile.three_phase else ""
        yield Entity(
            key=key_of(label),
            name=Text(french.format(phase=phase), english.format(phase=phase)),
            quantity=quantity,
            template=value_template(label),
            attributes=time_attribute(label) if Trait.TIMESTAMPED in flags else "",
            flags=flags,
        )
    if profile.linky and "PMAX" in profile.keys:  # a Linky sends another value under that label
        name = Text("Puissance maximale de la veille", "Highest power yesterday")
        yield Entity(key="pmax", name=name, quantity=APPARENT_POWER_FIXED, template=value_template("PMAX"))
    if "import_total" in profile.keys:  # the estimate takes a minute; its entity does not wait
        name = Text("Puissance active (estimation)", "Active power (estimate)")
        template = value_template("estimated_power")
        yield Entity(key="estimated_power", name=name, quantity=ACTIVE_POWER, template=template)
    if "PCOUP" in profile.keys:
        yield Entity(
            key="pcoup",
            name=Text("Puissance de coupure", "Cut-off power"),
            quantity=APPARENT_POWER_FIXED,  # Home Assistant knows kVA since 2026 only
            template="{% set v=value_json.get('PCOUP') %}{{v*1000 if v is number else None}}",
            flags=Trait.DIAGNOSTIC,
        )


def _counts(profile: MeterProfile, label: str) -> bool:
    return label in profile.counting or label in profile.moved or key_of(label) in profile.announced


def _registers(profile: MeterProfile) -> Iterator[Entity]:
    for label, name in HISTORIC_REGISTER_NAMES.items():
        if label in profile.keys and _counts(profile, label):
            yield Entity(key=key_of(label), name=name, quantity=ENERGY, template=value_template(label))
    if profile.mode == "historic" and "import_total" in profile.keys and "BASE" not in profile.keys:
        key = f"import_total_{key_of(profile.contract or '')}"
        name = Text("Énergie soutirée totale", "Total energy imported")
        # Home Assistant keeps the register after a change of contract: it must not show the other total.
        own = f"value_json.get('mode')=='historic' and value_json.get('contract')=='{profile.contract}'"
        template = "{{value_json.get('import_total') if " + own + " else None}}"
        yield Entity(key=key, name=name, quantity=ENERGY, template=template)
    count = len(REGISTER_NAMES.get(profile.contract or "", ()))
    for label in sorted(profile.keys):
        match = _SUPPLIER_REGISTER.fullmatch(label)
        if match is None or not _counts(profile, label):
            continue
        number = int(match[1])
        # A register beyond those of the contract has stood still since an earlier contract.
        if count and number > count and label not in profile.moved and key_of(label) not in profile.announced:
            continue
        name = register_name(profile.contract, profile.labels, number)
        yield Entity(key=key_of(label), name=name, quantity=ENERGY, template=value_template(label))


def _contract(profile: MeterProfile, language: str) -> Iterator[Entity]:
    name, icon = Text("Période tarifaire", "Tariff period"), "mdi:clock-outline"
    periods = PERIOD_NAMES.get(profile.contract or "")
    if "period" in profile.keys:
        if periods:
            yield _choice("period", name, periods, language, icon=icon)
        else:
            yield Entity(
                key="period",
                name=name,
                template="{{value_json.get('period_name',value_json.get('period'))}}",
                icon=icon,
            )
    if "contract" in profile.keys:
        title = CONTRACT_NAMES.get(profile.contract or "")
        # Until the device message of another contract has arrived, do not show the former one.
        template = (
            "{{'" + title.of(language) + "' if value_json.get('contract')=='" + str(profile.contract) + "' else None}}"
            if title
            else "{{value_json.get('contract_name',value_json.get('contract'))}}"
        )
        yield Entity(key="contract", name=Text("Contrat", "Contract"), template=template, flags=Trait.DIAGNOSTIC)


def _tariff(profile: MeterProfile, language: str) -> Iterator[Entity]:
    yield from _contract(profile, language)
    for key, colour in (
        ("tempo_today", Text("Couleur Tempo du jour", "Tempo colour today")),
        ("tempo_tomorrow", Text("Couleur Tempo de demain", "Tempo colour tomorrow")),
    ):
        if key in profile.keys:
            entity = _choice(key, colour, COLOUR_NAMES, language, icon="mdi:palette")
            tomorrow = key == "tempo_tomorrow"
            yield entity._replace(template=tomorrow_template(COLOUR_NAMES, language)) if tomorrow else entity
    if "off_peak" in profile.announced or ("off_peak" in profile.keys and profile.has_off_peak):
        # For automations: the same with every contract, and in every language.
        yield Entity(
            key="off_peak", platform=BINARY, name=Text("Heures creuses", "Off-peak hours"),
            template=on_off_template("off_peak"), icon="mdi:water-boiler", flags=Trait.SPORADIC,
        )  # fmt: skip
    if "price" in profile.keys or "price" in profile.announced:
        yield Entity(
            key="price",
            name=Text("Prix du kWh", "Price per kWh"),
            quantity=PRICE,
            template=value_template("price"),
            attributes=_PRICE_ATTRIBUTES % _ASSUMED.of(language),
            icon="mdi:currency-eur",
            flags=Trait.SPORADIC,
        )
    if "PJOURF+1" in profile.keys and "next_day" in profile.keys:
        yield Entity(
            key="pjourf_p1",
            name=Text("Programme de demain", "Tomorrow's schedule"),
            template=schedule_template(SCHEDULE_NAMES.get(profile.contract or "", ()), language),
            attributes="{{ {'blocks':value_json.get('next_day',[])}|tojson}}",
            icon="mdi:calendar-clock",
        )


def _peak_times(profile: MeterProfile) -> Iterator[Entity]:
    for number in (1, 2, 3):
        for label, name in _DIRECTIONS.items():
            source = f"{label}{number}_at"
            key = f"{label}{number}".lower()
            if source in profile.keys or key in profile.announced:
                yield Entity(
                    key=key,
                    name=_peak_name(profile, name, number),
                    device_class="timestamp",
                    template=value_template(source),
                    flags=Trait.SPORADIC,
                )


def _peak_name(profile: MeterProfile, name: Text, number: int) -> Text:
    if profile.contract == "tempo" and number in _TEMPO_PEAKS:
        day = _TEMPO_PEAKS[number]
        return Text(f"{name.fr} du {day.fr}", f"{day.en} {name.en}")
    suffix = "" if profile.contract == "ejp" and number == 1 else f" {number}"  # EJP has one only
    return Text(f"{name.fr} de pointe mobile{suffix}", f"Mobile peak {name.en}{suffix}")


def _binary(profile: MeterProfile) -> Iterator[Entity]:
    for key, device_class, icon, flags in BINARY_SENSORS:
        # Tempo's peaks are its white and red days, which the colours show.
        if _needed(profile, key, flags) and not (key in ("peak_notice", "peak") and profile.contract == "tempo"):
            yield Entity(
                key=key,
                platform=BINARY,
                name=BINARY_NAMES[key],
                device_class=device_class,
                template=on_off_template(key),
                icon=icon,
                flags=flags,
            )
    if "exporting" in profile.keys and (profile.exports or "exporting" in profile.announced):
        name = Text("Injection en cours", "Exporting")
        yield Entity(
            key="exporting", platform=BINARY, name=name, template=on_off_template("exporting"),
            icon="mdi:transmission-tower-import", flags=Trait.SPORADIC,
        )  # fmt: skip
    if "contact" in profile.keys:
        name = Text("Contact sec", "Dry contact")
        template = "{{ {'closed':'ON','open':'OFF'}.get(value_json.get('contact'))}}"
        yield Entity(key="contact", platform=BINARY, name=name, template=template, icon="mdi:electric-switch")
    if "relay_1" in profile.keys:
        # The first relay is the dry contact; the others are virtual, and most of them never close.
        yield _relay(1, Trait.DISABLED)
        for number in range(2, RELAYS + 1):
            if number in profile.closed or f"relay_{number}" in profile.announced:
                yield _relay(number, Trait.SPORADIC)
    if "PPOT" in profile.keys:
        name = Text("Absence d'une phase", "Phase missing")
        template = "{% set p=value_json.get('PPOT') %}{{('OFF' if p=='00' else 'ON') if p is string else None}}"
        yield Entity(
            key="ppot", platform=BINARY, name=name, device_class="problem", template=template, flags=Trait.DIAGNOSTIC
        )


def _relay(number: int, flags: Trait) -> Entity:
    key, name = f"relay_{number}", Text(f"Relais {number}", f"Relay {number}")
    return Entity(
        key=key, platform=BINARY, name=name, template=on_off_template(key), icon="mdi:electric-switch", flags=flags
    )  # fmt: skip


def _texts(profile: MeterProfile) -> Iterator[Entity]:
    rows = TEXT_SENSORS if profile.linky else TEXT_SENSORS + TEXT_SENSORS_BEFORE_LINKY
    for label, french, english, flags in rows:
        if _needed(profile, label, flags):
            yield Entity(
                key=key_of(label), name=Text(french, english), template=value_template(label), flags=flags
            )  # fmt: skip


def _line(profile: MeterProfile, language: str) -> Iterator[Entity]:
    """Yield the entities about the line and the reader, most of them from the reader's health."""
    for key, name, names, flags in _LINE_CHOICES:
        if key in profile.keys:
            yield _choice(key, name, names, language, flags=flags)
    yield Entity(
        key="link",
        platform=BINARY,
        name=Text("Liaison avec le compteur", "Link to the meter"),
        device_class="connectivity",
        template="{{ {'online':'ON','offline':'OFF'}.get(value)}}",
        source="link",
        flags=Trait.DIAGNOSTIC,
    )
    # What was implausible arrived undamaged.
    quality = (
        "{% set d=l.get('groups_dropped',{}) %}{% set good=l.get('groups',0) %}"
        "{% set all=good+d.values()|sum-d.get('implausible',0) %}{{(100*good/all)|round(2) if all else None}}"
    )
    yield _health(
        "link_quality", Text("Qualité de la liaison", "Link quality"), PERCENTAGE, flags=Trait.DIAGNOSTIC,
        template=line_template(profile.meter, quality),
    )  # fmt: skip
    yield _health(
        "parity_errors", Text("Erreurs de parité", "Parity errors"), COUNT, flags=Trait.HIDDEN,
        template=line_template(profile.meter, "{{l.get('parity_errors')}}"),
    )  # fmt: skip
    frames = Quantity(None, Text("trames", "frames").of(language), "measurement")
    yield _health(
        "spool", Text("Trames en réserve sur disque", "Frames kept on disk"), frames, flags=Trait.DIAGNOSTIC,
        template="{{value_json.get('delivery',{}).get('spool',{}).get('frames')}}",
    )  # fmt: skip
    yield Entity(
        key="reader_version", name=Text("Version du lecteur", "Reader version"), source="status",
        template="{{'" + profile.version + "'}}", flags=Trait.DIAGNOSTIC,
    )  # fmt: skip


def _health(key: str, name: Text, quantity: Quantity, *, template: str, flags: Trait) -> Entity:
    return Entity(key=key, name=name, quantity=quantity, template=template, source="health", flags=flags)
