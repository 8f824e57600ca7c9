"""The installation's certificate authority and the broker's certificate, made with the program `openssl`."""

import ipaddress
import re
import secrets
import subprocess
from pathlib import Path

from deploy.compose.accounts import SetupError
from deploy.files import write

AUTHORITY_DAYS = 7300
DAYS = 800  # iPhones reject certificates that are valid for more than 825
RENEW_BEFORE = 60  # days
#: Names of the broker that are always in its certificate: from this machine, and from the containers.
NAMES = ("localhost", "mosquitto", "host.docker.internal", "127.0.0.1", "::1")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*", re.IGNORECASE)


class CertificateAuthority:
    """An authority in a folder of its own: `ca.crt`, `ca.key`, and the broker's `server.crt`, `server.key`."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "ca.crt"
        self.server_certificate = folder / "server.crt"
        self.server_key = folder / "server.key"
        self._key = folder / "ca.key"
        self._names = folder / "server.names"

    def prepare(self, names: tuple[str, ...]) -> bool:
        """Create what is missing, is for other names or expires soon; return whether the broker's certificate is new.

        Raises:
            SetupError: openssl failed.
        """
        if self._key.exists() and self.certificate.exists():
            if self._is_fresh(names):
                return False
        else:
            self._names.unlink(missing_ok=True)  # what is there is of another authority
            self.certificate.unlink(missing_ok=True)
            _make(
                self._key, self.certificate, AUTHORITY_DAYS, f"TeleInfo authority {secrets.token_hex(4)}",
                "basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign",
            )  # fmt: skip
        self.renew(names)
        return True

    def renew(self, names: tuple[str, ...]) -> None:
        """Create a new certificate for the broker; clients that trust the authority trust it too."""
        self._names.unlink(missing_ok=True)  # written last: if they are missing, all of it is done again
        alternatives = ",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names)
        _make(
            self.server_key, self.server_certificate, DAYS, "TeleInfo broker",
            "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth",
            f"subjectAltName={alternatives}", signed_by=(self.certificate, self._key),
        )  # fmt: skip
        write(self._names, "\n".join(names))

    def ends(self) -> str:
        """Return when the broker's certificate expires, such as `2028-01-31`."""
        line = _openssl("x509", "-in", self.server_certificate, "-noout", "-enddate", "-dateopt", "iso_8601")
        return line.strip().removeprefix("notAfter=")[:10]

    def _is_fresh(self, names: tuple[str, ...]) -> bool:
        if not self._names.exists() or self._names.read_text() != "\n".join(names):
            return False
        check = ["openssl", "x509", "-in", str(self.server_certificate), "-noout"]
        check += ["-checkend", str(RENEW_BEFORE * 86400)]
        return subprocess.run(check, capture_output=True, check=False).returncode == 0


def read_names(text: str) -> tuple[str, ...]:
    """Parse the names and addresses of this machine, separated by commas or spaces, and add those it always has.

    Raises:
        SetupError: one of them is neither a host name nor an address.
    """
    names = text.replace(",", " ").split()
    for name in names:
        if not _is_address(name) and not _HOST.fullmatch(name):
            raise SetupError(f"MQTT_NAMES: {name!r} is neither a host name such as pi.local nor an address")
    return tuple(dict.fromkeys([*NAMES, *names]))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _make(
    key: Path, certificate: Path, days: int, name: str, *extensions: str, signed_by: tuple[Path, Path] | None = None
) -> None:
    """Write a new key and its certificate: signed by another certificate and its key, else by itself."""
    write(key, _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
    signer = ("-CA", signed_by[0], "-CAkey", signed_by[1]) if signed_by else ()
    added = [word for extension in extensions for word in ("-addext", extension)]
    request = ("req", "-x509", "-new", "-key", key, "-sha256", "-days", days, "-subj", f"/CN={name}")
    write(certificate, _openssl(*request, *added, *signer))


def _openssl(*arguments: object) -> str:
    """Run openssl and return its output; keys are passed as files, not on the command line."""
    command = ["openssl", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SetupError(f"openssl {command[1]}: {result.stderr.strip() or 'failed'}")
    return result.stdout
