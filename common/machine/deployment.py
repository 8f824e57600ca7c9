"""Commands to show to people, written for Home Assistant's app, the one image, Docker Compose, systemd or a shell.

`here()` finds out how this program was installed; nothing else in the code has to know the difference.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from common.settings.language import tr

#: compose.yaml sets it to "compose", the one image to "image", that of the app to "app".
VARIABLE = "TELEINFO_DEPLOYMENT"
#: The folders of systemd units, below the root.
UNIT_FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
_PREFIX = "teleinfo-"
#: Keys of the configuration that are set in .env with Docker Compose, and their names there.
_IN_ENV = {
    "port": "TIC_PORT",
    "mode": "TIC_MODE",
    "mqtt.tls": "MQTT_TLS",
    "mqtt.host": "MQTT_HOST",
    "mqtt.port": "MQTT_PORT",
    "database.host": "DATABASE_HOST",
    "database.port": "DATABASE_PORT",
    "database.name": "DATABASE_NAME",
    "database.user": "DATABASE_USER",
    "spool.journal": "JOURNAL_IN",
}
#: Those that are options of the app in Home Assistant, and their names there.
_IN_APP = {
    "port": "ports",
    "mode": "mode",
    "mqtt.host": "mqtt.host",
    "mqtt.port": "mqtt.port",
    "mqtt.username": "mqtt.username",
    "mqtt.password_file": "mqtt.password",
    "password_file": "password",
}
#: The container of the one image, as the documents name it.
_CONTAINER = "teleinfo"


class Deployment(Enum):
    """How a program was installed."""

    APP = "app"
    IMAGE = "image"
    COMPOSE = "compose"
    SYSTEMD = "systemd"
    SHELL = "shell"


class Commands(NamedTuple):
    """Commands for people. Programs and services are given by their full names, such as teleinfo-reader.

    `program` runs now, and was given the configuration `config`; its commands must name that file, too.
    """

    deployment: Deployment
    program: str = ""
    config: str = ""

    def run(self, program: str, arguments: str) -> str:
        """Run one of our programs.

        >>> Commands(Deployment.COMPOSE).run("teleinfo-reader", "check")
        'docker compose exec reader teleinfo-reader check'
        """
        match self.deployment:
            case Deployment.APP:
                before = _in_container(program)
            case Deployment.IMAGE:
                before = _in_image(program)
            case Deployment.COMPOSE:
                before = f"docker compose exec {_service(program)} {program}"
            case Deployment.SYSTEMD:
                before = f"sudo {program}"
            case Deployment.SHELL:
                before = _as_typed(program)
        return f"{before} {arguments}{self._config(program)}"

    def run_alone(self, program: str, arguments: str) -> str:
        """Run one of our programs, whether or not its service runs.

        >>> Commands(Deployment.COMPOSE).run_alone("teleinfo-storer", "restore")
        'docker compose run --rm storer restore'
        """
        if self.deployment is Deployment.COMPOSE:
            return f"docker compose run --rm {_service(program)} {arguments}{self._config(program)}"
        return self.run(program, arguments)

    def sudo(self, program: str, arguments: str) -> str:
        """Run one of our programs as root."""
        command = self.run(program, arguments)
        return f"sudo {command}" if self.deployment is Deployment.SHELL else command

    def start(self, service: str) -> str:
        """Start a service now and at each boot."""
        return self._of(
            service,
            tr("start", "démarrez"),
            "start",
            "up -d",
            self.run(service, "run"),
            f"sudo systemctl enable --now {service}",
        )

    def stop(self, service: str) -> str:
        """Stop a service."""
        app, systemd = tr("stop", "arrêtez"), f"sudo systemctl stop {service}"
        return self._of(service, app, "stop", "stop", _ctrl_c(service), systemd)

    def restart(self, service: str) -> str:
        """Restart a service, so that it reads its configuration again."""
        by_hand = f"{_ctrl_c(service)}{tr(', then: ', ', puis : ')}{self.run(service, 'run')}"
        app, systemd = tr("restart", "redémarrez"), f"sudo systemctl restart {service}"
        return self._of(service, app, "restart", "up -d --force-recreate", by_hand, systemd)

    def log(self, service: str) -> str:
        """Show the end of a service's log."""
        in_terminal = tr(f"the terminal where {service} runs", f"le terminal où tourne {service}")
        app, systemd = tr("see the log of", "lisez le journal de"), f"sudo journalctl -u {service} -n 20"
        return self._of(service, app, "logs --tail 20", "logs --tail 20", in_terminal, systemd)

    def _of(self, service: str, app: str, image: str, compose: str, shell: str, systemd: str) -> str:
        """Return the command for a service; without an installation our own programs run in a shell, others do not."""
        if self.deployment is Deployment.APP:
            return f"{tr('in', 'dans')} Home Assistant, {app} {_app(service)}"
        if self.deployment is Deployment.IMAGE:
            return f"docker {image} {_CONTAINER}"
        if self.deployment is Deployment.COMPOSE:
            return f"docker compose {compose} {_service(service)}"
        return shell if self.deployment is Deployment.SHELL and service.startswith(_PREFIX) else systemd

    def _config(self, program: str) -> str:
        return f" --config {shlex.quote(self.config)}" if program == self.program else ""

    def sql(self) -> str:
        """Open the database as its administrator."""
        match self.deployment:
            case Deployment.APP:
                return _in_container("mariadb")
            case Deployment.IMAGE:
                return _in_image("mariadb")
            case Deployment.COMPOSE:
                return "docker compose exec mariadb mariadb"
            case _:
                return "sudo mariadb"

    def setting(self, key: str) -> str:
        """Name a key of the configuration as people set it.

        >>> Commands(Deployment.COMPOSE).setting("mqtt.host")
        'MQTT_HOST in .env'
        >>> Commands(Deployment.APP).setting("port")
        "the app's option ports"
        """
        if self.deployment is Deployment.APP and key in _IN_APP:
            return tr(f"the app's option {_IN_APP[key]}", f"l’option {_IN_APP[key]} de l’app")
        if self.deployment is Deployment.COMPOSE and key in _IN_ENV:
            return f"{_IN_ENV[key]} {tr('in', 'dans')} .env"
        return key

    def on_host(self, command: str) -> str:
        """Run a command on the host; in a container it says so. Home Assistant's host is not its owner's to command.

        >>> Commands(Deployment.COMPOSE).on_host("sudo timedatectl set-ntp true")
        'outside the container: sudo timedatectl set-ntp true'
        """
        match self.deployment:
            case Deployment.APP:
                return tr(
                    "see what Home Assistant says of its machine (Settings, System)",
                    "voyez ce que Home Assistant dit de sa machine (Paramètres, Système)",
                )
            case Deployment.IMAGE | Deployment.COMPOSE:
                return f"{tr('outside the container: ', 'hors du conteneur : ')}{command}"
            case _:
                return command


