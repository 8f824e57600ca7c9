"""Whoever takes or prints a time says in which zone it is."""

import pytest

from reader.__main__ import main as reader_main
from storer.__main__ import main as storer_main

UTC, LOCAL = "Times are in UTC", "Times are local"


@pytest.mark.parametrize(
    ("program", "command", "zone"),
    [
        ("reader", "run", LOCAL),
        ("reader", "check", UTC),
        ("reader", "record", UTC),
        ("reader", "watch", LOCAL),
        ("storer", "run", LOCAL),
        ("storer", "export", UTC),
        ("storer", "audit", UTC),
        ("storer", "backup", UTC),
        ("storer", "restore", UTC),
        ("storer", "check", UTC),
    ],
)
def test_a_command_with_times_names_their_zone_in_its_help(
    program: str, command: str, zone: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [f"teleinfo-{program}", command, "--help"])
    with pytest.raises(SystemExit) as end:
        {"reader": reader_main, "storer": storer_main}[program]()
    assert end.value.code == 0
    assert zone in " ".join(capsys.readouterr().out.split())
