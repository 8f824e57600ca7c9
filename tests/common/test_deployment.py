from pathlib import Path

import pytest

from common.deployment import VARIABLE, Commands, Deployment, here

COMPOSE, SYSTEMD, SHELL = (Commands(deployment) for deployment in Deployment)


def test_compose_is_detected_by_its_variable(tmp_path: Path) -> None:
    assert here("teleinfo-reader", {VARIABLE: "compose"}, tmp_path) == COMPOSE


@pytest.mark.parametrize("folder", ["etc/systemd/system", "usr/lib/systemd/system"])
def test_systemd_is_detected_by_the_unit_of_the_program(tmp_path: Path, folder: str) -> None:
    unit = tmp_path / folder / "teleinfo-reader.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    assert here("teleinfo-reader", {}, tmp_path) == SYSTEMD
    assert here("", {}, tmp_path) == SYSTEMD
    assert here("teleinfo-storer", {}, tmp_path) == SHELL


def test_anything_else_is_a_shell(tmp_path: Path) -> None:
    assert here("teleinfo-reader", {}, tmp_path) == SHELL


def test_compose_commands_do_not_use_systemd_and_shell_commands_no_container() -> None:
    def all_of(commands: Commands) -> list[str]:
        program = "teleinfo-storer"
        return [
            commands.run(program, "check"),
            commands.start(program),
            commands.stop(program),
            commands.restart(program),
            commands.log(program),
        ]

    assert all(text.startswith("docker compose ") and " storer" in text for text in all_of(COMPOSE))
    assert all("systemctl" in text or "journalctl" in text or "sudo teleinfo" in text for text in all_of(SYSTEMD))
    assert not any("systemctl" in text or "docker" in text or "journalctl" in text for text in all_of(SHELL))


def test_other_servers_are_services_outside_of_compose() -> None:
    assert COMPOSE.start("mosquitto") == "docker compose up -d mosquitto"
    assert SYSTEMD.start("mosquitto") == SHELL.start("mosquitto") == "sudo systemctl enable --now mosquitto"
