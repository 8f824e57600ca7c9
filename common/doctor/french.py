"""What all doctors say in French, by the English sentence; a program's table ends with these."""

from collections.abc import Mapping

from common.settings import french

TEXTS: Mapping[str, str] = {
    "note": "avis",
    "problem": "problème",
    "No problems found.": "Aucun problème.",
    "No problems found, {_notes}.": "Aucun problème, {_notes}.",
    "{_problems} found, {_notes}.": "{_problems}, {_notes}.",
    "{_problems} found.": "{_problems}.",
    "1 problem": "1 problème",
    "{n} problems": "{n} problèmes",
    "1 note": "1 avis",
    "{n} notes": "{n} avis",
    **french.TEXTS,
}
