"""The containers of compose.yaml as a project of their own, started as users do."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import termios
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.engine import run_docker
from tests.support.programs import ROOT
from tests.support.servers import free_port

SERVICES = ("mosquitto", "mariadb", "storer", "reader", "monitor")
SIMULATED = "simulate://standard-single-phase-tempo"
#: Of the page, once `choose_password` was called.
PAGE_PASSWORD = "of the house"
_CODE = re.compile(r"/#(\d{4}-\d\d)$", re.MULTILINE)
UP_WITHIN = 840.0  # seconds; images are built, too
_FILES = ("compose.yaml", "tests/compose/fast.yaml")
#: Variables that are passed on to Docker; .env of this checkout and variables such as TIC_PORT are not.
_PASSED_ON = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy")


class Stack:
    """`docker compose` with its own project, ports and `.env`; the latter may be changed between two `up`.

    It runs in a copy of the project, as a clone would be: changes of the checkout meanwhile do not matter.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare it."""
        self.files = [*_FILES]  # a test may add one
        self.first_log = ""  # of the monitor, at its first start
        self.root = folder / "clone"
        self._clone()
        self._cloned = self._listing()
        self.project = f"teleinfo-test-{os.getpid()}"
        self.env = {
            "TIC_PORT": SIMULATED,
            "TELEINFO_IMAGES": f"localhost/{self.project}",
            "MQTT_LOCAL_PORT": str(free_port()),
            "MQTT_TLS_PORT": str(free_port()),
            "MQTT_PROGRAMS": f"127.0.0.1:{free_port()}",
            "DATABASE_LOCAL_PORT": str(free_port()),
            "MONITOR_LISTEN": f"127.0.0.1:{free_port()}",
        }
        self._env_file = folder / "env"
        self._environment = {
            name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("DOCKER_")
        }

    @property
    def mqtt_port(self) -> int:
        return int(self.env["MQTT_LOCAL_PORT"])

    @property
    def tls_port(self) -> int:
        return int(self.env["MQTT_TLS_PORT"])

    @property
    def page(self) -> str:
        return f"http://{self.env['MONITOR_LISTEN']}/"

    @property
    def database_port(self) -> int:
        return int(self.env["DATABASE_LOCAL_PORT"])

    def compose(self, *arguments: str, given: str | None = None, check: bool = True) -> str:
        """Run `docker compose`; return its output, with exit code and errors if `check` is false."""
        self._env_file.write_text("".join(f"{name}={value}\n" for name, value in self.env.items()))
        command = ["docker", "compose", "--project-name", self.project, "--env-file", str(self._env_file)]
        command += ["--progress", "quiet", *(option for file in self.files for option in ("-f", file)), *arguments]
        result: subprocess.CompletedProcess[str] = run_docker(
            command,
            cwd=self.root,
            env=self._environment,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            text=True,
            timeout=UP_WITHIN,
        )
        if check:
            message = f"docker compose {' '.join(arguments)}: {result.stderr[-2000:]}"
            assert result.returncode == 0, message + "\n" + (self._log_tail() if arguments[0] == "up" else "")
            return result.stdout
        return f"{result.returncode}\n{result.stdout}{result.stderr}"

    def up(self, *arguments: str, **env: str) -> None:
        """`up -d --wait`, after a change of `.env`."""
        self.env.update(env)
        command = ("up", "-d", "--wait", "--wait-timeout", "600", *arguments)
        if "--build" in arguments and self.compose(*command, check=False).startswith("0\n"):
            return
        self.compose(*command)  # once more, if it was to build: a registry may fail once

    def remove(self) -> None:
        """Remove everything: containers, networks, volumes, images, and the journal in this machine's memory."""
        self.compose("--profile", "tools", "down", "--volumes", "--remove-orphans", "--timeout", "5")
        images = subprocess.run(
            ["docker", "images", "--quiet", f"{self.env['TELEINFO_IMAGES']}/*"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        subprocess.run(["docker", "rmi", "--force", *images], capture_output=True, check=bool(images))
        journal = f"/machine/{self.project}-reader"
        memory = ["docker", "run", "--rm", "--network", "none", "-v", "/dev/shm:/machine", "python:3.13-slim"]
        subprocess.run([*memory, "rm", "-rf", journal], check=True, capture_output=True, timeout=300)

    def traces(self) -> set[str]:
        """Return what has changed in the clone."""
        return {name for name, _ in self._listing() ^ self._cloned}

    def inside(self, service: str, command: str, *, check: bool = True) -> str:
        """Run a shell command in a container."""
        return self.compose("exec", "-T", service, "sh", "-c", command, check=check)

    def on_terminal(self, line: str, enough: Callable[[str], bool], keys: bytes) -> tuple[int, str]:
        """Run a shell command on a terminal, and type `keys` once its output is enough; return exit code and output."""
        own = {
            "COMPOSE_PROJECT_NAME": self.project,
            "COMPOSE_FILE": ":".join(_FILES),
            "COMPOSE_ENV_FILES": str(self._env_file),
            "TERM": "xterm-256color",
        }
        terminal, other_end = pty.openpty()
        termios.tcsetwinsize(other_end, (40, 120))
        process = subprocess.Popen(
            ["sh", "-c", line], cwd=self.root, env=self._environment | own,
            stdin=other_end, stdout=other_end, stderr=other_end, start_new_session=True,
        )  # fmt: skip
        os.close(other_end)
        text, typed, deadline = b"", False, time.monotonic() + 600
        try:
            while time.monotonic() < deadline:
                if select.select([terminal], [], [], 0.2)[0]:
                    try:
                        text += os.read(terminal, 65536)
                    except OSError:  # the other end is closed: the command has ended
                        break
                if not typed and enough(text.decode(errors="replace")):
                    typed = True
                    os.write(terminal, keys)
            return process.wait(180), text.decode(errors="replace")
        finally:
            process.kill()
            os.close(terminal)

    def choose_password(self) -> None:
        """Enter by the code of the log, and give the page its password."""
        self.first_log = self.compose("logs", "--no-log-prefix", "monitor")
        code = _CODE.findall(self.first_log)[-1]
        visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        visitor.open(f"{self.page}login", f"password={code}".encode()).close()
        body = json.dumps({"password": PAGE_PASSWORD, "current": None}).encode()
        asked = urllib.request.Request(f"{self.page}api/v1/access/password", body, method="PUT")
        asked.add_header("Content-Type", "application/json")
        visitor.open(asked).close()

    def setup(self, *arguments: str, given: str | None = None) -> str:
        """Run a command of the service `setup`."""
        return self.compose("run", "--rm", "-T", "setup", *arguments, given=given)

    def password(self, name: str) -> str:
        """Return a password, from `setup credentials`."""
        lines = [line.split() for line in self.setup("credentials", name).splitlines()]
        (password,) = (line[1] for line in lines if line[0] == "password")
        return password

    def sql(self, statement: str, service: str = "mariadb") -> list[list[str]]:
        """Run SQL as the database's administrator; return the rows as text."""
        options = ("--batch", "--skip-column-names", "teleinfodb", "-e", statement)
        return [line.split("\t") for line in self.compose("exec", "-T", service, "mariadb", *options).splitlines()]

    def inspect(self) -> list[dict[str, Any]]:
        """Return `docker inspect` of the containers."""
        ids = self.compose("ps", "--all", "--quiet").split()
        output = subprocess.run(["docker", "inspect", *ids], capture_output=True, check=True, timeout=300).stdout
        containers: list[dict[str, Any]] = json.loads(output)
        return containers

    def _clone(self) -> None:
        listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.rstrip("\0").split("\0")
        for name in names:
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name)

    def _listing(self) -> set[tuple[str, int]]:
        return {(str(path.relative_to(self.root)), path.stat().st_mtime_ns) for path in self.root.rglob("*")}

    def _log_tail(self) -> str:
        return self.compose("ps", "--all", check=False) + self.compose(
            "logs", "--tail", "20", *SERVICES, "prepare", check=False
        )


def gateway() -> str:
    """Return this machine's address in the containers' network."""
    command = ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
