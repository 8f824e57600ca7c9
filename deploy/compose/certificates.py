"""The installation's certificate authority and the broker's certificate, made with the program `openssl`."""

import ipaddress
import re
import subprocess
import tempfile
from pathlib import Path

from deploy.compose.accounts import SetupError

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
        self._folder = folder

    def prepare(self, names: tuple[str, ...]) -> bool:
        """Create what is missing, is for other names or expires soon; return whether the broker's certificate is new.

        Raises:
            SetupError: openssl failed.
        """
        if not self._key.exists() or not self.certificate.exists():
            self._make_authority()
        elif self._is_fresh(names):
            return False
        self.renew(names)
        return True

    def renew(self, names: tuple[str, ...]) -> None:
        """Create a new certificate for the broker; clients that trust the authority trust it too."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            work = Path(folder)
            extensions = work / "extensions"
            extensions.write_text(
                "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
                "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
                f"subjectAltName={','.join(_alternative(name) for name in names)}\n"
            )
            _make_key(work / "key")
            _openssl("req", "-new", "-key", work / "key", "-subj", "/CN=TeleInfo broker", "-out", work / "request")
            _openssl(
                "x509", "-req", "-in", work / "request", "-CA", self.certificate, "-CAkey", self._key,
                "-set_serial", f"0x{_serial()}", "-days", DAYS, "-sha256", "-extfile", extensions, "-out", work / "crt",
            )  # fmt: skip
            # The names last: if they are missing, all of it is done again.
            self._names.unlink(missing_ok=True)
            (work / "key").rename(self.server_key)
            (work / "crt").rename(self.server_certificate)
            (work / "names").write_text("\n".join(names))
            (work / "names").rename(self._names)

    def ends(self) -> str:
        """Return when the broker's certificate expires, such as `2028-01-31`."""
        line = _openssl("x509", "-in", self.server_certificate, "-noout", "-enddate", "-dateopt", "iso_8601")
        return line.strip().removeprefix("notAfter=")[:10]

    def _is_fresh(self, names: tuple[str, ...]) -> bool:
        try:
            known = self._names.read_text()
        except FileNotFoundError:
            return False
        check = ["openssl", "x509", "-in", str(self.server_certificate), "-noout"]
        check += ["-checkend", str(RENEW_BEFORE * 86400)]
        lasts = subprocess.run(check, capture_output=True, check=False).returncode == 0
        return known == "\n".join(names) and lasts

    def _make_authority(self) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            work = Path(folder)
            _make_key(work / "key")
            _openssl(
                "req", "-x509", "-new", "-key", work / "key", "-sha256", "-days", AUTHORITY_DAYS,
                "-subj", f"/CN=TeleInfo authority {_serial()[:8]}",
                "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", work / "crt",
            )  # fmt: skip
            (work / "key").rename(self._key)
            (work / "crt").rename(self.certificate)


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


def _alternative(name: str) -> str:
    return f"IP:{name}" if _is_address(name) else f"DNS:{name}"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _make_key(path: Path) -> None:
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    path.chmod(0o600)


def _serial() -> str:
    return _openssl("rand", "-hex", 16).strip()


def _openssl(*arguments: object) -> str:
    """Run openssl and return its output; keys are passed as files, not on the command line."""
    command = ["openssl", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SetupError(f"openssl {command[1]}: {result.stderr.strip() or 'failed'}")
    return result.stdout
