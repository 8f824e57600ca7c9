"""A private RabbitMQ with the MQTT plugin, of one node or of three, set up as docs/brokers.md says."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.support.programs import ROOT
from tests.support.servers import HOST, FaultyServer, free_port

PROGRAMS = Path("/usr/lib/rabbitmq/bin")  # Debian's package
PAGE = (ROOT / "docs" / "brokers.md").read_text()
PASSWORD = "not-the-real-one"
ACCOUNTS = ("reader", "storer", "monitor")


def missing() -> str | None:
    """Return what is not installed; None if all is."""
    return None if (PROGRAMS / "rabbitmq-server").exists() else "rabbitmq-server (package rabbitmq-server)"


class RabbitMq(FaultyServer):
    """One node; any port of it is on the loopback interface."""

    _kind = "rabbitmq"

    def __init__(
        self,
        folder: Path,
        *,
        host: str = HOST,
        port: int | None = None,
        name: str = "broker",
        more: tuple[str, ...] = (),
        **environment: str,
    ) -> None:
        """Prepare it, with more lines of configuration and environment for a node of a cluster."""
        super().__init__(folder, port=port)
        self.host = host
        self._more = more
        self._environment = {
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_NODENAME": f"{name}@localhost",
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1 -kernel inet_dist_use_interface {127,0,0,1}",
            **environment,
        }

    def _prepare(self) -> list[str]:
        settings = _settings("the plugin")
        lines = ["listeners.tcp = none", f"mqtt.listeners.tcp.1 = {self.host}:{self.port}"]
        lines += ["mqtt.allow_anonymous = false", *settings, *self._more]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self.folder / "plugins").write_text("[rabbitmq_mqtt].\n")
        return ["env", *(f"{name}={value}" for name, value in self._environment.items()), f"{PROGRAMS}/rabbitmq-server"]

    def _answers(self) -> bool:
        socket.create_connection((self.host, self.port), timeout=1.0).close()  # opened last
        return True

    def set_up(self) -> None:
        """Create the accounts, with the rights that the page gives."""
        for user in ACCOUNTS:
            self.control("add_user", user, PASSWORD)
        (commands,) = re.findall(r"```sh\n(for user in .*?)```", PAGE, re.DOTALL)
        script = f'rabbitmqctl() {{ "{PROGRAMS}/rabbitmqctl" --quiet "$@"; }}\nset -e\n{commands}'
        subprocess.run(["bash", "-c", script], env=os.environ | self._environment, check=True, capture_output=True)

    def control(self, *arguments: str) -> str:
        """Run rabbitmqctl; return what it says."""
        command = [f"{PROGRAMS}/rabbitmqctl", "--quiet", *arguments]
        environment = os.environ | self._environment
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def kill(self) -> None:
        """Kill the server with its children."""
        os.killpg(self._running().pid, signal.SIGKILL)
        super().kill()

    def pause(self) -> None:
        """Make the server hang, with its children."""
        os.killpg(self._running().pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self._running().pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop the server, and what it has started."""
        super().stop()
        command = ["epmd", "-port", self._environment["ERL_EPMD_PORT"], "-kill"]
        subprocess.run(command, env=os.environ | self._environment, check=False, capture_output=True)


class RabbitMqCluster:
    """Three nodes, at the same port of three hosts."""

    def __init__(self, folder: Path) -> None:
        self.hosts = (HOST, "127.0.0.2", "127.0.0.3")
        self.port, epmd_port = free_port(), str(free_port())
        names = [f"broker-{number}" for number, _ in enumerate(self.hosts, 1)]
        peers = [f"cluster_formation.classic_config.nodes.{name} = {name}@localhost" for name in names]
        more = (*_settings("of a cluster"), "cluster_formation.peer_discovery_backend = classic_config", *peers)
        self.nodes = [
            # One home: it has the secret that the nodes share.
            RabbitMq(
                folder / name,
                host=host,
                port=self.port,
                name=name,
                more=more,
                HOME=str(folder),
                ERL_EPMD_PORT=epmd_port,
            )
            for host, name in zip(self.hosts, names, strict=True)
        ]

    def __enter__(self) -> Self:
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait_until_ready()
        self.wait_complete()
        self.nodes[0].set_up()
        return self

    def __exit__(self, *_: object) -> None:
        for node in reversed(self.nodes):
            node.stop()

    def wait_complete(self) -> None:
        """Wait until each node knows that the others run."""
        for node in self.nodes:
            node.control("await_online_nodes", str(len(self.nodes)), "--timeout", "60")


def _settings(title: str) -> list[str]:
    """Return the settings of a block of the page, by words of its title."""
    (block,) = re.findall(rf"```ini\n#[^\n]*{title}[^\n]*\n(.*?)```", PAGE, re.DOTALL)
    return str(block).splitlines()
