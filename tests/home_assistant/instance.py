"""A private Home Assistant on the loopback interface, set up through its own interfaces as a user would.

It lives in a folder of the caller's choice, keeps its data and port from one start to the next, and is killed when this
process ends. Home Assistant is installed in a virtual environment of its own, which is kept between runs.
"""

import contextlib
import fcntl
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import websocket

from tests.support.servers import HOST, die_with, free_port

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv-home-assistant"
#: What needs no newer Python than 3.13.
PACKAGES = ("homeassistant==2026.2.3", "paho-mqtt==2.1.0")
PYTHONS = ("/usr/bin/python3", "python3.13", "python3.14", "python3")
INSTALLED_WITHIN = 600.0  # seconds for each step; all of them take about 90 on a PC
ANSWER_WITHIN = 60.0
READY_WITHIN = 180.0  # seconds; a busy Raspberry Pi takes its time
STOPPED_WITHIN = 60.0

#: Components whose packages its pages need, beside the frontend itself: to list actions it imports all kinds of things.
PAGES = ("frontend", "conversation", "camera", "tts", "ffmpeg", "assist_pipeline")
_REQUIREMENTS = """
import importlib.util, json, pathlib, sys
place = pathlib.Path(importlib.util.find_spec("homeassistant").origin).parent / "components"
for name in sys.argv[1:]:
    print(*json.loads((place / name / "manifest.json").read_text())["requirements"])
"""
#: Warnings of a busy machine.
_SLOW = re.compile(
    r"(is taking over|took|No ACK from MQTT server in) [\d.]+ seconds|Waiting for integrations to complete"
)
_CLIENT = "http://127.0.0.1/"  # whoever asks for a token; any address of the machine will do
_TOKEN_LASTS = 1800  # seconds
_USER = {"name": "Test", "username": "test", "password": "of-this-test-only", "language": "fr"}


class HomeAssistantError(Exception):
    """Home Assistant cannot be installed or started, or returned an error; the text says why."""


def find_python() -> str | None:
    """Find a Python that Home Assistant runs on; None if there is none."""
    for name in PYTHONS:
        program = shutil.which(name)
        if program is None:
            continue
        test = "import sys; sys.exit(sys.version_info < (3, 13, 2))"
        if subprocess.run([program, "-c", test], capture_output=True, check=False).returncode == 0:
            return program
    return None


