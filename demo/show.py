"""What the demo prints: the live line, fitted to the width of the terminal, and its words in French."""

import contextlib
import functools
import json
import textwrap
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from common.contract.frame import Frame, parse_time
from common.contract.offers import BY_REGISTER
from common.contract.topics import Topics
from common.errors import MessageError
from common.mqtt.events import Message
from common.settings.language import French, language_of

TOPICS = Topics("teleinfo")
_GAP = "  "


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


class Show:
    """Counts frames and confirmations, and keeps the last frame."""

    def __init__(self, say: Callable[[str], str] = str) -> None:
        """Count from zero; `say` words a text for the terminal."""
        self._say = say
        self.decoded = self.stored = 0
        self.reader_decoded: int | None = None  # the reader's own count, from its health
        self.storer_online = False
        self.problem = ""  # of the line, from the reader's health
        self.frame: Frame | None = None
        self.progress = ""  # of what is done beside, as its last column
        self.delay: float | None = None  # seconds from the frame's last byte to its confirmation

    def on_message(self, message: Message) -> None:
        """Handle a message of reader or storer."""
        last = message.topic.rpartition("/")[2]
        if last == "frame":
            with contextlib.suppress(MessageError):
                self.frame = Frame.from_json(message.payload)
                self.decoded += 1
        elif last == "stored":
            stored = json.loads(message.payload)["timestamps"]
            self.stored += len(stored)
            if stored:
                self.delay = (datetime.now(UTC) - parse_time(stored[-1])).total_seconds()
        elif message.topic == TOPICS.status("storer", "demo"):
            self.storer_online = json.loads(message.payload)["status"] == "online"
        elif message.topic == TOPICS.health("reader", "demo") and not message.retained:
            health = json.loads(message.payload)
            delivery, lines = health["delivery"], health["lines"]
            self.problem = ", ".join(f"{line['port']} is {line['problem']}" for line in lines if line["problem"])
            self.reader_decoded = delivery["decoded"] - delivery["recovered"]  # left by the previous run

    @property
    def begun(self) -> bool:
        """Whether there is a frame or a problem to show."""
        return self.frame is not None or bool(self.problem)

    def line(self, width: int | None = None) -> str:
        """Return the live line, cut to a width."""
        if self.problem:
            return self._say(f"no frames: {self.problem}")[:width]
        if self.frame is None:
            return self._say("waiting for the first frame …")[:width]
        delay = "–" if self.delay is None else f"{self.delay * 1000:.0f} ms"
        columns = (
            f"{self.frame.timestamp.astimezone():%H:%M:%S}",
            f"{_power(self.frame):>6} VA",
            f"{_tariff(self.frame):<14}",
            f"{_index(self.frame):>13} kWh",
            self._say(f"decoded {self.decoded}"),
            self._say(f"stored {self.stored}"),
            self._say(f"byte to row {delay}"),
            self._say(self.progress),
        )
        return _GAP.join(columns).rstrip()[:width]


def picture(line: str, warning: str, columns: int) -> list[str]:
    """Return the rows for a terminal: the live line, and below it the warning, wrapped."""
    width = columns - 1  # a terminal may wrap after its last column
    return [line, *textwrap.wrap(warning, width, initial_indent=_GAP, subsequent_indent=_GAP, break_on_hyphens=False)]


def _power(frame: Frame) -> str:
    return str(frame.values.get("SINSTS", frame.values.get("PAPP", "–")))


def _tariff(frame: Frame) -> str:
    return " ".join(str(frame.values.get("LTARF", frame.values.get("PTEC", "–"))).split())


def _index(frame: Frame) -> str:
    total = frame.values.get("EAST")
    if total is None:
        numbers = [value for label in BY_REGISTER if isinstance(value := frame.values.get(label), int)]
        total = sum(numbers) if numbers else None
    return "–" if not isinstance(total, int) else f"{total / 1000:,.3f}".replace(",", " ")


@functools.cache
def _french() -> French:
    return French(TEXTS)


def say(text: str) -> str:
    """Return a line as the terminal's language has it."""
    return _french()(text) if language_of() == "fr" else text
