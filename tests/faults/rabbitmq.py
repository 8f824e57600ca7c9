"""A private RabbitMQ with the MQTT plugin, set up as docs/brokers.md says."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

from demo.servers import HOST, _Server, free_port
from tests.support.programs import ROOT

PROGRAMS = Path("/usr/lib/rabbitmq/bin")  # Debian's package
PAGE = (ROOT / "docs" / "brokers.md").read_text()
PASSWORD = "not-the-real-one"
ACCOUNTS = ("reader", "storer")


def missing() -> str | None:
    """Return what is not installed; None if all is."""
    return None if (PROGRAMS / "rabbitmq-server").exists() else "rabbitmq-server (package rabbitmq-server)"


class RabbitMq(_Server):
    """One node; any port of it is on the loopback interface."""

    _kind = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, None, lambda: False)
        self._epmd_port = free_port()
        self._environment = {
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": "broker@localhost",
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1 -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _prepare(self) -> list[str]:
        settings = re.findall(r"^mqtt\.\w+ = \w+$", PAGE, re.MULTILINE)
        lines = ["listeners.tcp = none", f"mqtt.listeners.tcp.1 = {HOST}:{self.port}", "mqtt.allow_anonymous = false"]
        (self.folder / "rabbitmq.conf").write_text("\n".join([*lines, *settings]) + "\n")
        (self.folder / "plugins").write_text("[rabbitmq_mqtt].\n")
        return ["env", *(f"{name}={value}" for name, value in self._environment.items()), f"{PROGRAMS}/rabbitmq-server"]

    def _answers(self) -> bool:
        socket.create_connection((HOST, self.port), timeout=1.0).close()  # opened last
        return True

    def set_up(self) -> None:
        """Create the accounts, with the rights that the page gives."""
        for user in ACCOUNTS:
            self.control("add_user", user, PASSWORD)
        (commands,) = re.findall(r"```sh\n(for user in .*?)```", PAGE, re.DOTALL)
        script = f'rabbitmqctl() {{ "{PROGRAMS}/rabbitmqctl" --quiet "$@"; }}\nset -e\n{commands}'
        subprocess.run(["bash", "-c", script], env=os.environ | self._environment, check=True, capture_output=True)

    def control(self, *arguments: str) -> None:
        """Run rabbitmqctl."""
        command = [f"{PROGRAMS}/rabbitmqctl", "--quiet", *arguments]
        subprocess.run(command, env=os.environ | self._environment, check=True, capture_output=True)

    def kill(self) -> None:
        """Kill the server with its children."""
        os.killpg(self._running().pid, signal.SIGKILL)
        super().kill()

    def stop(self) -> None:
        """Stop the server, and what it has started."""
        super().stop()
        command = ["epmd", "-port", str(self._epmd_port), "-kill"]
        subprocess.run(command, env=os.environ | self._environment, check=False, capture_output=True)
