"""What earlier versions had in their YAML files, and what is left of these once it was taken over."""

import os
from pathlib import Path

import pytest
import yaml

from monitor.places.settings.taking_over import comment_out, leave_out, sections_in, taken_in

MONITOR = """\
# my house
auth: none
contracts:
  - {meter: "031961123456", from: 2025-02-01, offer: base, power: 9}
  # since the stove
  - {meter: "031961123456", from: 2026-02-01, offer: base, power: 6}

database: {name: teleinfodb}
"meters": {"031961123456": Maison}
"""
LEFT = """\
# my house
auth: none
# contracts:
#   - {meter: "031961123456", from: 2025-02-01, offer: base, power: 9}
  # since the stove
#   - {meter: "031961123456", from: 2026-02-01, offer: base, power: 6}

database: {name: teleinfodb}
# "meters": {"031961123456": Maison}
"""


def test_what_was_taken_over_becomes_a_comment() -> None:
    assert comment_out(MONITOR, {"contracts", "meters"}) == LEFT


@pytest.mark.parametrize(
    "text",
    [
        "notes: [\n{at: 2026-10-03, text: Spa},\n]\nauth: none\n",
        'notes:\n- at: 2026-10-03\n  text: "Spa\n  and heat"\nauth: none\n',
        "notes: [{at: 2026-10-03, text: Spa}] # mine\r\nauth: none\r\n",
        "auth: none\nnotes: [{at: 2026-10-03, text: Spa}]",
        "---\nnotes:\n  - at: 2026-10-03\n    text: |\n      auth: header\n\nauth: none\n...\n",
    ],
)
def test_however_it_is_written_the_rest_stays(text: str) -> None:
    left = comment_out(text, {"notes"})
    assert left is not None
    assert yaml.safe_load(left) == {"auth": "none"}
    assert left.replace("# ", "").split() == text.replace("# ", "").split()
    assert left.count("\r") == text.count("\r")


@pytest.mark.parametrize(
    "text",
    [
        "{auth: none, notes: []}\n",
        "{auth: none,\nnotes: []}\n",
        "notes: &mine []\nauth: *mine\n",
    ],
)
def test_a_file_from_which_it_cannot_be_taken_line_by_line_is_left_alone(text: str) -> None:
    assert comment_out(text, {"notes"}) is None


def test_a_file_keeps_its_mode_and_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = []
    monkeypatch.setattr(os, "fchown", lambda _, user, group: owners.append((user, group)))
    there, file = tmp_path / "elsewhere.yaml", tmp_path / "monitor.yaml"
    there.write_text(MONITOR)
    there.chmod(0o640)
    file.symlink_to(there)
    assert leave_out(file, {"contracts", "meters"})
    assert file.is_symlink()
    assert there.read_text() == LEFT
    assert there.stat().st_mode & 0o7777 == 0o640
    assert owners == [(there.stat().st_uid, there.stat().st_gid)]


def test_a_file_that_only_its_owner_may_write_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(MONITOR)
    file.chmod(0o444)
    assert leave_out(file, taken_in(file))
    assert file.read_text() == LEFT


def test_a_file_of_one_line_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text("{auth: none, notes: [], language: fr}\n")
    assert not leave_out(file, {"notes", "language"})
    assert file.read_text() == "{auth: none, notes: [], language: fr}\n"


@pytest.mark.parametrize(
    ("name", "text", "taken"),
    [
        ("monitor.yaml", "auth: none\nnotes: []\n", {"notes"}),
        ("storer.yaml", "sources: []\n", {"sources"}),  # of the app, where all else is an option
        ("own.yaml", "database: {}\nsources: []\n", {"sources"}),
        ("settings.yaml", "sources: []\nbudget: {euros: 90}\n", set()),
        ("monitor.yaml", "", set()),
    ],
)
def test_only_files_of_programs_are_changed(tmp_path: Path, name: str, text: str, taken: set[str]) -> None:
    (tmp_path / name).write_text(text)
    assert taken_in(tmp_path / name) == taken


def test_what_a_file_names_is_looked_for_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.yaml").write_text("offers: [{id: mine}]\n")
    (tmp_path / "mail").write_text("ntfy://example.org/house\n")
    (tmp_path / "tempo.csv").write_text("2026-01-15;rouge\n")
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / "monitor.yaml"
    file.write_text("prices: prices.yaml\ntempo: tempo.csv\nalerts: {to: [{file: mail}]}\n")
    found = sections_in(file)
    assert found["prices"] == {"offers": [{"id": "mine"}]}
    assert found["calendars"] == {"tempo": {"2026-01-15": "red"}}
    assert found["addresses"] == ["ntfy://example.org/house"]
