"""What an entity of Home Assistant is made of; the table of those that show a label, or a key of the state, as it is. Pure.

A missing key makes "None", which Home Assistant shows as *unknown*; no template makes a number out of nothing.

Why registers are `total` and not `total_increasing`. With `total_increasing`, Home Assistant takes a fall of a tenth or
more for a new meter, and adds the whole new value: one wrong 0 makes megawatt-hours appear, and so does a register that
is given to another tariff with a smaller index. With `total` a fall counts as a fall, and a glitch nets to nothing. Its
own documentation says `total` for a lifetime counter. The indexes of one address never start again at 0, and another
meter is another device.

Why ERQ1 to ERQ4 have no device class. Home Assistant knows `reactive_energy` since about 2025.9; an older one rejects
the whole entity for it, and 2024.11 is the oldest supported. Unit and statistics work without.

Why there is no entity for `import_total` and `export_total` where EAST and EAIT are: it would be the same energy twice,
in a list from which people pick what to add up. Historic mode has no total; there the sum of a contract's registers is
one, and another contract's sum is another entity, as its registers need not go on where the others stopped.
"""

from collections.abc import Mapping, Sequence
from enum import Flag, auto
from typing import NamedTuple

from reader.meter.names import Text

SENSOR, BINARY = "sensor", "binary_sensor"


class Quantity(NamedTuple):
    """What is measured, as Home Assistant classifies it."""

    device_class: str | None
    unit: str
    state_class: str | None = None
    live: bool = False  # an old value is worth nothing


ENERGY = Quantity("energy", "Wh", "total")
REACTIVE_ENERGY = Quantity(None, "varh", "total")
APPARENT_POWER = Quantity("apparent_power", "VA", "measurement", live=True)
APPARENT_POWER_MAX = Quantity("apparent_power", "VA", "measurement")
APPARENT_POWER_FIXED = Quantity("apparent_power", "VA")  # of the contract, or of yesterday: no statistics
ACTIVE_POWER = Quantity("power", "W", "measurement", live=True)
ACTIVE_POWER_MEAN = Quantity("power", "W", "measurement")
ACTIVE_POWER_FIXED = Quantity("power", "W")
CURRENT = Quantity("current", "A", "measurement", live=True)
CURRENT_FIXED = Quantity("current", "A")
VOLTAGE = Quantity("voltage", "V", "measurement", live=True)
VOLTAGE_MEAN = Quantity("voltage", "V", "measurement")
PRICE = Quantity(None, "EUR/kWh", "measurement")
PERCENTAGE = Quantity(None, "%", "measurement")
COUNT = Quantity(None, "", "total_increasing")  # since the start of the reader


class Trait(Flag):
    """What is special about an entity."""

    PLAIN = 0
    DIAGNOSTIC = auto()
    DISABLED = auto()  # until a user enables it
    SPORADIC = auto()  # the meter does not always send it: once announced, it stays
    TIMESTAMPED = auto()  # the meter sends the time of it: attribute `at`
    HIDDEN = DIAGNOSTIC | DISABLED


class Entity(NamedTuple):
    """One entity of a meter."""

    key: str  # of its component and in its identifiers
    name: Text
    template: str
    platform: str = SENSOR
    quantity: Quantity | None = None
    device_class: str | None = None  # of an entity without a quantity
    options: tuple[Text, ...] = ()
    attributes: str = ""  # a template of a JSON object
    source: str = "state"  # the topic: state, health, link or status
    icon: str = ""
    flags: Trait = Trait.PLAIN


PLAIN, DIAGNOSTIC, DISABLED, SPORADIC, TIMESTAMPED = (
    Trait.PLAIN, Trait.DIAGNOSTIC, Trait.DISABLED, Trait.SPORADIC, Trait.TIMESTAMPED,
)  # fmt: skip
HIDDEN = Trait.HIDDEN

