"""The texts of `teleinfo-monitor check`; those of prices are in monitor/money."""

from pathlib import Path

from common.check import french
from common.check.findings import Texts
from monitor.base.french import TEXTS as CONFIGURATION

PROGRAM = "teleinfo-monitor"
#: What is worded elsewhere, in English.
_FRENCH = {
    "{file} holds the password itself instead of a hash": "{file} contient le mot de passe lui-même",
    "{file} is empty": "{file} est vide",
    "the tables have version {n}, this program supports up to {newest}: update teleinfo-monitor": (
        "les tables ont la version {n}, ce programme ne connaît que la {newest} : mettez teleinfo-monitor à jour"
    ),
    **french.TEXTS,
    **CONFIGURATION,
    "set {_setting}": "réglez {_setting}",  # it fits much: it comes last
}
TEXTS = Texts(Path(__file__).with_name("findings.yaml"), PROGRAM, _FRENCH)
