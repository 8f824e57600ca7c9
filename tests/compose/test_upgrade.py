"""`docker compose up -d` after all of our images are new: what it replaces, and what goes on."""

import subprocess

from tests.compose.stack import Stack
from tests.support.programs import wait_until

OURS = ("reader", "storer", "monitor", "setup")


def make_new(stack: Stack) -> None:
    """Give all of our images another digest, as `docker compose pull` does."""
    for name in OURS:
        image = f"{stack.env['TELEINFO_IMAGES']}/{name}:latest"
        command = ["docker", "build", "--quiet", "--tag", image, "-"]
        subprocess.run(command, input=f"FROM {image}\nLABEL upgraded=yes\n".encode(), check=True, capture_output=True)


def containers(stack: Stack) -> dict[str, str]:
    return {one["Config"]["Labels"]["com.docker.compose.service"]: one["Id"] for one in stack.inspect()}


def test_an_upgrade_replaces_our_programs_only_and_the_reader_is_back(stack: Stack) -> None:
    stack.up()
    before = containers(stack)
    make_new(stack)
    stack.compose("up", "-d")
    after = containers(stack)
    assert {name for name in after if after[name] == before[name]} == {"mosquitto", "mariadb"}

    ((restarted,),) = stack.sql("SELECT NOW(6)")
    newer = f"SELECT COUNT(*) FROM frames WHERE timestamp > '{restarted}'"
    wait_until(lambda: stack.sql(newer) != [["0"]], 120, "a frame of the new reader")
