"""The texts of `teleinfo-monitor check`; those of prices are in monitor/money."""

from pathlib import Path

from common.check import french
from common.check.findings import Texts
from monitor.base.french import TEXTS as CONFIGURATION

PROGRAM = "teleinfo-monitor"
#: What is worded elsewhere, in English.
_FRENCH = {
    "{file} holds the password itself instead of a hash: {_command} writes one": (
        "{file} contient le mot de passe lui-même : {_command} écrit son empreinte"
    ),
    "{file} is empty; write it: {_command}": "{file} est vide ; écrivez-le : {_command}",
    "{_why}; make it: {_command}": "{_why} ; créez-le : {_command}",
    "the tables have version {n}, this program supports up to {newest}: update teleinfo-monitor": (
        "les tables ont la version {n}, ce programme ne connaît que la {newest} : mettez teleinfo-monitor à jour"
    ),
    **french.TEXTS,
    **CONFIGURATION,
    "set {_setting}": "réglez {_setting}",  # it fits much: it comes last
}
TEXTS = Texts(Path(__file__).with_name("findings.yaml"), PROGRAM, _FRENCH)
