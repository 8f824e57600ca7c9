"""The catalogue of labels: what each group of a meter means, and how wide it must be.

Sources: Enedis-NOI-CPT_54E v3, 6.1 (historic mode of a Linky) and 6.2 (standard mode); Enedis-NOI-CPT_02E v6, chapter 2
(all other meters). Rows stand in the order in which a meter sends them.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Mode(StrEnum):
    """The two dialects of TIC; the documents call the first one *historique*."""

    HISTORIC = "historic"
    STANDARD = "standard"


class LabelKind(StrEnum):
    """What the data of a group is made of."""

    INTEGER = "integer"  # decimal digits, padded with zeros
    TEXT = "text"  # as sent, padding included
    CHOICE = "choice"  # one of a few words
    BITS = "bits"  # hexadecimal digits
    DATE = "date"  # nothing: the stamp is the information
    PROFILE = "profile"  # eleven blocks of a day's calendar


class Label(NamedTuple):
    """What is known of one label."""

    name: str
    kind: LabelKind
    unit: str  # as Enedis writes it; empty where there is none
    width: int  # characters
    stamped: bool  # carries the meter's own time
    volatile: bool  # may differ from frame to frame
    cumulative: bool  # counts up for ever
    meaning_fr: str
    meaning_en: str


INTEGER, TEXT, CHOICE, BITS, DATE, PROFILE = LabelKind
NONE, STAMPED, MOVES, INDEX = 0, 1, 2, 4  # flags of a row

# fmt: off
# ruff: noqa: E501  -- a row of the table is a line
_HISTORIC = (
    # label      kind     unit   width, flags, meaning in French, in English
    ("ADIR1",    INTEGER, "A",      3, MOVES,         "Avertissement de dépassement d'intensité de réglage, phase 1", "Over-current warning phase 1 (short frame)"),
    ("ADIR2",    INTEGER, "A",      3, MOVES,         "Avertissement de dépassement d'intensité de réglage, phase 2", "Over-current warning phase 2 (short frame)"),
    ("ADIR3",    INTEGER, "A",      3, MOVES,         "Avertissement de dépassement d'intensité de réglage, phase 3", "Over-current warning phase 3 (short frame)"),
    ("ADCO",     TEXT,    "",      12, NONE,          "Adresse du compteur",                                          "Meter address (serial)"),
    ("OPTARIF",  CHOICE,  "",       4, NONE,          "Option tarifaire choisie",                                     "Tariff option"),
    ("ISOUSC",   INTEGER, "A",      2, NONE,          "Intensité souscrite",                                          "Subscribed current"),
    ("BASE",     INTEGER, "Wh",     9, MOVES | INDEX, "Index option Base",                                            "Energy index, flat tariff"),
    ("HCHC",     INTEGER, "Wh",     9, MOVES | INDEX, "Index heures creuses",                                         "Off-peak index"),
    ("HCHP",     INTEGER, "Wh",     9, MOVES | INDEX, "Index heures pleines",                                         "Peak index"),
    ("EJPHN",    INTEGER, "Wh",     9, MOVES | INDEX, "Index EJP heures normales",                                    "EJP normal hours index"),
    ("EJPHPM",   INTEGER, "Wh",     9, MOVES | INDEX, "Index EJP heures de pointe mobile",                            "EJP mobile-peak hours index"),
    ("BBRHCJB",  INTEGER, "Wh",     9, MOVES | INDEX, "Index Tempo heures creuses jours bleus",                       "Tempo index off-peak blue"),
    ("BBRHPJB",  INTEGER, "Wh",     9, MOVES | INDEX, "Index Tempo heures pleines jours bleus",                       "Tempo index peak blue"),
    ("BBRHCJW",  INTEGER, "Wh",     9, MOVES | INDEX, "Index Tempo heures creuses jours blancs",                      "Tempo index off-peak white"),
    ("BBRHPJW",  INTEGER, "Wh",     9, MOVES | INDEX, "Index Tempo heures pleines jours blancs",                      "Tempo index peak white"),
    ("BBRHCJR",  INTEGER, "Wh",     9, MOVES | INDEX, "Index Tempo heures creuses jours rouges",                      "Tempo index off-peak red"),
    ("BBRHPJR",  INTEGER, "Wh",     9, MOVES | INDEX, "Index Tempo heures pleines jours rouges",                      "Tempo index peak red"),
    ("PEJP",     INTEGER, "min",    2, NONE,          "Préavis début EJP",                                            "EJP start notice"),
    ("PTEC",     CHOICE,  "",       4, NONE,          "Période tarifaire en cours",                                   "Current tariff period"),
    ("DEMAIN",   CHOICE,  "",       4, NONE,          "Couleur du lendemain",                                         "Tomorrow's colour"),
    ("IINST",    INTEGER, "A",      3, MOVES,         "Intensité instantanée",                                        "Instantaneous RMS current"),
    ("IINST1",   INTEGER, "A",      3, MOVES,         "Intensité instantanée phase 1",                                "Instantaneous RMS current phase 1"),
    ("IINST2",   INTEGER, "A",      3, MOVES,         "Intensité instantanée phase 2",                                "Instantaneous RMS current phase 2"),
    ("IINST3",   INTEGER, "A",      3, MOVES,         "Intensité instantanée phase 3",                                "Instantaneous RMS current phase 3"),
    ("ADPS",     INTEGER, "A",      3, MOVES,         "Avertissement de dépassement de puissance souscrite",          "Subscribed-power overrun warning"),
    ("IMAX",     INTEGER, "A",      3, NONE,          "Intensité maximale appelée",                                   "Maximum current drawn"),
    ("IMAX1",    INTEGER, "A",      3, NONE,          "Intensité maximale phase 1",                                   "Maximum current phase 1"),
    ("IMAX2",    INTEGER, "A",      3, NONE,          "Intensité maximale phase 2",                                   "Maximum current phase 2"),
    ("IMAX3",    INTEGER, "A",      3, NONE,          "Intensité maximale phase 3",                                   "Maximum current phase 3"),
    ("PMAX",     INTEGER, "W",      5, NONE,          "Puissance maximale triphasée atteinte",                        "Maximum three-phase power reached"),
    ("PAPP",     INTEGER, "VA",     5, MOVES,         "Puissance apparente",                                          "Apparent power"),
    ("HHPHC",    CHOICE,  "",       1, NONE,          "Horaire heures pleines / heures creuses",                      "Off-peak schedule group"),
    ("MOTDETAT", TEXT,    "",       6, NONE,          "Mot d'état du compteur",                                       "Meter status word (reserved for the DSO)"),
    ("PPOT",     BITS,    "",       2, NONE,          "Présence des potentiels",                                      "Voltage presence"),
    ("GAZ",      INTEGER, "dal",    7, INDEX,         "Index gaz",                                                    "Gas index (remote-reading concentrator)"),
    ("AUTRE",    INTEGER, "dal",    7, INDEX,         "Index du troisième compteur",                                  "Third meter index (remote-reading concentrator)"),
)
_STANDARD = (
    # label       kind     unit    width, flags, meaning in French, in English
    ("ADSC",      TEXT,    "",       12, NONE,            "Adresse secondaire du compteur",                          "Meter secondary address (serial)"),
    ("VTIC",      TEXT,    "",        2, NONE,            "Version de la TIC",                                       "TIC version"),
    ("DATE",      DATE,    "",        0, STAMPED | MOVES, "Date et heure courante",                                  "Current date/time"),
    ("NGTF",      TEXT,    "",       16, NONE,            "Nom du calendrier tarifaire fournisseur",                 "Supplier tariff calendar name"),
    ("LTARF",     TEXT,    "",       16, NONE,            "Libellé tarif fournisseur en cours",                      "Current supplier tariff label"),
    ("EAST",      INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée totale",                          "Total active energy imported"),
    ("EASF01",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 01",           "Active energy imported, supplier index 01"),
    ("EASF02",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 02",           "Active energy imported, supplier index 02"),
    ("EASF03",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 03",           "Active energy imported, supplier index 03"),
    ("EASF04",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 04",           "Active energy imported, supplier index 04"),
    ("EASF05",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 05",           "Active energy imported, supplier index 05"),
    ("EASF06",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 06",           "Active energy imported, supplier index 06"),
    ("EASF07",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 07",           "Active energy imported, supplier index 07"),
    ("EASF08",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 08",           "Active energy imported, supplier index 08"),
    ("EASF09",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 09",           "Active energy imported, supplier index 09"),
    ("EASF10",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée fournisseur, index 10",           "Active energy imported, supplier index 10"),
    ("EASD01",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée distributeur, index 01",          "Active energy imported, distributor (DSO) index 01"),
    ("EASD02",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée distributeur, index 02",          "Active energy imported, distributor (DSO) index 02"),
    ("EASD03",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée distributeur, index 03",          "Active energy imported, distributor (DSO) index 03"),
    ("EASD04",    INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active soutirée distributeur, index 04",          "Active energy imported, distributor (DSO) index 04"),
    ("EAIT",      INTEGER, "Wh",      9, MOVES | INDEX,   "Énergie active injectée totale",                          "Total active energy exported"),
    ("ERQ1",      INTEGER, "VArh",    9, MOVES | INDEX,   "Énergie réactive quadrant Q1 totale",                     "Reactive energy quadrant Q1"),
    ("ERQ2",      INTEGER, "VArh",    9, MOVES | INDEX,   "Énergie réactive quadrant Q2 totale",                     "Reactive energy quadrant Q2"),
    ("ERQ3",      INTEGER, "VArh",    9, MOVES | INDEX,   "Énergie réactive quadrant Q3 totale",                     "Reactive energy quadrant Q3"),
    ("ERQ4",      INTEGER, "VArh",    9, MOVES | INDEX,   "Énergie réactive quadrant Q4 totale",                     "Reactive energy quadrant Q4"),
    ("IRMS1",     INTEGER, "A",       3, MOVES,           "Courant efficace phase 1",                                "RMS current phase 1"),
    ("IRMS2",     INTEGER, "A",       3, MOVES,           "Courant efficace phase 2",                                "RMS current phase 2"),
    ("IRMS3",     INTEGER, "A",       3, MOVES,           "Courant efficace phase 3",                                "RMS current phase 3"),
    ("URMS1",     INTEGER, "V",       3, MOVES,           "Tension efficace phase 1",                                "RMS voltage phase 1"),
    ("URMS2",     INTEGER, "V",       3, MOVES,           "Tension efficace phase 2",                                "RMS voltage phase 2"),
    ("URMS3",     INTEGER, "V",       3, MOVES,           "Tension efficace phase 3",                                "RMS voltage phase 3"),
    ("PREF",      INTEGER, "kVA",     2, NONE,            "Puissance apparente de référence",                        "Reference (subscribed) apparent power"),
    ("PCOUP",     INTEGER, "kVA",     2, NONE,            "Puissance apparente de coupure",                          "Cut-off apparent power"),
    ("SINSTS",    INTEGER, "VA",      5, MOVES,           "Puissance apparente instantanée soutirée",                "Instantaneous apparent power imported"),
    ("SINST1",    INTEGER, "VA",      5, MOVES,           "Puissance apparente instantanée soutirée (Linky pilote)", "Instantaneous apparent power imported (pilot Linky)"),
    ("SINSTS1",   INTEGER, "VA",      5, MOVES,           "Puissance apparente instantanée soutirée phase 1",        "Instantaneous apparent power imported phase 1"),
    ("SINSTS2",   INTEGER, "VA",      5, MOVES,           "Puissance apparente instantanée soutirée phase 2",        "Instantaneous apparent power imported phase 2"),
    ("SINSTS3",   INTEGER, "VA",      5, MOVES,           "Puissance apparente instantanée soutirée phase 3",        "Instantaneous apparent power imported phase 3"),
    ("SMAXSN",    INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n",                     "Max apparent power imported today"),
    ("SMAXSN1",   INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n phase 1",             "Max apparent power imported today phase 1"),
    ("SMAXSN2",   INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n phase 2",             "Max apparent power imported today phase 2"),
    ("SMAXSN3",   INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n phase 3",             "Max apparent power imported today phase 3"),
    ("SMAXN",     INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n (Linky pilote)",      "Max apparent power imported today (pilot Linky)"),
    ("SMAXSN-1",  INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n-1",                   "Max apparent power imported yesterday"),
    ("SMAXN-1",   INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n-1 (Linky pilote)",    "Max apparent power imported yesterday (pilot Linky)"),
    ("SMAXSN1-1", INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n-1 phase 1",           "Max apparent power imported yesterday phase 1"),
    ("SMAXSN2-1", INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n-1 phase 2",           "Max apparent power imported yesterday phase 2"),
    ("SMAXSN3-1", INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. soutirée n-1 phase 3",           "Max apparent power imported yesterday phase 3"),
    ("SINSTI",    INTEGER, "VA",      5, MOVES,           "Puissance apparente instantanée injectée",                "Instantaneous apparent power exported"),
    ("SMAXIN",    INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. injectée n",                     "Max apparent power exported today"),
    ("SMAXIN-1",  INTEGER, "VA",      5, STAMPED,         "Puissance apparente max. injectée n-1",                   "Max apparent power exported yesterday"),
    ("CCASN",     INTEGER, "W",       5, STAMPED,         "Point n de la courbe de charge active soutirée",          "Load curve point n, active import (mean over period)"),
    ("CCASN-1",   INTEGER, "W",       5, STAMPED,         "Point n-1 de la courbe de charge active soutirée",        "Load curve point n-1, active import"),
    ("CCAIN",     INTEGER, "W",       5, STAMPED,         "Point n de la courbe de charge active injectée",          "Load curve point n, active export"),
    ("CCAIN-1",   INTEGER, "W",       5, STAMPED,         "Point n-1 de la courbe de charge active injectée",        "Load curve point n-1, active export"),
    ("UMOY1",     INTEGER, "V",       3, STAMPED,         "Tension moyenne phase 1",                                 "Mean voltage phase 1 (10 min)"),
    ("UMOY2",     INTEGER, "V",       3, STAMPED,         "Tension moyenne phase 2",                                 "Mean voltage phase 2 (10 min)"),
    ("UMOY3",     INTEGER, "V",       3, STAMPED,         "Tension moyenne phase 3",                                 "Mean voltage phase 3 (10 min)"),
    ("STGE",      BITS,    "",        8, NONE,            "Registre de statuts",                                     "Status register"),
    ("DPM1",      TEXT,    "",        2, STAMPED,         "Début pointe mobile 1",                                   "Mobile peak 1 start"),
    ("FPM1",      TEXT,    "",        2, STAMPED,         "Fin pointe mobile 1",                                     "Mobile peak 1 end"),
    ("DPM2",      TEXT,    "",        2, STAMPED,         "Début pointe mobile 2",                                   "Mobile peak 2 start"),
    ("FPM2",      TEXT,    "",        2, STAMPED,         "Fin pointe mobile 2",                                     "Mobile peak 2 end"),
    ("DPM3",      TEXT,    "",        2, STAMPED,         "Début pointe mobile 3",                                   "Mobile peak 3 start"),
    ("FPM3",      TEXT,    "",        2, STAMPED,         "Fin pointe mobile 3",                                     "Mobile peak 3 end"),
    ("MSG1",      TEXT,    "",       32, NONE,            "Message court",                                           "Short message"),
    ("MSG2",      TEXT,    "",       16, NONE,            "Message ultra court",                                     "Ultra-short message"),
    ("PRM",       TEXT,    "",       14, NONE,            "Point référence mesure",                                  "Delivery point id (PDL)"),
    ("RELAIS",    INTEGER, "",        3, NONE,            "Relais",                                                  "Relays 1 real + 7 virtual"),
    ("NTARF",     INTEGER, "",        2, NONE,            "Numéro de l'index tarifaire en cours",                    "Current supplier index number"),
    ("NJOURF",    INTEGER, "",        2, NONE,            "Numéro du jour en cours calendrier fournisseur",          "Today's supplier calendar day profile"),
    ("NJOURF+1",  INTEGER, "",        2, NONE,            "Numéro du prochain jour calendrier fournisseur",          "Tomorrow's supplier calendar day profile"),
    ("PJOURF+1",  PROFILE, "",       98, NONE,            "Profil du prochain jour calendrier fournisseur",          "Tomorrow's supplier day profile"),
    ("PPOINTE",   PROFILE, "",       98, NONE,            "Profil du prochain jour de pointe",                       "Next mobile-peak day profile"),
)
# fmt: on

_Row = tuple[str, LabelKind, str, int, int, str, str]


def _table(rows: tuple[_Row, ...]) -> Mapping[str, Label]:
    return MappingProxyType(
        {
            name: Label(
                name, kind, unit, width, flags & STAMPED > 0, flags & MOVES > 0, flags & INDEX > 0, french, english
            )
            for name, kind, unit, width, flags, french, english in rows
        }
    )


#: Label by name, in the order of the wire, for each of the two modes.
LABELS: Mapping[Mode, Mapping[str, Label]] = MappingProxyType(
    {Mode.HISTORIC: _table(_HISTORIC), Mode.STANDARD: _table(_STANDARD)}
)

#: The labels that carry the meter's address, one a mode.
ADDRESS: Mapping[Mode, str] = MappingProxyType({Mode.HISTORIC: "ADCO", Mode.STANDARD: "ADSC"})

#: Families of meters that speak TIC but are not followed here: labels by which they are known.
_FAMILIES = {
    "PME-PMI": "TRAME ADS MESURES1 DATE EA_s ER+_s ER-_s EAPP_s EA_i ER+_i ER-_i EAPP_i PTCOUR1 TARIFDYN ETATDYN1"
    " PREAVIS1 MODE CONFIG EAP_s EAP_i PS PREAVIS PA1MN PMAX_s PMAX_i",
    "ICE (tarif Vert)": "CONTRAT DATECOUR EA ERP PTCOUR PREAVIS MODE PA1MN PA10MN PREA1MN PREA10MN TGPHI U10MN",
    "CJE (tarif Jaune)": "JAUNE ENERG PERCC PMAXC TDEPA PERCP PMAXP PSOUSC PSOUSP FCOU",
}
OTHER_FAMILIES: Mapping[str, frozenset[str]] = {name: frozenset(labels.split()) for name, labels in _FAMILIES.items()}
_LEAST_LABELS = 3  # of a family in one frame until it counts as one of them


def other_family(labels: Collection[str]) -> str | None:
    """Return the family of meters that sends these labels, if it is none that is followed here.

    >>> other_family(["TRAME", "ADS", "MESURES1", "DATE"]), other_family(["ADCO", "DATE"])
    ('PME-PMI', None)
    """
    # They share labels, so it is the one that has the most of them.
    count, family = max((len(own.intersection(labels)), name) for name, own in OTHER_FAMILIES.items())
    return family if count >= _LEAST_LABELS else None