def installed() -> Path:
    """Return the program; install it the first time, which takes minutes."""
    with (ROOT / ".venv-home-assistant.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = VENV / "installed"
        wanted = " ".join(PACKAGES + PAGES)
        if not done.is_file() or done.read_text() != wanted:
            python = find_python()
            if python is None:
                raise HomeAssistantError("Home Assistant needs Python 3.13.2 or newer, and there is none here")
            _run(python, "-m", "venv", "--clear", str(VENV))
            # What it needs has the versions that it was released with: to find others that go together takes long.
            _install("--no-deps", *PACKAGES)
            (versions,) = VENV.glob("lib/*/site-packages/homeassistant/package_constraints.txt")
            _install("--constraint", str(versions), *PACKAGES)
            pages = _run(str(VENV / "bin/python"), "-c", _REQUIREMENTS, *PAGES).split()
            _install("--constraint", str(versions), *pages)
            done.write_text(wanted)
    return VENV / "bin" / "hass"


def _install(*arguments: str) -> None:
    command = (str(VENV / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
    try:
        _run(*command, *arguments)
    except HomeAssistantError:  # a registry may fail once
        _run(*command, *arguments)


def _run(*command: str) -> str:
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=INSTALLED_WITHIN
        )
    except subprocess.TimeoutExpired:
        raise HomeAssistantError(f"not within {INSTALLED_WITHIN:.0f} s: {' '.join(command)}") from None
    if result.returncode != 0:
        reason = (result.stderr.strip().splitlines() or ["no output"])[-1]
        raise HomeAssistantError(f"Home Assistant could not be installed: {' '.join(command)}: {reason}")
    return result.stdout


class HomeAssistant:
    """A Home Assistant process. It is killed when the thread that started it ends."""

    def __init__(self, folder: Path, *, config: str = "") -> None:
        """Prepare it; `config` is more of its configuration.yaml."""
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.output = self.folder / "output.log"
        self.log = self.folder / "home-assistant.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._program = installed()
        self._refresh_token = ""
        self._access_token = ""
        (self.folder / "configuration.yaml").write_text(
            "homeassistant:\n"
            "  name: Maison\n  country: FR\n  language: fr\n  currency: EUR\n  unit_system: metric\n"
            "  time_zone: Europe/Paris\n  latitude: 48.85\n  longitude: 2.35\n  elevation: 35\n"
            f"http:\n  server_host: {HOST}\n  server_port: {self.port}\n"
            "api:\nconfig:\nfrontend:\nhistory:\nenergy:\nrecorder:\n  commit_interval: 1\n" + config
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- the process ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it and return when it is running; the first time, complete its onboarding."""
        if self.process is not None:
            raise HomeAssistantError("Home Assistant is already running")
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [str(self._program), "-c", str(self.folder), "--skip-pip-packages", "none"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env={key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
                process_group=0,
                preexec_fn=die_with(os.getpid()),
            )
        self._wait(self._answers, "its web server")
        if not self._refresh_token:
            self._onboard()
        self._wait(lambda: self.get("/api/config")["state"] == "RUNNING", "its start to end")

    def stop(self) -> None:
        """Stop it with SIGTERM; does nothing if it is not running."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        """Stop it and start it again, on the same port and with the same data."""
        self.stop()
        self.start()

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, HomeAssistantError):
                if condition():
                    return
            if self.process is None or self.process.poll() is not None:
                raise HomeAssistantError(f"Home Assistant ended by itself: {self._log_tail()}")
            if time.monotonic() > deadline:
                raise HomeAssistantError(f"not within {READY_WITHIN:.0f} s: {what}: {self._log_tail()}")
            time.sleep(0.1)  # between two looks

    def _answers(self) -> bool:
        if self._refresh_token:
            self._renew()
            return True
        return isinstance(self._request("GET", "/api/onboarding"), list)  # no longer there, once that is done

    def _log_tail(self) -> str:
        lines = [line for path in (self.output, self.log) if path.is_file() for line in path.read_text().splitlines()]
        return " | ".join(lines[-5:])

    # -- its interfaces ------------------------------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        """Send a GET request to the REST interface."""
        return self._request("GET", path)

    def post(self, path: str, body: object) -> Any:
        """Send a POST request to the REST interface."""
        return self._request("POST", path, json.dumps(body).encode(), "application/json")

    def call(self, kind: str, **arguments: object) -> Any:
        """Send one command over a WebSocket, and return its result."""
        with WebSocketApi(self.port, self._access_token) as api:
            return api.call(kind, **arguments)

    def tokens(self) -> dict[str, Any]:
        """Return what its pages expect in `hassTokens`, without the address that they were loaded from."""
        return {
            "access_token": self._access_token,
            "refresh_token": self._refresh_token,
            "token_type": "Bearer",
            "clientId": _CLIENT,
            "expires_in": _TOKEN_LASTS,
            "expires": (time.time() + _TOKEN_LASTS) * 1000,
        }

    def add_mqtt(self, broker: str, port: int) -> None:
        """Add the MQTT integration, as its dialogue does."""
        flow = self.post("/api/config/config_entries/flow", {"handler": "mqtt", "show_advanced_options": False})
        path = f"/api/config/config_entries/flow/{flow['flow_id']}"
        while flow["type"] != "create_entry":
            if flow["type"] == "menu":
                step: dict[str, object] = {"next_step_id": "broker"}
            elif flow["type"] == "form" and flow["step_id"] == "broker" and not flow.get("errors"):
                step = {"broker": broker, "port": port}
            else:
                raise HomeAssistantError(f"the MQTT integration was not added: {flow}")
            flow = self.post(path, step)

    def states(self) -> dict[str, dict[str, Any]]:
        """Return the state of every entity, by its id."""
        return {state["entity_id"]: state for state in self.get("/api/states")}

    def registered(self) -> list[dict[str, Any]]:
        """Return the entities of MQTT that it has, also those that are disabled."""
        entries: list[dict[str, Any]] = self.call("config/entity_registry/list")
        return [entry for entry in entries if entry["platform"] == "mqtt"]

    def devices(self) -> dict[str, dict[str, Any]]:
        """Return the devices of MQTT, by their identifier."""
        devices: list[dict[str, Any]] = self.call("config/device_registry/list")
        return {
            identifier: device for device in devices for domain, identifier in device["identifiers"] if domain == "mqtt"
        }

    def complaints(self) -> list[str]:
        """Return warnings and errors: of its list, and of its log file; not that something takes long."""
        listed: list[dict[str, Any]] = self.call("system_log/list")
        texts = [f"{entry['level']} {entry['name']}: {entry['message']} {entry['exception']}" for entry in listed]
        if self.log.is_file():
            lines = self.log.read_text(errors="replace").splitlines()
            texts += [line for line in lines if " WARNING " in line or " ERROR " in line or " CRITICAL " in line]
        return [text for text in texts if not _SLOW.search(text)]

    def _onboard(self) -> None:
        code = self.post("/api/onboarding/users", _USER | {"client_id": _CLIENT})["auth_code"]
        tokens = self._token(grant_type="authorization_code", code=code)
        self._refresh_token, self._access_token = tokens["refresh_token"], tokens["access_token"]
        self.post("/api/onboarding/core_config", {})
        self.post("/api/onboarding/analytics", {})
        self.post("/api/onboarding/integration", {"client_id": _CLIENT, "redirect_uri": _CLIENT})

    def _renew(self) -> None:
        self._access_token = ""
        tokens = self._token(grant_type="refresh_token", refresh_token=self._refresh_token)
        self._access_token = tokens["access_token"]

    def _token(self, **form: str) -> dict[str, str]:
        body = urllib.parse.urlencode(form | {"client_id": _CLIENT}).encode()
        tokens: dict[str, str] = self._request("POST", "/auth/token", body, "application/x-www-form-urlencoded")
        return tokens

    def _request(self, method: str, path: str, body: bytes | None = None, content: str = "") -> Any:
        headers = {"Content-Type": content} if content else {}
        if self._access_token:
            headers["Authorization"] = f"Bearer {self._access_token}"
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_WITHIN)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status not in (200, 201):
            raise HomeAssistantError(f"{method} {path}: {answer.status} {text.decode(errors='replace')[:500]}")
        return json.loads(text)


class WebSocketApi:
    """Home Assistant's WebSocket interface: one command after the other."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = websocket.create_connection(f"ws://{HOST}:{port}/api/websocket", timeout=ANSWER_WITHIN)
        self._number = 0
        self._receive()  # auth_required
        self._send({"type": "auth", "access_token": token})
        answer = self._receive()
        if answer["type"] != "auth_ok":
            raise HomeAssistantError(f"login failed: {answer}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def call(self, kind: str, **arguments: object) -> Any:
        """Send a command, and return its result."""
        self._number += 1
        self._send({"id": self._number, "type": kind} | arguments)
        while True:
            answer = self._receive()
            if answer.get("id") == self._number and answer["type"] == "result":
                if not answer["success"]:
                    raise HomeAssistantError(f"{kind}: {answer['error']}")
                return answer["result"]

    def _send(self, message: dict[str, object]) -> None:
        self._socket.send(json.dumps(message))

    def _receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._socket.recv())
        return answer
