"""`run` imports only what it uses: it stays in memory for months, and a small machine loads it slowly."""

import subprocess
import sys
from pathlib import Path

import pytest

from common.settings.config import load
from reader.config import ReaderConfig

#: Of the standard library: what is large, and needed by other commands only.
UNUSED = {"asyncio", "concurrent.futures", "email", "http.client", "multiprocessing", "rich", "sqlite3", "subprocess"}
#: What libraries import for what is rare here; `dis` stands for inspect, which a dataclass without docstring loads.
DEFERRED = {"_hashlib", "_ssl", "difflib", "zoneinfo"}
if sys.version_info < (3, 13):  # from then on dataclasses always need inspect
    DEFERRED.add("dis")
READER = {
    "reader.check",
    "reader.watch",
    "reader.recording",
    "reader.simulator",
    "common.check",
}
STORER = {
    "storer.check",
    *(f"storer.backup.{name}" for name in ("backup", "dump", "folder", "month_file", "restore")),
    "storer.export",
    "storer.requests.retained",
    "common.check",
}

MONITOR = {
    "apprise",
    "anyio",
    "mcp",
    "monitor.mcp.command",
    "monitor.mcp.server",
    "monitor.places.status.check",
    "pydantic",
    "monitor.places.review.report",
    "rich",
    "common.check",
    "sqlite3",
}
#: Runs `run` up to the call that builds its service, and prints what was imported by then.
RUN = """
import sys
from {program}.__main__ import main

class Built(BaseException):
    pass

def profile(frame, event, _):
    if event == "call" and frame.f_code.co_qualname == "{build}":
        raise Built

sys.argv = ["teleinfo", *{arguments}]
sys.setprofile(profile)
try:
    main()
except Built:
    print("built")
print(*sys.modules, sep="\\n")
"""


def imported(program: str, build: str, *arguments: str | Path) -> set[str]:
    """Return the modules that a command has imported when it calls the function `build`."""
    code = RUN.format(program=program, build=build, arguments=[str(part) for part in arguments])
    result = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    _, built, modules = result.stdout.partition("built\n")
    assert built, result.stderr
    return set(modules.split())


def below(modules: set[str], names: set[str]) -> set[str]:
    return {module for module in modules if any(f"{module}.".startswith(f"{name}.") for name in names)}


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "reader.yaml"
    file.write_text("port: /dev/ttyUSB0\n")
    return file


@pytest.mark.parametrize("program", ["reader", "storer", "monitor"])
def test_the_version_is_printed_without_what_commands_import(program: str) -> None:
    modules = imported(program, "ArgumentParser.exit", "--version")  # in a clone, git is asked for the commit
    assert below(modules, UNUSED - {"subprocess"} | {"paho", "pymysql", "yaml", f"{program}.config"}) == set()


def test_a_reader_of_a_meter_imports_no_other_command_and_no_simulator(configuration: Path) -> None:
    modules = imported("reader", "build_reader", "run", "--config", configuration)
    assert {"reader.service", "reader.line.worker", "paho.mqtt.client"} <= modules
    assert below(modules, READER | UNUSED - {"sqlite3"} | DEFERRED) == set()


def test_a_reader_of_a_simulated_meter_imports_the_simulator(tmp_path: Path) -> None:
    file = tmp_path / "simulated.yaml"
    file.write_text("port: simulate://standard-single-phase-base\n")
    assert load(ReaderConfig, file).port == ("simulate://standard-single-phase-base",)
    modules = imported("reader", "build_reader", "run", "--config", file)
    assert below(modules, READER) == below(modules, {"reader.simulator"}) != set()


def test_a_monitor_imports_no_other_command(tmp_path: Path) -> None:
    file = tmp_path / "open.yaml"
    file.write_text("auth: none\n")
    modules = imported("monitor", "build", "run", "--config", file)
    assert {"uvicorn", "pymysql", "paho.mqtt.client"} <= modules
    assert below(modules, MONITOR) == set()


def test_a_storer_imports_no_other_command(tmp_path: Path) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text("")
    modules = imported("storer", "Storer.__init__", "run", "--config", file)
    assert {"storer.database.schema", "pymysql", "paho.mqtt.client"} <= modules
    assert below(modules, STORER | UNUSED - {"concurrent.futures"} | {"_ssl", "tempfile", "zoneinfo"}) == set()
