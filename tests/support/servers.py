"""A broker with accounts and access rules, as a careful household would have it, and certificates for it."""

import queue
import subprocess
from pathlib import Path
from typing import Self

from common import config
from common.mqtt.events import Connected, Disconnected, Event, Published
from common.mqtt.session import Session
from demo.servers import Broker

PASSWORD = "not-the-real-one"
_WITHIN = 10.0  # seconds
READER_RULES = """
topic write teleinfo/+/frame
topic write teleinfo/+/replay
topic write teleinfo/+/tally
topic write teleinfo/+/state
topic write teleinfo/+/link
topic read teleinfo/+/link
topic read teleinfo/+/stored
topic read teleinfo/storer/+/status
topic readwrite teleinfo/reader/+/status
topic readwrite teleinfo/reader/+/health
topic readwrite homeassistant/device/+/config
topic read homeassistant/status
"""
STORER_RULES = """
topic read teleinfo/+/frame
topic read teleinfo/+/replay
topic read teleinfo/+/tally
topic read teleinfo/+/link
topic read teleinfo/reader/+/status
topic write teleinfo/+/stored
topic write teleinfo/rejected
topic readwrite teleinfo/storer/+/status
topic readwrite teleinfo/storer/+/health
"""


def careful_broker(folder: Path, *, reader: str = READER_RULES, storer: str = STORER_RULES, extra: str = "") -> Broker:
    """Make a broker with the accounts `reader`, `storer` and `everybody`, who may all; start it with `with`."""
    folder.mkdir(parents=True, exist_ok=True)
    passwords, rules = folder / "passwords", folder / "rules"
    for file in (passwords, rules):
        file.touch(mode=0o600)
    for user in ("reader", "storer", "everybody"):
        command = ["mosquitto_passwd", "-b", str(passwords), user, PASSWORD]
        subprocess.run(command, check=True, capture_output=True)
    rules.write_text(f"user reader{reader}\nuser storer{storer}\nuser everybody\ntopic readwrite #\n")
    lines = ["allow_anonymous false", f"password_file {passwords}", f"acl_file {rules}", extra]
    return Broker(folder, config="\n".join(lines))


def account(broker: Broker, user: str | None, **changes: object) -> config.Broker:
    """Reach the broker as one of its accounts."""
    settings = {"host": broker.host, "port": broker.port, "username": user, "password": PASSWORD if user else None}
    return config.Broker(**settings | changes)  # type: ignore[arg-type]


class Speaker:
    """Somebody at the broker who says what is to be retained."""

    def __init__(self, settings: config.Broker, client_id: str = "speaks") -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._session = Session(settings, client_id, subscriptions=[], post=self._events.put)

    def __enter__(self) -> Self:
        self._session.start()
        self._wait(Connected)
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
        self._wait(Disconnected)

    def say(self, topic: str, payload: str) -> None:
        assert self._session.publish(topic, payload, retain=True)
        self._wait(Published)

    def _wait(self, kind: type[Event]) -> None:
        while not isinstance(self._events.get(timeout=_WITHIN), kind):
            pass


class Authority:
    """Signs certificates."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self._key = folder / "ca.crt", folder / "ca.key"
        extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")
        self._openssl("req", "-x509", *_NEW_KEY, "-subj", f"/CN={name}", "-days", "30", *extensions,
                      "-keyout", str(self._key), "-out", str(self.certificate))  # fmt: skip
        self._settings = folder / "ca.cnf"
        (folder / "index").touch()
        self._settings.write_text(
            f"[ca]\ndefault_ca = ours\n[ours]\ndatabase = {folder}/index\nnew_certs_dir = {folder}\n"
            f"certificate = {self.certificate}\nprivate_key = {self._key}\nrand_serial = yes\ndefault_md = sha256\n"
            "policy = any\nunique_subject = no\n[any]\ncommonName = supplied\n"
        )

    def sign(self, name: str, valid: str, *, years: tuple[int, int] = (2020, 2040)) -> tuple[Path, Path]:
        """Make a certificate for `valid`, such as IP:127.0.0.1; return it and its key."""
        certificate, key, request, extensions = (self.folder / f"{name}.{end}" for end in ("crt", "key", "csr", "ext"))
        extensions.write_text(f"basicConstraints=CA:FALSE\nsubjectAltName={valid}\n")
        self._openssl("req", "-new", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request))
        start, end = (f"{year}0101000000Z" for year in years)
        self._openssl("ca", "-batch", "-notext", "-config", str(self._settings), "-in", str(request), "-startdate",
                      start, "-enddate", end, "-extfile", str(extensions), "-out", str(certificate))  # fmt: skip
        return certificate, key

    @staticmethod
    def _openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