# fmt: off
# ruff: noqa: E501  -- a row of the table is a line
#: Numbers: label or key, quantity, name in French and English, flags. {phase} is only filled in on three-phase meters.
NUMERIC_SENSORS: tuple[tuple[str, Quantity, str, str, Trait], ...] = (
    ("EAST",             ENERGY,               "Énergie soutirée totale",                  "Total energy imported",            PLAIN),
    ("EAIT",             ENERGY,               "Énergie injectée totale",                  "Total energy exported",            PLAIN),
    ("EASD01",           ENERGY,               "Énergie distributeur index 1",             "Distributor energy index 1",       HIDDEN),
    ("EASD02",           ENERGY,               "Énergie distributeur index 2",             "Distributor energy index 2",       HIDDEN),
    ("EASD03",           ENERGY,               "Énergie distributeur index 3",             "Distributor energy index 3",       HIDDEN),
    ("EASD04",           ENERGY,               "Énergie distributeur index 4",             "Distributor energy index 4",       HIDDEN),
    ("ERQ1",             REACTIVE_ENERGY,      "Énergie réactive quadrant 1",              "Reactive energy quadrant 1",       DISABLED),
    ("ERQ2",             REACTIVE_ENERGY,      "Énergie réactive quadrant 2",              "Reactive energy quadrant 2",       DISABLED),
    ("ERQ3",             REACTIVE_ENERGY,      "Énergie réactive quadrant 3",              "Reactive energy quadrant 3",       DISABLED),
    ("ERQ4",             REACTIVE_ENERGY,      "Énergie réactive quadrant 4",              "Reactive energy quadrant 4",       DISABLED),
    ("PAPP",             APPARENT_POWER,       "Puissance apparente",                      "Apparent power",                   PLAIN),
    ("SINSTS",           APPARENT_POWER,       "Puissance apparente soutirée",             "Apparent power imported",          PLAIN),
    ("SINST1",           APPARENT_POWER,       "Puissance apparente soutirée",             "Apparent power imported",          PLAIN),
    ("SINSTS1",          APPARENT_POWER,       "Puissance apparente soutirée phase 1",     "Apparent power imported phase 1",  PLAIN),
    ("SINSTS2",          APPARENT_POWER,       "Puissance apparente soutirée phase 2",     "Apparent power imported phase 2",  PLAIN),
    ("SINSTS3",          APPARENT_POWER,       "Puissance apparente soutirée phase 3",     "Apparent power imported phase 3",  PLAIN),
    ("SINSTI",           APPARENT_POWER,       "Puissance apparente injectée",             "Apparent power exported",          PLAIN),
    ("headroom_power",   APPARENT_POWER,       "Puissance disponible",                     "Power available",                  PLAIN),
    ("headroom_current", CURRENT,              "Intensité disponible",                     "Current available",                PLAIN),
    ("IINST",            CURRENT,              "Intensité",                                "Current",                          PLAIN),
    ("IINST1",           CURRENT,              "Intensité phase 1",                        "Current phase 1",                  PLAIN),
    ("IINST2",           CURRENT,              "Intensité phase 2",                        "Current phase 2",                  PLAIN),
    ("IINST3",           CURRENT,              "Intensité phase 3",                        "Current phase 3",                  PLAIN),
    ("IRMS1",            CURRENT,              "Intensité{phase}",                         "Current{phase}",                   PLAIN),
    ("IRMS2",            CURRENT,              "Intensité{phase}",                         "Current{phase}",                   PLAIN),
    ("IRMS3",            CURRENT,              "Intensité{phase}",                         "Current{phase}",                   PLAIN),
    ("URMS1",            VOLTAGE,              "Tension{phase}",                           "Voltage{phase}",                   PLAIN),
    ("URMS2",            VOLTAGE,              "Tension{phase}",                           "Voltage{phase}",                   PLAIN),
    ("URMS3",            VOLTAGE,              "Tension{phase}",                           "Voltage{phase}",                   PLAIN),
    ("UMOY1",            VOLTAGE_MEAN,         "Tension moyenne{phase}",                   "Mean voltage{phase}",              DISABLED),
    ("UMOY2",            VOLTAGE_MEAN,         "Tension moyenne{phase}",                   "Mean voltage{phase}",              DISABLED),
    ("UMOY3",            VOLTAGE_MEAN,         "Tension moyenne{phase}",                   "Mean voltage{phase}",              DISABLED),
    ("SMAXSN",           APPARENT_POWER_MAX,   "Puissance maximale du jour",               "Highest power today",              TIMESTAMPED),
    ("SMAXSN1",          APPARENT_POWER_MAX,   "Puissance maximale du jour phase 1",       "Highest power today phase 1",      DISABLED),
    ("SMAXSN2",          APPARENT_POWER_MAX,   "Puissance maximale du jour phase 2",       "Highest power today phase 2",      DISABLED),
    ("SMAXSN3",          APPARENT_POWER_MAX,   "Puissance maximale du jour phase 3",       "Highest power today phase 3",      DISABLED),
    ("SMAXSN-1",         APPARENT_POWER_FIXED, "Puissance maximale de la veille",          "Highest power yesterday",          TIMESTAMPED),
    ("SMAXN",            APPARENT_POWER_MAX,   "Puissance maximale du jour",               "Highest power today",              TIMESTAMPED),
    ("SMAXN-1",          APPARENT_POWER_FIXED, "Puissance maximale de la veille",          "Highest power yesterday",          TIMESTAMPED),
    ("SMAXIN",           APPARENT_POWER_MAX,   "Puissance injectée maximale du jour",      "Highest power exported today",     TIMESTAMPED),
    ("SMAXIN-1",         APPARENT_POWER_FIXED, "Puissance injectée maximale de la veille", "Highest power exported yesterday", TIMESTAMPED),
    ("CCASN",            ACTIVE_POWER_MEAN,    "Puissance active moyenne",                 "Mean active power",                SPORADIC | TIMESTAMPED),
    ("CCAIN",            ACTIVE_POWER_MEAN,    "Puissance active moyenne injectée",        "Mean active power exported",       SPORADIC | TIMESTAMPED),
    ("subscribed_power", APPARENT_POWER_FIXED, "Puissance souscrite",                      "Subscribed power",                 DIAGNOSTIC),
    ("ISOUSC",           CURRENT_FIXED,        "Intensité souscrite",                      "Subscribed current",               DIAGNOSTIC),
)
#: Numbers of meters older than Linky; a Linky sends constants instead.
NUMERIC_SENSORS_BEFORE_LINKY: tuple[tuple[str, Quantity, str, str, Trait], ...] = (
    ("IMAX",  CURRENT_FIXED,      "Intensité maximale atteinte",         "Highest current",         DIAGNOSTIC),
    ("IMAX1", CURRENT_FIXED,      "Intensité maximale atteinte phase 1", "Highest current phase 1", DIAGNOSTIC),
    ("IMAX2", CURRENT_FIXED,      "Intensité maximale atteinte phase 2", "Highest current phase 2", DIAGNOSTIC),
    ("IMAX3", CURRENT_FIXED,      "Intensité maximale atteinte phase 3", "Highest current phase 3", DIAGNOSTIC),
    ("PMAX",  ACTIVE_POWER_FIXED, "Puissance maximale atteinte",         "Highest power",           PLAIN),
)
#: Texts, and numbers without a unit: label or key, name in French and English, flags.
TEXT_SENSORS: tuple[tuple[str, str, str, Trait], ...] = (
    ("ADCO",           "Adresse du compteur",                "Meter address",              HIDDEN),
    ("ADSC",           "Adresse du compteur",                "Meter address",              HIDDEN),
    ("PRM",            "Point de livraison (PRM)",           "Delivery point (PRM)",       HIDDEN),
    ("VTIC",           "Version de la télé-information",     "TIC version",                HIDDEN),
    ("STGE",           "Registre de statuts",                "Status register",            HIDDEN),
    ("MSG1",           "Message du fournisseur",             "Supplier's message",         HIDDEN),
    ("MSG2",           "Message court du fournisseur",       "Supplier's short message",   HIDDEN | SPORADIC),
    ("supplier_index", "Index fournisseur en cours",         "Running supplier index",     HIDDEN),
    ("NJOURF",         "Numéro du jour tarifaire",           "Tariff day number",          HIDDEN),
    ("NJOURF+1",       "Numéro du jour tarifaire de demain", "Tariff day number tomorrow", HIDDEN),
)
#: Texts of meters older than Linky.
TEXT_SENSORS_BEFORE_LINKY: tuple[tuple[str, str, str, Trait], ...] = (
    ("HHPHC",    "Groupe horaire", "Off-peak schedule group", HIDDEN),
    ("MOTDETAT", "Mot d'état",     "Status word",             HIDDEN),
)
#: True or false: key, device class, icon, flags. `exporting` and the relays are in entities.py: not every meter needs them.
BINARY_SENSORS: tuple[tuple[str, str | None, str, Trait], ...] = (
    ("overload",         "problem", "",                   PLAIN),
    ("peak_notice",      None,      "mdi:bell-alert",     SPORADIC),
    ("peak",             None,      "mdi:alert-decagram", SPORADIC),
    ("overvoltage",      "problem", "",                   PLAIN),
    ("producer",         None,      "mdi:solar-power",    DIAGNOSTIC),
    ("cover_open",       "opening", "",                   DIAGNOSTIC),
    ("clock_degraded",   "problem", "",                   DIAGNOSTIC),
    ("plc_synchronised", None,      "mdi:sync",           HIDDEN),
)
# fmt: on


