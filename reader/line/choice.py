"""Which ports are read where the configuration says `port: ask`: offers what there is, and takes what a monitor chose.

What there is: the serial ports of this machine, and the meters that other devices decode, as the broker announces them.

The choice is remembered in a file beside the spool, so that neither the monitor nor the broker is needed afterwards.
All monitors may choose, and the newest choice counts. What they retain comes again at each connection, in any order: so
that of a monitor is news only if it differs from what that monitor said before.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from common.contract.ports import OfferedPort, read_choice, write_offer
from common.contract.topic_port import SCHEME, is_topic
from common.discovery.announcements import Announcements
from common.errors import ConfigError, MessageError
from common.machine.files import replace_file
from common.machine.host import Host
from common.mqtt.events import REFUSED, PublishToken, publish_advice
from common.runtime.logs import ChangeLogger, RateLimiter
from common.settings.file_errors import reason
from reader.config import ReaderConfig
from reader.line.port_list import pi_model, ports
from reader.line.radio import is_radio

log = logging.getLogger(__name__)

FILE = "ports.json"  # beside the spool
LOOK_EVERY = 5.0  # seconds between two looks at which ports there are
_MOST_MONITORS = 8  # that are remembered
_NOTHING_CHOSEN = "No port is chosen yet: choose that of the meter in the page, under Réglages. There are: %s"
_RADIO = "Not listening to %s, by its name a radio stick; if a meter is there, write it down: port in reader.yaml"

#: What each monitor chose for this reader, the newest last.
_Choices = dict[str, tuple[str, ...]]


def ports_of(config: ReaderConfig) -> tuple[str, ...]:
    """Return the ports of the configuration or, where it says `ask`, those that were chosen.

    Raises:
        OSError: the latter cannot be read, such as by another user.
    """
    return config.port or _newest(_read(config.spool.path / FILE, config.name))


def ports_to_open(config: ReaderConfig) -> tuple[str, ...]:
    """Return those of the same that can be opened, for a command that does so.

    Raises:
        ConfigError: none is chosen, or it cannot be read which, or all are topics.
    """
    try:
        chosen = ports_of(config)
    except OSError as error:
        raise ConfigError(f"{config.spool.path / FILE}: cannot be read: {reason(error)}") from error
    if not chosen:
        raise ConfigError("no port is chosen yet: choose that of the meter in the page, under Réglages; or give --port")
    lines = tuple(port for port in chosen if not is_topic(port))
    if not lines:
        raise ConfigError(f"{', '.join(chosen)}: this meter arrives decoded: there is no line to read; or give --port")
    return lines


def has_only_topics(config: ReaderConfig) -> bool:
    """Return whether all ports are topics: what comes of them is on the broker alone."""
    try:
        chosen = ports_of(config)
    except OSError:
        return False
    return bool(chosen) and all(map(is_topic, chosen))


class PortChoice:
    """Offers the ports of this machine, and remembers the choice; for one thread."""

    def __init__(
        self, reader: str, folder: Path, publish: Callable[[bytes], PublishToken | None], machine: Host | None = None
    ) -> None:
        """Read the choice of before.

        Args:
            reader: its name.
            folder: where the choice is remembered.
            publish: retains an offer; it returns None where that is not possible now.
            machine: where the ports are.
        """
        self._reader = reader
        self._file = folder / FILE
        self._publish = publish
        self._machine = machine or Host()
        self._rate_limiter = RateLimiter()
        self._file_log = ChangeLogger(log)
        self._published: bytes | None = None  # on this connection
        self._token: PublishToken | None = None  # of that message
        self._refusal_log = ChangeLogger(log)
        self._look_due = 0.0  # monotonic
        self._announcements = Announcements()
        self._labels: Mapping[str, str] | None = {}  # of the meters that are announced, by topic; None: to be found
        self._found: set[str] = set()  # ports that are chosen, and have been announced
        try:
            self._choices = _read(self._file, reader)
        except OSError as error:
            log.warning("%s cannot be read: %s; until a port is chosen again, none is read", self._file, reason(error))
            self._choices = {}
        if not self.ports:
            log.warning(_NOTHING_CHOSEN, ", ".join(ports(self._machine)) or "none, plug in the adapter")

    @property
    def ports(self) -> tuple[str, ...]:
        """The ports that are chosen now."""
        return _newest(self._choices)

    def on_message(self, monitor: str, payload: bytes, now: float) -> bool:
        """Handle what a monitor retains; return whether other ports are chosen now."""
        before = self.ports
        try:
            chosen = read_choice(payload, self._reader) if payload else None
        except MessageError as error:
            if self._rate_limiter.allow(monitor, now):
                log.warning("Ignored the choice of ports of the monitor %s: %s", monitor, error)
            return False
        if chosen is None:
            return False
        radios = [port for port in chosen if not is_topic(port) and is_radio(port, self._machine)]
        if radios:
            if self._rate_limiter.allow(monitor, now):
                log.warning(_RADIO, ", ".join(radios))
            chosen = tuple(port for port in chosen if port not in radios)
        if self._choices.get(monitor) == chosen:
            return False
        self._choices.pop(monitor, None)
        self._choices[monitor] = chosen
        while len(self._choices) > _MOST_MONITORS:
            del self._choices[next(iter(self._choices))]
        self._save()
        if chosen == before:
            return False
        self._look_due = now
        log.info("The monitor %s chose %s", monitor, ", ".join(chosen) or "no port: none is read until it chooses one")
        return True

    def on_announcement(self, topic: str, payload: bytes) -> None:
        """Handle what may announce a meter that another device decodes."""
        self._announcements.on_message(topic, payload)
        self._labels = None

    def connected(self) -> None:
        """Publish the offer again: the broker may have lost it."""
        self._published = None

    def tick(self, now: float) -> None:
        """Publish what can be listened to, when that has changed."""
        if now < self._look_due and self._published is not None:
            return
        self._look_due = now + LOOK_EVERY
        offer = write_offer(self._offered())
        if offer != self._published:
            self._token = self._publish(offer)
            self._published = None if self._token is None else offer

    def on_answer(self, token: PublishToken, code: int) -> None:
        """Log that the broker refuses the offer: its access rules may be older than the topic is."""
        if token != self._token:
            return
        if code < REFUSED:
            self._refusal_log.reset()
        else:
            text = (
                f"The broker refuses the ports that the page could offer (reason {code:#04x}): {publish_advice(code)}"
            )
            self._refusal_log.log(logging.WARNING, text)

    def _offered(self) -> list[OfferedPort]:
        """Return the ports that there are, and those that were chosen and are not there; none is opened."""
        there, chosen = ports(self._machine), self.ports
        if self._labels is None:
            self._labels = {meter.port: meter.label for meter in self._announcements.meters()}
        labels = self._labels
        self._found |= {port for port in chosen if _topic(port) in labels}
        topics = set(labels) - set(map(_topic, chosen))
        names = [*there, *(port for port in chosen if port not in there), *(port for port in labels if port in topics)]
        return [self._offer(name, labels) for name in names]

    def _offer(self, name: str, labels: Mapping[str, str]) -> OfferedPort:
        if is_topic(name):
            label = labels.get(_topic(name), _topic(name).removeprefix(SCHEME))
            present = _topic(name) in labels or name not in self._found  # not every adapter announces itself
        else:
            label = _label(name, self._machine)
            present = "://" in name or self._machine.path(name).exists()
        return OfferedPort(name, label, name in self.ports, present, self._kept(name))

    def _kept(self, name: str) -> str | None:
        """Return what a port is kept for; None if it may be chosen."""
        if name in self.ports or is_topic(name) or "://" in name:
            return None
        if is_radio(name, self._machine):
            return "radio"
        return "in_use" if self._machine.is_in_use(self._machine.path(name)) else None

    def _save(self) -> None:
        choices = [{"monitor": monitor, "ports": chosen} for monitor, chosen in self._choices.items()]
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._file, json.dumps({"choices": choices}).encode(), mode=0o644)
        except OSError as error:
            text = f"{self._file} cannot be written: {reason(error)}; after a restart the port must be chosen again"
            self._file_log.log(logging.WARNING, text)
        else:
            self._file_log.reset()


def _newest(choices: _Choices) -> tuple[str, ...]:
    return next(reversed(choices.values()), ())


def _read(file: Path, reader: str) -> _Choices:
    """Read what was chosen; nothing of a file that is damaged."""
    try:
        rows = json.loads(file.read_bytes())["choices"]
        choices = {}
        for row in rows:
            choice = {"reader": reader, "ports": row["ports"]}
            choices[str(row["monitor"])] = read_choice(json.dumps(choice).encode(), reader) or ()
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, RecursionError, MessageError):
        log.warning("%s is damaged: the port that was chosen is taken from the broker again", file)
        return {}
    return choices


def _topic(port: str) -> str:
    """Return a port that is a topic without its labels."""
    return port.partition("?")[0]


def _label(name: str, machine: Host) -> str:
    """Return what people call a port.

    >>> _label("/dev/serial/by-id/usb-FTDI_FT230X_Basic_UART_D30AB-if00-port0", Host())
    'FTDI FT230X Basic UART D30AB'
    """
    last = name.rpartition("/")[2]
    if name.startswith("/dev/serial/by-id/"):
        return re.sub(r"-if\d+(-port\d+)?$", "", last.removeprefix("usb-")).replace("_", " ")
    pi = "" if "USB" in last or "ACM" in last or "://" in name else pi_model(machine)
    return f"{pi}: {last}" if pi else last if name.startswith("/dev/") else name
