"""How the monitor's container begins."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

SCRIPT = Path(__file__).parents[3] / "deploy/compose/take-over"
#: Notes how it was called; `settings load` takes `contracts` over at its third try, if there are any.
PROGRAM = """\
#!/bin/sh
echo "$@" >>calls
[ "$1" = settings ] || exit 0
cat tmp/env.yaml >env.yaml
[ "$(grep -c settings calls)" -ge "${TRIES:-1}" ] || exit 1
sed -i 's/^contracts/# &/' tmp/monitor.yaml
exit "${CODE:-0}"
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., list[str]]:
    """Runs the script with a program of its own, and returns the calls of it."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "bin").mkdir()
    for name, text in {"teleinfo-monitor": PROGRAM, "sleep": "#!/bin/sh\n"}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    script = SCRIPT.read_text().replace("/etc/teleinfo/", "").replace("/tmp/", "tmp/")

    def run_it(text: str, *arguments: str, **variables: str) -> list[str]:
        (tmp_path / "monitor.yaml").write_text(text)
        (tmp_path / "monitor.yaml").chmod(0o444)
        (tmp_path / "calls").unlink(missing_ok=True)
        environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", **variables}
        command = ["sh", "-c", script, "take-over", "teleinfo-monitor", *arguments]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=60)
        assert (tmp_path / "monitor.yaml").read_text() == text
        return (tmp_path / "calls").read_text().splitlines()

    return run_it


def test_a_file_without_the_household_is_the_monitors(run: Callable[..., list[str]]) -> None:
    assert run("time_zone: Europe/Paris\n", "run")[1:] == ["run"]


def test_a_file_that_cannot_be_written_is_left_and_the_monitor_gets_a_copy(run: Callable[..., list[str]]) -> None:
    assert run("contracts: []\n", "run")[-1] == "run --config tmp/monitor.yaml"


def test_it_waits_for_the_tables_and_for_nothing_else(run: Callable[..., list[str]]) -> None:
    assert [call.split()[0] for call in run("contracts: []\n", "run", TRIES="3")] == [*["settings"] * 3, "run"]
    assert [call.split()[0] for call in run("contracts: []\n", "run", CODE="2")] == ["settings", "run"]


def test_another_command_is_run_at_once(run: Callable[..., list[str]]) -> None:
    assert run("contracts: []\n", "report", "--by", "month") == ["report --by month"]


@pytest.mark.parametrize(
    ("variables", "taken"),
    [
        ({}, None),
        ({"SOURCES": "", "RETENTION_FRAMES": "", "RETENTION_MINUTES": "", "MONITOR_PRICES": ""}, None),
        ({"RETENTION_FRAMES": "24 months"}, {"retention": {"frames": "24 months", "minutes": None}}),
        (
            {
                "SOURCES": '[{name: roof, kind: production, topic: sources/roof, power: ""}]',
                "MONITOR_PRICES": "/etc/teleinfo/own/prices.yaml",
                "MONITOR_LANGUAGE": "en",
            },
            {
                "sources": [{"name": "roof", "kind": "production", "topic": "sources/roof", "power": ""}],
                "prices": "/etc/teleinfo/own/prices.yaml",
                "language": "en",
            },
        ),
    ],
)
def test_what_stands_in_env_is_taken(
    run: Callable[..., list[str]], tmp_path: Path, variables: dict[str, str], taken: object
) -> None:
    run("{}\n", "run", **variables)
    assert yaml.safe_load((tmp_path / "env.yaml").read_text()) == taken
