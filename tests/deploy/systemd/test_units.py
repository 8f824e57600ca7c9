"""The services' units and the rules for dongles: right to systemd, and in step with the programs."""

import configparser
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from common.runtime.cli import PERMANENT_ERROR, USAGE
from deploy.machine import configuration
from monitor.__main__ import CONFIG as MONITOR_CONFIG
from monitor.base.config import MonitorConfig
from reader.__main__ import CONFIG as READER_CONFIG
from reader.config import SpoolConfig
from storer.commands import CONFIG as STORER_CONFIG

ROOT = Path(__file__).resolve().parents[3]
PACKAGING = ROOT / "deploy" / "systemd"
RULES = PACKAGING / "70-teleinfo.rules"
MOST_EXPOSED = 1.9  # of 10, as `systemd-analyze security` counts; the aim is to stay below 2

UNITS = {name: PACKAGING / f"teleinfo-{name}.service" for name in ("reader", "storer", "monitor")}

SETUP = PACKAGING / "teleinfo-setup.service"

each_unit = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed: `./run test` gets it from apt, where there is one", pytrace=False)
    return found


def settings(unit: Path) -> configparser.SectionProxy:
    """The section [Service]; of an option that is there several times, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=["="], comment_prefixes=["#"])
    setattr(parser, "optionxform", str)  # noqa: B010 - as they are written; a method, to mypy
    parser.read(unit)
    return parser["Service"]


def check(*command: str | Path) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


@each_unit
def test_systemd_understands_the_unit_and_has_nothing_to_say(unit: Path, tmp_path: Path) -> None:
    # Its program is not installed here; any other is as good.
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^(ExecStart\w*=)\S+", r"\1/bin/true", unit.read_text(), flags=re.MULTILINE))
    assert check(program("systemd-analyze"), "verify", "--man=no", copy) == ""


@pytest.mark.parametrize("unit", [*UNITS.values(), SETUP], ids=[*UNITS, "setup"])
def test_the_service_gives_up_what_it_does_not_need(unit: Path) -> None:
    threshold = f"--threshold={round(MOST_EXPOSED * 10)}"
    check(program("systemd-analyze"), "security", "--offline=yes", "--no-pager", threshold, unit)


def test_udev_understands_the_rules() -> None:
    check(program("udevadm"), "verify", "--resolve-names=never", RULES)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_runs_the_command_that_the_project_has(name: str) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    command, argument = settings(UNITS[name])["ExecStart"].split()
    assert Path(command).name in scripts
    assert argument == "run"
    assert command == f"/opt/teleinfo/{name}/bin/teleinfo-{name}"


@pytest.mark.parametrize(
    ("name", "codes"), [("reader", {USAGE}), ("storer", {USAGE, PERMANENT_ERROR}), ("monitor", {USAGE})]
)
def test_what_only_a_person_can_change_is_not_tried_again(name: str, codes: set[int]) -> None:
    assert {int(code) for code in settings(UNITS[name])["RestartPreventExitStatus"].split()} == codes


def test_the_reader_finds_its_folders_where_it_looks_for_them() -> None:
    spool, unit = SpoolConfig(), settings(UNITS["reader"])
    assert Path("/run", unit["RuntimeDirectory"]) == spool.journal
    assert Path("/var/lib", unit["StateDirectory"]) == spool.path
    assert unit["RuntimeDirectoryPreserve"] == "yes"  # what waits there outlives the service


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("monitor", MonitorConfig().state),
        ("storer", Path(yaml.safe_load((ROOT / "storer.example.yaml").read_text())["backup"]["folder"])),
    ],
)
def test_monitor_and_storer_find_their_folders_where_they_look_for_them(name: str, folder: Path) -> None:
    unit = settings(UNITS[name])
    assert Path("/var/lib", unit["StateDirectory"]) == folder
    assert unit["StateDirectoryMode"] == "0700"


@each_unit
def test_a_kill_does_not_take_what_the_user_keeps_in_dev_shm(unit: Path) -> None:
    assert settings(unit).get("RemoveIPC", "no") == "no"


def test_the_configuration_is_installed_where_the_programs_look_for_it() -> None:
    install = (ROOT / "deploy/packages/postinst").read_text()
    file = re.search(r"^ *file=(\S+)", install, re.MULTILINE)
    assert file
    for name, path in {"reader": READER_CONFIG, "storer": STORER_CONFIG, "monitor": MONITOR_CONFIG}.items():
        assert Path(file[1].replace("$program", name)) == path


def test_each_service_has_a_user_of_its_own() -> None:
    users = {name: (settings(unit)["User"], settings(unit)["Group"]) for name, unit in UNITS.items()}
    assert users == {name: (f"teleinfo-{name}", f"teleinfo-{name}") for name in UNITS}
    groups = {name: set(settings(unit)["SupplementaryGroups"].split()) for name, unit in UNITS.items()}
    assert groups == {"reader": {"teleinfo", "dialout"}, "storer": {"teleinfo"}, "monitor": {"teleinfo"}}


@each_unit
def test_a_line_of_the_log_sets_no_priority_in_the_journal(unit: Path) -> None:
    assert settings(unit)["SyslogLevelPrefix"] == "no"


def test_the_package_is_told_of_what_the_page_writes_for_the_broker() -> None:
    watched = re.findall(r"^PathChanged=(.+)$", (PACKAGING / "teleinfo-setup.path").read_text(), re.MULTILINE)
    assert watched == [configuration.STATE] == [str(MonitorConfig().state)]
    assert {str(Path(file).parent) for file in (configuration.ACCOUNTS, configuration.BROKER)} == set(watched)
