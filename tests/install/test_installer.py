"""The installer, on a machine whose systemd does not run."""

import re

import pytest

from tests.install.machine import CLONE, Machine

READER_YAML = "/etc/teleinfo/reader.yaml"
COMMAND = "/opt/teleinfo-monitor/current/bin/teleinfo-reader"


def set_version(machine: Machine, version: str) -> None:
    file = machine.path(f"{CLONE}/common/machine/version.py")
    file.write_text(re.sub("^__version__ = .*", f'__version__ = "{version}"', file.read_text(), flags=re.MULTILINE))


def installed_version(machine: Machine) -> str:
    python = "/opt/teleinfo-monitor/current/bin/python"
    return machine.run(python, "-I", "-c", "from common.machine.version import __version__; print(__version__)").strip()


@pytest.mark.parametrize("program", ["reader", "storer", "monitor"])
def test_a_dry_run_prints_each_step_and_changes_nothing(machine: Machine, program: str) -> None:
    before = machine.snapshot()
    output = machine.install(program, "--dry-run")
    assert machine.snapshot() == before
    for what in (
        f"user teleinfo-{program}",
        "/opt/teleinfo-monitor",
        f"/etc/teleinfo/{program}.yaml",
        f"teleinfo-{program}.service",
    ):
        assert what in output
    assert "Traceback" not in output


def test_a_dry_run_without_root_does_not_guess_what_exists(prepared: Machine) -> None:
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"{CLONE}/run", "install", "reader")
    assert "would create the user" in prepared.run(*nobody, "--dry-run")
    prepared.install("reader")
    result = prepared.try_(*nobody, "--dry-run")
    assert result.returncode == 1
    assert "needs an administrator" in result.stdout
    assert "would write" not in result.stdout  # a configuration is there, which nobody may see


def test_a_system_with_an_older_python_is_not_changed(machine: Machine) -> None:
    python = machine.path(
        "/usr/bin/python3.11" if machine.path("/usr/bin/python3.11").exists() else "/usr/bin/python3.13"
    )
    kept = python.rename(python.with_name("kept"))
    try:
        machine.write(f"/usr/bin/{python.name}", "#!/bin/sh\necho Python 3.9.2\nexit 1\n", mode=0o755)
        before = machine.snapshot()
        result = machine.try_(f"{CLONE}/run", "install", "reader")
        assert machine.snapshot() == before
    finally:
        kept.rename(python)
    assert result.returncode == 1
    assert "Python 3.9.2" in result.stdout


def test_it_installs_and_prints_what_remains_to_be_done(machine: Machine) -> None:
    # Somebody's clone may be for his eyes only; what is made of it is for all.
    machine.run("chmod", "-R", "go=", CLONE)

    def clone() -> dict[str, tuple[int, ...]]:
        return {name: what for name, what in machine.snapshot().items() if name.startswith(CLONE)}

    before = clone()
    output = machine.install("reader")
    assert clone() == before
    assert "/dev/ttyAMA0 does not exist" in output
    assert f"sudo nano {READER_YAML}" in output
    assert "sudo systemctl enable --now teleinfo-reader" in output
    assert sorted(machine.run("id", "-nG", "teleinfo-reader").split()) == ["dialout", "teleinfo", "teleinfo-reader"]
    assert machine.run("stat", "-c", "%A %U:%G", "/etc/teleinfo", READER_YAML).splitlines() == [
        "drwxr-x--- root:teleinfo",
        "-rw-r----- root:teleinfo-reader",
    ]
    assert machine.path(READER_YAML).read_text() == machine.path(f"{CLONE}/reader.example.yaml").read_text()
    assert not machine.run("find", "/opt/teleinfo-monitor", "!", "-type", "l", "!", "-perm", "-o=r")
    assert "with libyaml: False" in machine.run(
        "/opt/teleinfo-monitor/current/bin/python", "-c", "import yaml; print('with libyaml:', yaml.__with_libyaml__)"
    )


