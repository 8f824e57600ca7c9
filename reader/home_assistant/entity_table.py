"""The table of entities: names, classes and flags of those that are a label, or a key of the state, as it is. Pure.

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

from reader.home_assistant.entity import (
    ACTIVE_POWER_FIXED,
    ACTIVE_POWER_MEAN,
    APPARENT_POWER,
    APPARENT_POWER_FIXED,
    APPARENT_POWER_MAX,
    CURRENT,
    CURRENT_FIXED,
    ENERGY,
    REACTIVE_ENERGY,
    VOLTAGE,
    VOLTAGE_MEAN,
    Quantity,
    Trait,
)

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
