"""Which containers run, with which user and rights, and that their secrets cannot be seen."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compose.stack import SERVICES, Stack
from tests.support.programs import ROOT, wait_until


def test_rows_arrive(stack: Stack) -> None:
    def rows() -> int:
        return int(stack.sql("SELECT COUNT(*) FROM teleinfoframes")[0][0])

    first = rows()
    wait_until(lambda: rows() >= first + 3, 120, "three more rows")


def test_without_a_meter_the_log_says_what_to_set(stack: Stack) -> None:
    logs = stack.compose("logs", "reader")
    assert "NO METER" in logs
    assert "TIC_PORT" in logs
    assert "docker compose run --rm setup meter" in logs


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_has_no_rights_and_writes_nowhere(stack: Stack, service: str) -> None:
    status = dict(
        line.split(":", 1)
        for line in stack.inside(service, "cat /proc/1/status").splitlines()
        if line.startswith(("Uid", "Gid", "Cap", "NoNewPrivs", "Seccomp:"))
    )
    assert "0" not in status["Uid"].split()
    assert "0" not in status["Gid"].split()
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"].strip() == "1"
    for folder in ("/", "/etc", "/usr/bin", "/opt", "/var", "/run/teleinfo"):
        output = stack.inside(service, f"[ ! -d {folder} ] || touch {folder}/x", check=False)
        assert output.startswith("0\n") or re.search("Read-only file system|Permission denied", output), (
            folder,
            output,
        )
        assert not stack.inside(service, f"ls {folder}/x 2>/dev/null || true")


def test_each_container_is_bounded_and_comes_back(stack: Stack) -> None:
    containers = stack.inspect()
    assert {container["Config"]["Labels"]["com.docker.compose.service"] for container in containers} == {
        *SERVICES,
        "prepare",
    }
    for container in containers:
        name, host = container["Name"], container["HostConfig"]
        setup = container["Config"]["Labels"]["com.docker.compose.service"] == "prepare"
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*|[1-9]\d*", container["Config"]["User"]), name
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["CapAdd"] or []) == (True, ["ALL"], []), name
        assert (host["SecurityOpt"], host["Privileged"]) == (["no-new-privileges:true"], False), name
        assert min(host["Memory"], host["PidsLimit"]) > 0, name
        assert host["LogConfig"]["Config"]["max-size"], name
        assert host["RestartPolicy"]["Name"] == ("no" if setup else "unless-stopped"), name
        assert setup or container["State"]["Health"]["Status"] == "healthy", name


def test_only_tls_is_open_to_other_machines(stack: Stack) -> None:
    ports = {
        (inside, binding["HostIp"])
        for container in stack.inspect()
        for inside, bindings in (container["NetworkSettings"]["Ports"] or {}).items()
        for binding in bindings or ()
    }
    assert {inside for inside, address in ports if address not in ("127.0.0.1", "::1")} == {"8883/tcp"}


def test_no_secret_can_be_seen_from_outside(stack: Stack) -> None:
    names = [line.split()[0] for line in stack.setup("credentials").splitlines()]
    secrets = {name: stack.password(name) for name in names}
    assert len(set(secrets.values())) == len(names) >= 7
    images = {str(container["Image"]) for container in stack.inspect()}
    history = [
        subprocess.run(["docker", "history", "--no-trunc", image], capture_output=True, text=True, check=True).stdout
        for image in images
    ]
    environments = [stack.inside(service, "tr '\\0' '\\n' </proc/1/environ") for service in SERVICES]
    places = {
        "inspect": str(stack.inspect()),
        "history": "".join(history),
        "environment": "".join(environments),
        "processes": stack.compose("top"),
        "logs": stack.compose("logs", *SERVICES, "prepare"),  # `logs` alone leaves MariaDB out
        "config": stack.compose("config"),
    }
    found = [(name, place) for name, secret in secrets.items() for place, text in places.items() if secret in text]
    assert found == []
    # Each has its own, and none has those of the others.
    assert secrets["reader"] in stack.inside("reader", "cat /run/teleinfo/*")
    assert not re.search(secrets["reader"], stack.inside("storer", "cat /run/teleinfo/*"))


def test_the_programs_have_no_installer(stack: Stack) -> None:
    for service in ("reader", "storer", "monitor"):
        assert stack.inside(service, "ls /opt/teleinfo/bin").split().count("pip") == 0


def test_an_image_that_is_no_release_says_so(stack: Stack) -> None:
    assert stack.inside("reader", "teleinfo-reader --version").strip().endswith("+unreleased")


def test_with_your_own_broker_or_database_ours_is_not_started(stack: Stack) -> None:
    def services(**own: str) -> set[str]:
        names = dict(stack.env)
        stack.env |= own
        try:
            return set(stack.compose("config", "--services").split()) - {"started"}  # of which there is no container
        finally:
            stack.env = names

    everything = {*SERVICES, "prepare"}
    assert services() == everything
    assert services(MQTT_HOST="192.0.2.1") == everything - {"mosquitto"}
    assert services(DATABASE_HOST="192.0.2.1") == everything - {"mariadb"}
    assert services(MQTT_HOST="192.0.2.1", MQTT_TLS="/dev/null", DATABASE_HOST="192.0.2.1") == everything - {
        "mosquitto",
        "mariadb",
    }


def test_no_compiler_is_needed_where_there_is_no_wheel(stack: Stack, tmp_path: Path) -> None:
    """For 32-bit ARM each library but PyYAML has a pure wheel, and that one is built in an image without a compiler."""
    lock = (ROOT / "requirements" / "full.txt").read_text()
    pinned = {name: f"{name}=={version}" for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE)}
    del pinned["pyyaml"]
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    download += ["--platform", "linux_armv6l", "--python-version", "3.13", "--dest", str(tmp_path), *pinned.values()]
    subprocess.run(download, check=True, capture_output=True, timeout=900)
    wheels = [wheel.name for wheel in tmp_path.iterdir()]
    assert len(wheels) == len(pinned)
    assert all(name.endswith("-none-any.whl") for name in wheels)
    command = ["docker", "build", "--quiet", "--target", "build", "--build-arg", "NO_BINARY=PyYAML", "."]
    image = subprocess.run(
        command, cwd=stack.root, capture_output=True, text=True, check=True, timeout=900
    ).stdout.strip()
    run = ["docker", "run", "--rm", "--network", "none", image]
    script = "import shutil, yaml; print(shutil.which('cc') or shutil.which('gcc'), yaml.safe_load('{a: 1}'))"
    output = subprocess.run(
        [*run, "/opt/teleinfo/bin/python", "-c", script], capture_output=True, text=True, check=True
    )
    subprocess.run(["docker", "image", "rm", image], capture_output=True, check=True)
    assert output.stdout == "None {'a': 1}\n"


def test_a_backup_that_fails_is_told_and_stops_nothing(stack: Stack, tmp_path: Path) -> None:
    """With a folder in which it cannot write; see tests/storer/backup for what the storer makes of it."""
    tmp_path.chmod(0o755)
    try:
        stack.env["BACKUP_FOLDER"] = str(tmp_path)
        stack.compose("up", "-d", "--no-deps", "--wait", "storer")
        said = stack.inside("storer", "teleinfo-storer backup", check=False)
        assert "cannot be written: Permission denied" in said
    finally:
        del stack.env["BACKUP_FOLDER"]
        stack.up()
