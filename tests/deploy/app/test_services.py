"""How s6 runs the programs of the app, and of the image without Home Assistant."""

import re
from pathlib import Path

import pytest

import deploy.app
from tests.test_layers import ROOT

SERVICES = Path(deploy.app.__file__).with_name("services")
RUNS = {file.parent.name: file for file in SERVICES.glob("*/run")}
ALONE = SERVICES.parents[1] / "image" / "services"
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_only_those_that_ask_the_supervisor_and_home_assistant_have_the_token() -> None:
    """The token opens Home Assistant as an administrator."""
    assert set(RUNS) == {"home-assistant", "mariadb", "monitor", "reader", "storer", "take-over", "watch"}
    with_token = {name for name, file in RUNS.items() if "-u SUPERVISOR_TOKEN" not in file.read_text()}
    assert with_token == {"home-assistant", "watch"}


@pytest.mark.parametrize("name", ["reader", "storer", "monitor"])
def test_each_program_has_a_user_of_its_own_that_the_image_has(name: str) -> None:
    users = {other: re.findall(r"(?:s6-setuidgid |--reuid=)(\S+)", RUNS[other].read_text()) for other in RUNS}
    (user,) = users.pop(name)
    assert re.search(rf"\d+:{user}\b", DOCKERFILE)
    assert [user] not in users.values()


def test_all_are_stopped_when_the_container_is_and_the_database_last() -> None:
    stop = (SERVICES / ".s6-svscan" / "SIGTERM").read_text()
    match = re.search(r"for service in (.*?); do", stop)
    assert match
    order = match[1].split()
    assert set(order) == set(RUNS) | {file.parent.name for file in ALONE.glob("*/run")}
    assert order.index("reader") < order.index("storer") < order.index("mariadb") == len(order) - 1


def test_s6_can_run_all_of_it() -> None:
    files = [*SERVICES.rglob("run"), *SERVICES.rglob("finish"), *ALONE.rglob("run")]
    files += [SERVICES / ".s6-svscan" / "SIGTERM", SERVICES / ".after", SERVICES / ".finish"]
    assert all(file.stat().st_mode & 0o111 == 0o111 for file in files)
