"""A house with Home Assistant OS as far as one app meets it: the network, Supervisor and Ingress, the other apps."""

import http.client
import io
import json
import os
import secrets
import shlex
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import yaml

from tests.app.fake_supervisor import CONTROL_PORT, COOKIE, INGRESS_PATH, INGRESS_PORT
from tests.support.engine import run_docker
from tests.support.programs import ROOT, wait_until

#: The addresses are those of every Home Assistant OS.
SUBNET, APPS = "172.30.32.0/23", "172.30.33.0/24"
GATEWAY, SUPERVISOR = "172.30.32.1", "172.30.32.2"
BROKER, DATABASE, APP, OTHER_APP = "172.30.33.2", "172.30.33.3", "172.30.33.5", "172.30.33.9"
NABU_CASA = "xyz.ui.nabu.casa"
#: What Core says of itself.
CORE = {"time_zone": "Europe/Paris", "language": "fr", "currency": "EUR", "country": "FR", "version": "2026.11.0"}
WITHIN = 90.0  # seconds, for what should take a few

#: What `uart: true` opens: ttyAMA, ttyUSB, ttyACM.
_UART = ("c 204:* rwm", "c 188:* rwm", "c 166:* rwm")
_PYTHON_IMAGE = os.environ.get("PYTHON_IMAGE", "python:3.13-slim")
_MOSQUITTO = """
cd /mosquitto/config
mosquitto_passwd -c -b accounts addons "$PASSWORD" 2>/dev/null
chmod 644 accounts
printf '%s\\n' 'listener 1883' 'password_file /mosquitto/config/accounts' 'persistence true' \\
    'persistence_location /mosquitto/data/' >mosquitto.conf
exec mosquitto -c /mosquitto/config/mosquitto.conf
"""
#: Lists pid, user, name and memory of what runs; the right to read that of others is given to this process only.
_PROCESSES = """
import json, os, pathlib, re
found = []
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        words = (folder / "cmdline").read_bytes().decode().split("\\0")
        uid = int(re.search(r"^Uid:\\s+(\\d+)", (folder / "status").read_text(), re.M)[1])
        pss = int(re.search(r"^Pss:\\s+(\\d+)", (folder / "smaps_rollup").read_text(), re.M)[1]) * 1024
    except (OSError, TypeError):
        continue
    names = [os.path.basename(word) for word in words if word and not word.startswith("-")]
    names = [name for name in names if not name.startswith("python")] or names
    if names and int(folder.name) != os.getpid():  # a process that begins or ends has no words for a moment
        found.append((int(folder.name), uid, names[0], pss))
print(json.dumps(found))
"""


class Process(NamedTuple):
    """A process in the container."""

    pid: int
    uid: int
    name: str
    memory: int  # bytes, its share of what it has in common with others included


class SubnetTakenError(Exception):
    """Another network has the addresses."""


def docker(*arguments: str, given: bytes | None = None, check: bool = True) -> "subprocess.CompletedProcess[bytes]":
    """Run `docker`; return what came of it."""
    result = run_docker(["docker", *arguments], input=given, timeout=600)
    if check and result.returncode != 0:
        said = (result.stdout[-1000:] + result.stderr[-2000:]).decode(errors="replace")
        raise AssertionError(f"docker {shlex.join(arguments)} ended with {result.returncode}: {said}")
    return result


