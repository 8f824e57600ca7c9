"""The ways in which somebody gets TeleInfo Monitor, each from a machine that has nothing of it."""

import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.app.fake_supervisor import COOKIE, INGRESS_PATH, INGRESS_PORT
from tests.app.house import CORE, SUPERVISOR, App, House, docker
from tests.deliveries.registry import Registry
from tests.install.machine import DIST, Machine
from tests.support.programs import ROOT, wait_until
from tests.support.servers import free_port

WITHIN = 300.0  # seconds: the machine may be loaded
_LINK = re.compile(r"#(\d{4}-\d{2})\b")


@dataclass
class Delivery:
    """What somebody did on the way to the page, and where that is now."""

    page: str = ""  # its address
    commands: list[str] = field(default_factory=list)  # as they are typed
    clicks: int = 0  # elsewhere than in the page, such as in Home Assistant
    files: int = 0  # that were edited
    waited: float = 0.0  # seconds until the page was there, downloads apart
    cookie: tuple[str, str] | None = None  # that a browser has from elsewhere

    def wait_for(self, said: Callable[[], str]) -> None:
        """Wait for the code in what the machine says; put it into the address."""
        wait_until(lambda: _LINK.search(said()) is not None, WITHIN, "a code in the log")
        found = _LINK.search(said())
        assert found
        self.page += f"#{found[1]}"


@contextmanager
def one_image(registry: Registry, image: str, folder: Path) -> Iterator[Delivery]:
    """Start the one image by one line; read the code in its log."""
    del folder
    name, port = f"teleinfo-delivered-{os.getpid()}", free_port()
    published = registry.publish(image, "teleinfo")
    line = f"docker run -d --name {name} --restart unless-stopped -v {name}:/data -v /dev/shm:/dev/shm"
    delivery = Delivery(f"http://127.0.0.1:{port}/", [f"{line} -p 127.0.0.1:{port}:8080 {published}"])
    docker("pull", "--quiet", published)
    begun = time.monotonic()
    try:
        docker(*delivery.commands[0].split()[1:])
        delivery.commands.append(f"docker logs {name}")
        delivery.wait_for(lambda: _both(docker("logs", name)))
        delivery.waited = time.monotonic() - begun
        yield delivery
    finally:
        docker("rm", "--force", "--volumes", name, check=False)
        docker("volume", "rm", "--force", name, check=False)
        docker("rmi", "--force", published, check=False)


def _both(ended: "subprocess.CompletedProcess[bytes]") -> str:
    return (ended.stdout + ended.stderr).decode(errors="replace")


@contextmanager
def one_file(registry: Registry, images: dict[str, str], folder: Path) -> Iterator[Delivery]:
    """Start compose.yaml, alone in a folder; read the code in its log."""
    project, port = f"teleinfo-delivered-{os.getpid()}", free_port()
    published = [registry.publish(image, name) for name, image in images.items()]
    shutil.copy(ROOT / "compose.yaml", folder)
    # Of this machine, others may use the ports of a house.
    own = {
        "COMPOSE_PROJECT_NAME": project,
        "TELEINFO_IMAGES": registry.images,
        "MONITOR_LISTEN": f"127.0.0.1:{port}",
        "MQTT_LOCAL_PORT": str(free_port()),
        "MQTT_TLS_PORT": str(free_port()),
        "MQTT_PROGRAMS": f"127.0.0.1:{free_port()}",
        "DATABASE_LOCAL_PORT": str(free_port()),
    }
    passed = {name: value for name, value in os.environ.items() if not name.startswith(("TIC_", "MQTT_", "COMPOSE_"))}

    def compose(*arguments: str) -> str:
        ran = subprocess.run(
            ["docker", "compose", *arguments],
            cwd=folder, env=passed | own, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr[-2000:]
        return ran.stdout

    delivery = Delivery(f"http://127.0.0.1:{port}/", ["curl -LO …/compose.yaml", "docker compose up -d"])
    compose("pull", "--quiet", "--policy", "missing")
    begun = time.monotonic()
    try:
        compose("up", "-d")
        delivery.commands.append("docker compose logs monitor")
        delivery.wait_for(lambda: compose("logs", "--no-log-prefix", "monitor"))
        delivery.waited = time.monotonic() - begun
        yield delivery
    finally:
        compose("--profile", "tools", "down", "--volumes", "--timeout", "5")
        docker("rmi", "--force", *published, check=False)


@contextmanager
def one_package(machine: Machine, package: Path) -> Iterator[Delivery]:
    """Install the package `teleinfo` with apt; the code is in what apt prints."""
    (machine.path(DIST)).mkdir(parents=True, exist_ok=True)
    shutil.copy(package, machine.path(DIST))
    delivery = Delivery("http://127.0.0.1:8080/", ["curl -LO …/teleinfo.deb", f"sudo apt install ./{package.name}"])
    with machine.booted():
        machine.run("apt-get", "--quiet", "update")
        downloaded = machine.try_("apt-get", "--quiet", "--yes", "--download-only", "install", f"{DIST}/{package.name}")
        assert downloaded.returncode == 0, downloaded.stdout[-2000:]
        begun = time.monotonic()
        installed = machine.install_packages(package.name)
        assert installed.returncode == 0, installed.stdout[-2000:]
        delivery.wait_for(lambda: installed.stdout)
        delivery.waited = time.monotonic() - begun
        yield delivery


#: In Home Assistant: the button of README, Add, Install, Start, and the page in the sidebar.
_CLICKS_IN_HOME_ASSISTANT = 5


@contextmanager
def the_app(house: House) -> Iterator[Delivery]:
    """Start the app of Home Assistant, in a house with the app Mosquitto broker."""
    house.start_broker()
    house.set(core=CORE)
    app = App(house, "delivered")
    delivery = Delivery(f"http://{SUPERVISOR}:{INGRESS_PORT}{INGRESS_PATH}/", clicks=_CLICKS_IN_HOME_ASSISTANT)
    begun = time.monotonic()
    try:
        app.start()
        delivery.waited = time.monotonic() - begun
        session = secrets.token_hex(16)
        house.set(session=session)
        delivery.cookie = (COOKIE, session)
        yield delivery
    finally:
        app.remove()