def test_installed_twice_it_does_nothing_more_and_keeps_the_configuration(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.path(READER_YAML).write_text("port: /dev/mine\n")
    before = prepared.snapshot()
    output = prepared.install("reader")
    assert prepared.snapshot() == before
    assert "install the programs" not in output


def test_a_configuration_that_only_root_can_read_is_reported_with_the_fix(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.run("chmod", "600", READER_YAML)
    fix = f"sudo chgrp teleinfo-reader {READER_YAML} && sudo chmod 640 {READER_YAML}"
    assert fix in prepared.install("reader")
    prepared.run("sh", "-c", fix.replace("sudo ", ""))
    assert fix not in prepared.install("reader")


def test_the_clone_can_be_deleted(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.run("rm", "-r", CLONE)
    assert "usage" in prepared.run(
        "setpriv", "--reuid=teleinfo-reader", "--regid=teleinfo-reader", "--init-groups", COMMAND, "--help"
    )
    prepared.clone()


def test_an_upgrade_replaces_the_previous_version(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.path(READER_YAML).write_text("port: /dev/mine\n")
    set_version(prepared, "99.1")
    prepared.install("reader")
    assert installed_version(prepared) == "99.1"
    assert prepared.path(READER_YAML).read_text() == "port: /dev/mine\n"
    environments = [path.name for path in prepared.path("/opt/teleinfo-monitor").iterdir() if not path.is_symlink()]
    assert len(environments) == 1


def test_an_upgrade_that_fails_keeps_the_previous_version(prepared: Machine) -> None:
    prepared.install("reader")
    version = installed_version(prepared)
    before = prepared.snapshot()
    prepared.path(f"{CLONE}/reader/__main__.py").write_text("import nothing_like_this\n")
    result = prepared.try_(f"{CLONE}/run", "install", "reader")
    assert result.returncode != 0
    assert "failed; those in use are unchanged" in result.stdout
    assert installed_version(prepared) == version
    assert prepared.run(COMMAND, "--help")
    left = {name for name in prepared.snapshot().keys() - before.keys() if "__pycache__" not in name}
    assert not [name for name in left if name.startswith(("/opt", "/etc", "/usr/local"))]
    assert not [*prepared.path("/tmp").iterdir()]


def test_both_programs_share_what_they_need_until_the_last_is_removed(prepared: Machine) -> None:
    prepared.install("reader")
    output = prepared.install("storer")
    assert "install the programs" not in output  # they are there
    assert "/etc/teleinfo/database-password cannot be read" in output
    assert "sudo install -m 640 -g teleinfo-storer /dev/stdin /etc/teleinfo/database-password" in output
    prepared.uninstall("reader", "--purge")
    traces = prepared.traces()
    assert "/etc/systemd/system/teleinfo-storer.service" in traces
    assert "/etc/teleinfo/storer.yaml" in traces
    assert not [name for name in traces if "reader" in name and not name.startswith("/opt/")]
    assert prepared.run("/usr/local/bin/teleinfo-storer", "--help")


def test_the_monitor_waits_for_the_password_of_its_account(prepared: Machine) -> None:
    output = prepared.install("monitor")
    assert "sudo install -m 640 -g teleinfo-monitor /dev/stdin /etc/teleinfo/monitor-password" in output
    assert len(re.findall(r"the password of the page: \S{16}$", output, re.MULTILINE)) == 1
    assert prepared.run("stat", "-c", "%A %U:%G", "/etc/teleinfo/page-password").strip() == (
        "-rw-r----- root:teleinfo-monitor"
    )
    assert prepared.run("cat", "/etc/teleinfo/page-password").startswith("$scrypt$")
    assert "the password of the page" not in prepared.install("monitor")
    assert sorted(prepared.run("id", "-nG", "teleinfo-monitor").split()) == ["teleinfo", "teleinfo-monitor"]
    assert prepared.run("stat", "-c", "%A %U:%G", "/etc/teleinfo/monitor.yaml").strip() == (
        "-rw-r----- root:teleinfo-monitor"
    )
    assert prepared.run("/usr/local/bin/teleinfo-monitor", "--help")


def test_the_last_of_three_takes_the_programs_along(prepared: Machine) -> None:
    for program in ("reader", "storer", "monitor"):
        prepared.install(program)
    output = prepared.uninstall("storer", "--purge")
    assert "the user teleinfo-reader, the user teleinfo-monitor (of teleinfo-reader teleinfo-monitor)" in output
    prepared.uninstall("reader", "--purge")
    assert prepared.run("/usr/local/bin/teleinfo-monitor", "--help")
    prepared.uninstall("monitor", "--purge")
    assert prepared.traces() == []


def test_an_upgrade_of_one_updates_the_unit_of_the_other(prepared: Machine) -> None:
    prepared.install("storer")
    unit = prepared.path("/etc/systemd/system/teleinfo-storer.service")
    new = unit.read_text()
    unit.write_text(new.replace("LimitCORE=0\n", ""))
    prepared.install("reader")
    assert unit.read_text() == new


def test_uninstalled_it_keeps_configuration_and_frames_and_prints_so(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.write("/var/lib/teleinfo/00000001.spool", "frames")
    output = prepared.uninstall("reader")
    assert "kept: /etc/teleinfo, /var/lib/teleinfo, the user teleinfo-reader" in output
    assert "--purge" in output
    kept = [trace for trace in prepared.traces() if trace.startswith("/")]
    assert kept == ["/etc/teleinfo", READER_YAML, "/var/lib/teleinfo", "/var/lib/teleinfo/00000001.spool"]


def test_purged_it_keeps_the_files_of_the_other(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.install("storer")
    prepared.write("/var/lib/teleinfo/00000001.spool", "frames")
    assert "not installed" not in prepared.uninstall("reader")
    assert "teleinfo-reader is not installed" in prepared.uninstall("reader")
    output = prepared.uninstall("storer", "--purge")
    assert "kept: /etc/teleinfo, /var/lib/teleinfo, the user teleinfo-reader (of teleinfo-reader)" in output
    assert prepared.path(READER_YAML).exists()
    assert not prepared.path("/etc/teleinfo/storer.yaml").exists()


def test_purged_it_leaves_nothing(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.install("storer")
    prepared.write("/var/lib/teleinfo/00000001.spool", "frames")
    prepared.uninstall("storer", "--purge")
    prepared.uninstall("reader", "--purge")
    assert prepared.traces() == []


@pytest.mark.parametrize(
    ("there", "away"),
    [
        (
            "useradd --system --gid nogroup --comment Somebody,,, teleinfo-reader",
            "userdel teleinfo-reader; groupdel teleinfo-reader",
        ),
        ("groupadd --system teleinfo-reader", "true"),
        ("groupadd --system teleinfo", "true"),
    ],
    ids=["user", "group", "group of both"],
)
def test_an_existing_user_or_group_is_used(prepared: Machine, there: str, away: str) -> None:
    prepared.run("sh", "-c", there)
    try:
        prepared.install("reader")
        assert {"dialout", "teleinfo"} <= set(prepared.run("id", "-nG", "teleinfo-reader").split())
        assert prepared.run("stat", "-c", "%G", READER_YAML).strip() == "teleinfo-reader"
        prepared.uninstall("reader", "--purge")
        # Who is not ours stays.
        assert (prepared.try_("id", "teleinfo-reader").returncode == 0) == there.startswith("useradd")
    finally:
        prepared.try_("sh", "-c", away)


# Two users.

SECRETS = {
    "reader": ("reader.yaml", "mqtt-password"),
    "storer": ("storer.yaml", "storer-mqtt-password", "database-password"),
}
BOTH = "broker-ca.pem"


def configure_both(machine: Machine, group: str, *, owner: str = "root") -> None:
    """Two complete configurations; the files belong to one group, as they did when both programs had one user."""
    tls = f"tls: {{ca: /etc/teleinfo/{BOTH}}}"
    machine.write(
        READER_YAML, f"port: /dev/mine\nmqtt: {{username: r, password_file: /etc/teleinfo/mqtt-password, {tls}}}\n"
    )
    machine.write(
        "/etc/teleinfo/storer.yaml",
        f"mqtt: {{username: s, password_file: /etc/teleinfo/storer-mqtt-password, {tls}}}\n"
        "database: {password_file: /etc/teleinfo/database-password}\n",
    )
    for name in (*SECRETS["reader"], *SECRETS["storer"], BOTH):
        file = f"/etc/teleinfo/{name}"
        if not machine.path(file).exists():
            machine.write(file, "secret\n")
        machine.run("chown", f"{owner}:{group}", file)
        machine.run("chmod", "640", file)


def may_read(machine: Machine, program: str, name: str) -> bool:
    user = ("setpriv", f"--reuid=teleinfo-{program}", f"--regid=teleinfo-{program}", "--init-groups")
    return machine.try_(*user, "cat", f"/etc/teleinfo/{name}").returncode == 0


def assert_separate(machine: Machine) -> None:
    for program, names in SECRETS.items():
        other = {"reader": "storer", "storer": "reader"}[program]
        for name in names:
            assert may_read(machine, program, name), f"{program} cannot read {name}"
            assert not may_read(machine, other, name), f"{other} can read {name}"
        assert may_read(machine, program, BOTH)


def test_reader_and_storer_cannot_read_each_others_secrets(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.install("storer")
    for program in SECRETS:
        groups = prepared.run("id", "-nG", f"teleinfo-{program}").split()
        assert f"teleinfo-{program}" in groups
        assert not {"teleinfo-reader", "teleinfo-storer"} <= set(groups)
    configure_both(prepared, "teleinfo")  # all with the group of both, as one might do by mistake
    prepared.install("storer")
    assert_separate(prepared)
    prepared.write("/var/lib/teleinfo/00000001.spool", "frames", mode=0o600)
    prepared.run("chown", "-R", "teleinfo-reader:", "/var/lib/teleinfo")
    assert "Permission denied" in prepared.try_(
        "setpriv", "--reuid=teleinfo-storer", "--regid=teleinfo-storer", "--init-groups", "cat",
        "/var/lib/teleinfo/00000001.spool",
    ).stdout  # fmt: skip


def test_the_monitor_reads_its_own_secrets_only(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.install("storer")
    prepared.install("monitor")
    configure_both(prepared, "teleinfo")
    prepared.write(
        "/etc/teleinfo/monitor.yaml", "database: {password_file: /etc/teleinfo/monitor-password}\n", mode=0o640
    )
    prepared.write("/etc/teleinfo/monitor-password", "secret\n", mode=0o640)
    prepared.run("chown", "root:teleinfo", "/etc/teleinfo/monitor.yaml", "/etc/teleinfo/monitor-password")
    prepared.install("monitor")
    assert_separate(prepared)
    for name in ("monitor.yaml", "monitor-password"):
        assert may_read(prepared, "monitor", name)
        assert not may_read(prepared, "reader", name)
        assert not may_read(prepared, "storer", name)
    for name in (*SECRETS["reader"], *SECRETS["storer"]):
        assert not may_read(prepared, "monitor", name)


def test_a_file_that_both_configurations_name_is_for_both(prepared: Machine) -> None:
    prepared.install("reader")
    prepared.install("storer")
    configure_both(prepared, "teleinfo")
    text = prepared.path("/etc/teleinfo/storer.yaml").read_text().replace("storer-mqtt-password", "mqtt-password")
    prepared.path("/etc/teleinfo/storer.yaml").write_text(text)
    prepared.install("reader")
    assert may_read(prepared, "reader", "mqtt-password")
    assert may_read(prepared, "storer", "mqtt-password")
    prepared.run("chmod", "600", "/etc/teleinfo/mqtt-password")
    assert "sudo chgrp teleinfo /etc/teleinfo/mqtt-password" in prepared.install("storer")


def test_changes_to_the_unit_are_kept_as_configuration(prepared: Machine) -> None:
    own = "/etc/systemd/system/teleinfo-reader.service.d"
    prepared.install("reader")
    prepared.write(f"{own}/override.conf", "[Service]\nDeviceAllow=char-ttymxc rw\n")
    assert f", {own}," in prepared.uninstall("reader")
    assert prepared.path(f"{own}/override.conf").exists()
    prepared.uninstall("reader", "--purge")
    assert not prepared.path(own).exists()


def test_a_command_of_that_name_that_is_not_ours_is_kept(prepared: Machine) -> None:
    prepared.write("/usr/local/bin/teleinfo-reader", "#!/bin/sh\n", mode=0o755)
    assert "/usr/local/bin/teleinfo-reader already exists" in prepared.install("reader")
    prepared.uninstall("reader")
    assert prepared.path("/usr/local/bin/teleinfo-reader").read_text() == "#!/bin/sh\n"
    prepared.path("/usr/local/bin/teleinfo-reader").unlink()


def test_only_an_administrator_can_install(prepared: Machine) -> None:
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    result = prepared.try_(*user, f"{CLONE}/run", "install", "reader")
    assert result.returncode == 1
    assert "sudo ./run install reader" in result.stdout
    assert not prepared.path("/etc/teleinfo").exists()
