"""`docker compose up -d` after all of our images are new: what it replaces, and how long the meter is not read."""

import subprocess

from tests.compose.stack import Stack
from tests.support.programs import wait_until

OURS = ("reader", "storer", "monitor", "setup")
#: Seconds between two frames; 20 when the reader waited for a new broker, 3 now, of which 1 is the meter's own.
LONGEST = 10.0


def make_new(stack: Stack) -> None:
    """Give all of our images another digest, as `docker compose pull` does."""
    for name in OURS:
        image = f"{stack.env['TELEINFO_IMAGES']}/{name}:latest"
        command = ["docker", "build", "--quiet", "--tag", image, "-"]
        subprocess.run(command, input=f"FROM {image}\nLABEL upgraded=yes\n".encode(), check=True, capture_output=True)


def containers(stack: Stack) -> dict[str, str]:
    return {one["Config"]["Labels"]["com.docker.compose.service"]: one["Id"] for one in stack.inspect()}


def test_an_upgrade_replaces_our_programs_only_and_the_reader_is_back_at_once(stack: Stack) -> None:
    stack.up()
    before = containers(stack)
    ((newest,),) = stack.sql("SELECT MAX(timestamp) FROM frames")
    make_new(stack)
    stack.compose("up", "-d")
    after = containers(stack)
    assert {name for name in after if after[name] == before[name]} == {"mosquitto", "mariadb"}

    ((restarted,),) = stack.sql("SELECT NOW(6)")
    since = f"SELECT timestamp FROM frames WHERE timestamp >= '{newest}'"
    wait_until(lambda: stack.sql(f"{since} AND timestamp > '{restarted}'") != [], 120, "a frame of the new reader")
    lag = "TIMESTAMPDIFF(MICROSECOND, LAG(timestamp) OVER (ORDER BY timestamp), timestamp) / 1000000"
    ((longest,),) = stack.sql(f"SELECT MAX(gap) FROM (SELECT {lag} AS gap FROM ({since}) AS recent) AS gaps")
    assert float(longest) < LONGEST