def archive(files: Mapping[str, str], mode: int = 0o600) -> bytes:
    """Return a tar archive of files that belong to root."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(text.encode()), mode, int(time.time())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return memory.getvalue()


class House:
    """The network with a Supervisor in it; one of the apps of this class runs at a time."""

    running: "App | None" = None

    def __init__(self, prefix: str) -> None:
        """Prepare it; the names of all containers, networks and volumes begin with the prefix."""
        self.prefix = prefix
        self.image = f"{prefix}-image"
        self.one_image = f"{prefix}-one-image"  # without Home Assistant
        self.manifest: dict[str, Any] = yaml.safe_load((ROOT / "homeassistant" / "app.yaml").read_text())
        self.passwords = {"mqtt": secrets.token_hex(8), "mysql": secrets.token_hex(8)}

    def build(self) -> None:
        """Build the image of the app, and that without Home Assistant, as they are published."""
        base = f"PYTHON_IMAGE={_PYTHON_IMAGE}"
        for target, name in (("teleinfo", self.one_image), ("app", self.image)):
            docker("build", "--quiet", "--target", target, "--tag", name, "--build-arg", base, str(ROOT))

    def create(self) -> None:
        """Create the network and start the Supervisor.

        Raises:
            SubnetTakenError: the subnet is not free.
        """
        network = ["--internal", "--subnet", SUBNET, "--ip-range", APPS, "--gateway", GATEWAY]
        result = docker("network", "create", *network, self.prefix, check=False)
        if b"overlap" in result.stderr:
            raise SubnetTakenError(result.stderr.decode().strip())
        assert result.returncode == 0, result.stderr
        file = Path(__file__).with_name("fake_supervisor.py")
        self.run(
            "supervisor", SUPERVISOR, _PYTHON_IMAGE, "python", "-u", "/fake_supervisor.py",
            options=("--volume", f"{file}:/fake_supervisor.py:ro"),
        )  # fmt: skip
        wait_until(self._answers, WITHIN, "the Supervisor")
        self.set(allowed=[service.partition(":")[0] for service in self.manifest["services"]])

    def remove(self) -> None:
        """Remove all that begins with the prefix."""
        mine = f"name=^/?{self.prefix}"
        if containers := docker("ps", "--all", "--quiet", "--filter", mine).stdout.decode().split():
            docker("rm", "--force", "--volumes", *containers)
        for kind in ("network", "volume"):
            if names := docker(kind, "ls", "--quiet", "--filter", f"name=^{self.prefix}").stdout.decode().split():
                docker(kind, "rm", *names)
        docker("image", "rm", "--force", self.image, self.one_image, check=False)

    def run(self, name: str, address: str, image: str, *command: str, options: tuple[str, ...] = ()) -> None:
        """Start a container in the network."""
        own = ("--name", f"{self.prefix}-{name}", "--network", self.prefix, "--ip", address)
        docker("run", "--detach", *own, *options, image, *command)

    def processes(self, container: str) -> list[Process]:
        """Return what runs in a container."""
        found = json.loads(docker("exec", "--privileged", container, "python", "-c", _PROCESSES).stdout)
        return [Process(*fields) for fields in found]

    def set(self, **state: Any) -> None:
        """Change what the Supervisor answers: `fake_supervisor.STATE`."""
        self._control("PATCH", json.dumps(state))

    def requests(self) -> list[dict[str, Any]]:
        """Return what the Supervisor was asked since its start."""
        requests: list[dict[str, Any]] = json.loads(self._control("GET"))
        return requests

    def _answers(self) -> bool:
        try:
            return bool(self._control("GET"))
        except OSError:
            return False

    def _control(self, method: str, body: str = "") -> bytes:
        connection = http.client.HTTPConnection(SUPERVISOR, CONTROL_PORT, timeout=10)
        try:
            connection.request(method, "/", body)
            return connection.getresponse().read()
        finally:
            connection.close()

    def give_to_dialout(self, port: str) -> None:
        """Give a pseudo-terminal the mode and the group that serial ports have on Home Assistant OS."""
        change = f"import os; os.chown({port!r}, 0, 18); os.chmod({port!r}, 0o660)"
        docker(
            "run", "--rm", "--network", "none", "--volume", "/dev/pts:/dev/pts", _PYTHON_IMAGE, "python", "-c", change
        )

    # -- other apps ----------------------------------------------------------------------------------------------------

    def start_broker(self) -> None:
        """Start the Mosquitto app, for the first time or again; it is provided from now on."""
        name = f"{self.prefix}-mosquitto"
        if docker("start", name, check=False).returncode != 0:
            own = ("--network-alias", "core-mosquitto", "--env", f"PASSWORD={self.passwords['mqtt']}")
            self.run("mosquitto", BROKER, "eclipse-mosquitto:2.0", "sh", "-c", _MOSQUITTO, options=own)
        self._provide("mqtt", "core-mosquitto", 1883, username="addons", ssl=False, protocol="3.1.1")

    def stop_broker(self) -> None:
        """Stop the Mosquitto app; it is withdrawn before."""
        self.set(services={"mqtt": None})
        docker("stop", "--time", "5", f"{self.prefix}-mosquitto", check=False)

    def remove_broker(self) -> None:
        """Stop the Mosquitto app, with all that it keeps for programs that are gone."""
        self.stop_broker()
        docker("rm", "--force", "--volumes", f"{self.prefix}-mosquitto", check=False)

    def start_mariadb(self) -> None:
        """Start the MariaDB app, for the first time or again; it is provided when it is ready."""
        name = f"{self.prefix}-mariadb"
        if docker("start", name, check=False).returncode != 0:
            own = ("--network", self.prefix, "--ip", DATABASE, "--network-alias", "core-mariadb")
            docker("create", "--name", name, *own, "--env", "MARIADB_RANDOM_ROOT_PASSWORD=1", "mariadb:11.8")
            accounts = "".join(
                f"CREATE USER service@'{hosts}' IDENTIFIED BY '{self.passwords['mysql']}';"
                f"GRANT ALL ON *.* TO service@'{hosts}' WITH GRANT OPTION;"
                for hosts in ("172.30.32.%", "172.30.33.%")
            )
            docker("cp", "-", f"{name}:/docker-entrypoint-initdb.d", given=archive({"accounts.sql": accounts}, 0o644))
            docker("start", name)
        wait_until(lambda: docker("exec", name, "healthcheck.sh", "--connect", check=False).returncode == 0, WITHIN,
                   "MariaDB")  # fmt: skip
        self._provide("mysql", "core-mariadb", 3306, username="service")

    def stop_mariadb(self) -> None:
        """Stop the MariaDB app; it is withdrawn before."""
        self.set(services={"mysql": None})
        docker("stop", "--time", "30", f"{self.prefix}-mariadb")

    def _provide(self, service: str, host: str, port: int, **more: Any) -> None:
        self.set(services={service: {
            "addon": host.replace("-", "_"), "host": host, "port": port, "password": self.passwords[service], **more,
        }})  # fmt: skip


class App:
    """The app as the Supervisor runs it; each start is a new container with the same `/data`."""

    def __init__(self, house: House, name: str) -> None:
        """Prepare it; nothing is started."""
        self.house = house
        self.container = f"{house.prefix}-self-{name}"
        self.data = f"{self.container}-data"
        self._tokens: set[str] = set()

    def start(self, *, restore: bytes = b"", **options: Any) -> None:
        """Start it with these options, after what a backup holds was put into `/data`; wait until it is healthy."""
        self.launch(restore=restore, **options)
        try:
            wait_until(lambda: self._state("Health.Status") == "healthy", WITHIN, "a healthy app")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()[-5000:]}") from None

    def launch(self, *, restore: bytes = b"", **options: Any) -> None:
        """Start it without waiting for anything. Another app that runs is stopped before."""
        if self.house.running is not None:
            assert self.house.running.stop() == 0
        manifest, token = self.house.manifest, secrets.token_hex(16)
        options = manifest["options"] | options
        self._tokens.add(token)
        docker("create", "--name", self.container, *self._arguments(options, token), self.house.image)
        if restore:
            docker("cp", "-", f"{self.container}:/", given=restore)
        docker("cp", "-", f"{self.container}:/data", given=archive({"options.json": json.dumps(options)}))
        info = {"version": manifest["version"], "options": options, "ingress_panel": False, "watchdog": False}
        self.house.set(token=token, info=info, app=[APP, manifest["ingress_port"]])
        docker("start", self.container)
        self.house.running = self

    def _arguments(self, options: Mapping[str, Any], token: str) -> Iterator[str]:
        manifest = self.house.manifest
        if manifest.get("init", True):
            yield "--init"
        yield from ("--network", self.house.prefix, "--ip", APP, "--security-opt", "seccomp=unconfined")
        for host in ("supervisor", "hassio"):
            yield from ("--add-host", f"{host}:{SUPERVISOR}")
        for name, value in {"TZ": "Europe/Paris", "SUPERVISOR_TOKEN": token, "HASSIO_TOKEN": token}.items():
            yield from ("--env", f"{name}={value}")
        yield from ("--mount", "type=bind,source=/dev,target=/dev,readonly,bind-recursive=writable")
        yield from ("--volume", f"{self.data}:/data", "--volume", f"{self.container}-config:/config")
        yield from ("--tmpfs", "/dev/shm")
        if manifest.get("tmpfs"):
            yield from ("--tmpfs", "/tmp")
        rules = [*_UART] if manifest.get("uart") else []
        for port in options["ports"]:
            device = os.stat(port).st_rdev  # the Supervisor starts no app whose device is not there
            rules.append(f"c {os.major(device)}:{os.minor(device)} rwm")
        for rule in rules:
            yield from ("--device-cgroup-rule", rule)

    def stop(self) -> int:
        """Stop it as the Supervisor does, and remove the container; return its exit code."""
        docker("stop", "--time", str(self.house.manifest["timeout"]), self.container)
        code = int(self._state("ExitCode"))
        self._remove_container()
        return code

    def kill(self) -> None:
        """Kill all of it at once, and remove the container."""
        docker("kill", self.container)
        self._remove_container()

    def uninstall(self) -> None:
        """Remove it with its data."""
        assert self.stop() == 0
        docker("volume", "rm", self.data)

    def remove(self) -> None:
        """Remove what there is of it, in whatever state."""
        self._remove_container()
        docker("volume", "rm", "--force", self.data, f"{self.container}-config")

    def _remove_container(self) -> None:
        if self.house.running is self:
            self.house.running = None
        docker("rm", "--force", "--volumes", self.container)

    def _state(self, field: str) -> str:
        return docker("inspect", "--format", f"{{{{.State.{field}}}}}", self.container).stdout.decode().strip()

    def asked(self, method: str, path: str) -> list[Any]:
        """Return what it sent in requests like this one, since it was installed."""
        return [
            request["given"]
            for request in self.house.requests()
            if request["token"] in self._tokens and (request["method"], request["path"]) == (method, path)
        ]

    def log(self) -> str:
        """Return all that it has logged since its start."""
        result = docker("logs", self.container)
        return (result.stdout + result.stderr).decode()

    def inside(self, *command: str, check: bool = True) -> str:
        """Run a command in the container as root, without a shell."""
        return docker("exec", self.container, *command, check=check).stdout.decode()

    def processes(self) -> list[Process]:
        """Return what runs in it."""
        return self.house.processes(self.container)

    def sql(self, statement: str) -> list[list[str]]:
        """Run SQL as the administrator of its own database; return the rows as text, none while it is away."""
        command = ("mariadb", "--batch", "--skip-column-names", "teleinfodb", "--execute", statement)
        output = self.inside(*command, check=False)
        return [line.split("\t") for line in output.splitlines()]

    def backup(self) -> bytes:
        """Do what the Supervisor does for a backup while the app runs; return the archive of `/data`."""
        self.inside(*shlex.split(self.house.manifest["backup_pre"]))
        everything = docker("cp", f"{self.container}:/data", "-").stdout
        kept = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(everything)) as source, tarfile.open(fileobj=kept, mode="w") as target:
            for entry in source:
                path = PurePath(entry.name)
                if not any(parent.match(pattern) for parent in (path, *path.parents)
                           for pattern in self.house.manifest["backup_exclude"]):  # fmt: skip
                    target.addfile(entry, source.extractfile(entry) if entry.isreg() else None)
        return kept.getvalue()

    # -- Ingress -------------------------------------------------------------------------------------------------------

    def get(self, path: str = "", **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
        """Return status, headers and text of what a browser outside of the house is answered."""
        with self.open(path, **headers) as answer:
            return answer.status, answer.headers, answer.read().decode(errors="replace")

    @contextmanager
    def open(self, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
        """Open a page as a browser outside of the house, with a session that lasts unless it brings a cookie."""
        session = secrets.token_hex(16)
        if "Cookie" not in headers:
            self.house.set(session=session)
        connection = http.client.HTTPConnection(SUPERVISOR, INGRESS_PORT, timeout=60)
        own = {"Host": NABU_CASA, "Origin": f"https://{NABU_CASA}", "Cookie": f"{COOKIE}={session}"}
        try:
            connection.request("GET", f"{INGRESS_PATH}/{path}", headers=own | headers)
            yield connection.getresponse()
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        """Return an answer of the page's API."""
        status, _, text = self.get(f"api/v1/{path}")
        assert status == 200, text
        return json.loads(text)