def value_template(key: str) -> str:
    """Return a template of the value itself."""
    # Not `value_json.KEY`: value_json.SMAXSN-1 is a subtraction. Not `value_json[KEY]`: a missing key is an error.
    return "{{value_json.get('" + key + "')}}"


def on_off_template(key: str) -> str:
    """Return a template of a true/false."""
    return "{{ {true:'ON',false:'OFF'}.get(value_json.get('" + key + "'))}}"


def name_template(key: str, names: Mapping[str, Text], language: str) -> str:
    """Return a template of the name of a code. Any other code is *unknown*: Home Assistant logs an error otherwise."""
    return "{{ " + _table(names, language) + ".get(value_json.get('" + key + "'))}}"


def tomorrow_template(names: Mapping[str, Text], language: str) -> str:
    """Return a template of tomorrow's Tempo colour: as the meter says it, else as it was announced."""
    code = "value_json.get('tempo_announced',m) if m in (none,'unknown') else m"
    return "{% set m=value_json.get('tempo_tomorrow') %}{{ " + _table(names, language) + ".get(" + code + ")}}"


def _table(names: Mapping[str, Text], language: str) -> str:
    return "{" + ",".join(f"'{code}':'{name.of(language)}'" for code, name in names.items()) + "}"


def time_attribute(label: str) -> str:
    """Return a template of the attribute `at`, the meter's own time of a label."""
    return "{{ {'at':value_json.get('" + label + "_at')}|tojson}}"


def schedule_template(names: Sequence[Text], language: str) -> str:
    """Return a template of tomorrow's schedule: `00:00 HC, 06:00 HP`, or `index 1` where a register has no name."""
    table = "{" + ",".join(f"{number}:'{name.of(language)}'" for number, name in enumerate(names, 1)) + "}"
    register = "{{" + table + ".get(i,'index '~(i or '–'))}}"
    block = "{% set i=b['index'] %}{{', ' if not loop.first}}{{b['from']}} " + register
    return "{% for b in value_json.get('next_day') or [] %}" + block + "{% else %}None{% endfor %}"


def line_template(meter: str, expression: str) -> str:
    """Return a template of an expression in which `l` is the line of that meter in the reader's health."""
    lines = "value_json.get('lines',[])|selectattr('meter','eq','" + meter + "')|list+[{}]"  # or none
    return "{% set l=(" + lines + ")[0] %}" + expression
