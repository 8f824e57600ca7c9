from pathlib import Path

import pytest

from common.machine.deployment import VARIABLE, Commands, Deployment, here, started_with

APP, IMAGE, COMPOSE, SYSTEMD, SHELL = (Commands(deployment) for deployment in Deployment)


def test_compose_is_detected_by_its_variable(tmp_path: Path) -> None:
    assert here("teleinfo-reader", {VARIABLE: "compose"}, tmp_path) == COMPOSE


def test_the_app_is_detected_by_its_variable(tmp_path: Path) -> None:
    assert here("teleinfo-reader", {VARIABLE: "app"}, tmp_path) == APP


def test_in_the_one_image_all_commands_name_its_container(tmp_path: Path) -> None:
    assert here("teleinfo-reader", {VARIABLE: "image"}, tmp_path) == IMAGE
    assert IMAGE.run("teleinfo-storer", "check") == "docker exec -it teleinfo teleinfo-storer check"
    assert IMAGE.run_alone("teleinfo-storer", "backup") == "docker exec -it teleinfo teleinfo-storer backup"
    assert IMAGE.sql() == "docker exec -it teleinfo mariadb"
    assert IMAGE.restart("mosquitto") == IMAGE.restart("teleinfo-reader") == "docker restart teleinfo"
    assert IMAGE.log("teleinfo-monitor") == "docker logs --tail 20 teleinfo"
    assert IMAGE.on_host("sudo reboot") == "outside the container: sudo reboot"


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


def test_in_home_assistant_nothing_is_said_of_docker_or_sudo() -> None:
    """The owner has a form of options, a log, and buttons."""
    said = [
        APP.run("teleinfo-storer", "check"),
        APP.run_alone("teleinfo-storer", "restore"),
        APP.sudo("teleinfo-reader", "check"),
        APP.sql(),
        APP.on_host("sudo timedatectl set-ntp true"),
        *(f(name) for f in (APP.start, APP.stop, APP.restart, APP.log) for name in ("teleinfo-reader", "mosquitto")),
    ]
    assert not any(word in text for text in said for word in ("sudo", "docker", "systemctl", "journalctl"))
    assert APP.start("mosquitto") == "in Home Assistant, start the app Mosquitto broker"
    assert APP.restart("teleinfo-reader") == "in Home Assistant, restart this app"
    assert APP.setting("mqtt.password_file") == "the app's option mqtt.password"
    assert APP.setting("spool.max_size") == "spool.max_size"


def test_other_servers_are_services_outside_of_compose() -> None:
    assert COMPOSE.start("mosquitto") == "docker compose up -d mosquitto"
    assert SYSTEMD.start("mosquitto") == SHELL.start("mosquitto") == "sudo systemctl enable --now mosquitto"


def test_a_command_names_the_configuration_that_the_running_program_was_given(tmp_path: Path) -> None:
    file = tmp_path / "my reader.yaml"
    given = Commands(Deployment.SHELL, "teleinfo-reader", str(file))
    for command in (
        given.run("teleinfo-reader", "check"),
        given.run_alone("teleinfo-reader", "check"),
        given.start("teleinfo-reader"),
        given.restart("teleinfo-reader"),
    ):
        assert command.endswith(f" --config '{file}'")
    assert "--config" not in given.run("teleinfo-storer", "check")  # where its file is, nobody said
    assert Commands(Deployment.SYSTEMD, "teleinfo-reader", str(file)).start("teleinfo-reader").endswith("reader")


def test_the_default_configuration_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.machine.deployment._started", ("", ""))
    started_with("teleinfo-reader", Path("/etc/teleinfo/reader.yaml"))
    assert here("teleinfo-reader", {}, Path("/none")) == SHELL
    started_with("teleinfo-reader", Path("reader.yaml"))
    assert here("teleinfo-reader", {}, Path("/none")) == Commands(Deployment.SHELL, "teleinfo-reader", "reader.yaml")


def test_a_program_that_the_shell_does_not_find_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "teleinfo-reader").touch(0o755)
    monkeypatch.setattr("sys.executable", str(folder / "python"))
    monkeypatch.setenv("PATH", "/usr/bin")
    assert SHELL.start("teleinfo-reader") == f"{folder}/teleinfo-reader run"
    assert SHELL.sudo("teleinfo-reader", "check") == f"sudo {folder}/teleinfo-reader check"
    assert SHELL.run("teleinfo-reader", "check") == f"{folder}/teleinfo-reader check"
    monkeypatch.setenv("PATH", str(folder))
    assert SHELL.run("teleinfo-reader", "check") == "teleinfo-reader check"