_started = ("", "")  # the program of this process, and its configuration; empty for that of /etc


def started_with(program: str, config: Path) -> None:
    """Remember the configuration that this program was given, for the commands that it shows."""
    global _started
    _started = ("", "") if config == default_config(program) else (program, str(config))


def default_config(program: str) -> Path:
    """Return the configuration that a program reads unless it is given another one."""
    return Path(f"/etc/teleinfo/{_service(program)}.yaml")


def here(program: str = "", environment: Mapping[str, str] = os.environ, root: Path = Path("/")) -> Commands:
    """Return the commands for how this program was installed; without a name, for any of ours."""
    for deployment in (Deployment.APP, Deployment.IMAGE, Deployment.COMPOSE):
        if environment.get(VARIABLE) == deployment.value:
            return Commands(deployment, *_started)
    units = f"{program or 'teleinfo-*'}.service"
    if any(next((root / folder).glob(units), None) for folder in UNIT_FOLDERS):
        return Commands(Deployment.SYSTEMD, *_started)
    return Commands(Deployment.SHELL, *_started)


def take_over(file: Path) -> str:
    """Return what to do with settings of the household in the file of a program: they are the page's."""
    found = here()
    command = f"take it over with `{found.run_alone('teleinfo-monitor', f'settings load {file}')}`"
    mounted = found.deployment is Deployment.COMPOSE
    return f"{command}, then delete it from the file that is mounted there" if mounted else command


def _as_typed(program: str) -> str:
    """Return the name that a shell finds; without an installation the programs are beside the Python that runs."""
    file = Path(sys.executable).parent / program
    return str(file) if shutil.which(program) is None and file.exists() else program


def _app(service: str) -> str:
    """Return the app that a service belongs to; ours has its own database."""
    mosquitto = tr("the app Mosquitto broker", "l’app Mosquitto broker")
    return mosquitto if service == "mosquitto" else tr("this app", "cette app")


def _in_image(command: str) -> str:
    return f"docker exec -it {_CONTAINER} {command}"


def _in_container(command: str) -> str:
    return tr(f"in the app's container: {command}", f"dans le conteneur de l’app : {command}")


def _ctrl_c(service: str) -> str:
    return tr(f"press Ctrl-C where {service} runs", f"faites Ctrl-C là où tourne {service}")


def _service(name: str) -> str:
    return name.removeprefix(_PREFIX)
