"""What the demo prints, in the language of the terminal."""

import functools
from collections.abc import Mapping

from common.settings.language import French, language_of

TEXTS: Mapping[str, str] = {
    "Starting a private broker and database (the system's own services are not used) …": (
        "Démarrage d’un serveur MQTT et d’une base privés (ceux du système ne sont pas utilisés)…"
    ),
    "Meter:    {_meter}": "Compteur : {_meter}",
    "a simulated meter ({kind}) on {port}": "un compteur simulé ({kind}) sur {port}",
    "Logs:     {files}": "Journaux : {files}",
    "Try in another terminal:": "À essayer dans un autre terminal :",
    "Ctrl-C ends the demo; the data is kept in {folder} for the next run (--fresh deletes it).": (
        "Ctrl-C arrête la démo ; les données restent dans {folder} pour la prochaine fois (--fresh les supprime)."
    ),
    "{n} frame decoded, {_rows} committed.": "{n} trame décodée, {_rows}.",
    "{n} frames decoded, {_rows} committed.": "{n} trames décodées, {_rows}.",
    "1 row": "1 ligne enregistrée",
    "{n} rows": "{n} lignes enregistrées",
    "No frame was received: see {log}": "Aucune trame reçue : voir {log}",
    "waiting for the first frame …": "en attente de la première trame…",
    "no frames: {problem}": "aucune trame : {problem}",
    "decoded {n}": "décodées {n}",
    "stored {n}": "enregistrées {n}",
    "byte to row {delay}": "de l’octet à la base {delay}",
    "history {days} days": "historique {days} jours",
    "history …": "historique…",
    "demo: interrupted while starting": "demo : interrompue pendant le démarrage",
    "timed out after {n} s waiting for {what}: see the logs in {folder}": (
        "{what} : toujours rien après {n} s, voir les journaux dans {folder}"
    ),
}


@functools.cache
def _french() -> French:
    return French(TEXTS)


def say(text: str) -> str:
    """Return a line as the terminal's language has it."""
    return _french()(text) if language_of() == "fr" else text
