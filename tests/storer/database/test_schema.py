from hashlib import sha256

import pytest

from common.errors import PermanentError
from monitor.readings.storage import NEWEST
from storer.database.schema import FOLDER, LAST_BEFORE, Migration, ensure_supported, migrations
from tests.released.make import HERE as RELEASED


def statements(sql: str) -> list[str]:
    return list(Migration(1, "test", sql).statements())


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        ("\n-- only a comment;\n\n", []),
        ("A;", ["A"]),
        ("A", ["A"]),
        ("A;\nB;\n", ["A", "B"]),
        ("A;  \n\n;\n  B\n  C;\n", ["A", "B\n  C"]),
        ("-- one;\nA\n  -- two;\nB;", ["A\nB"]),
        ("A 'x;y' B;\nC", ["A 'x;y' B", "C"]),
        ("A -- with a comment after it\nB;", ["A -- with a comment after it\nB"]),
    ],
)
def test_a_statement_ends_with_a_semicolon_at_the_end_of_a_line(sql: str, expected: list[str]) -> None:
    assert statements(sql) == expected


def test_the_steps_are_numbered_without_a_gap() -> None:
    steps = migrations()
    assert [step.version for step in steps] == list(range(100, 100 + len(steps)))
    assert all(len(step.name) <= 64 for step in steps)


def test_the_file_of_a_step_never_changes_after_its_release() -> None:
    """Tables that it made exist: whatever else they need is a step of its own."""
    released = list(RELEASED.glob("*/migrations.sha256"))
    assert released
    for line in (line for file in released for line in file.read_text().splitlines()):
        digest, name = line.split()
        assert sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_the_monitor_knows_the_newest_tables() -> None:
    assert migrations()[-1].version == NEWEST


def test_each_statement_is_one() -> None:
    """PyMySQL sends one at a time; a semicolon inside would be a second one, or a comment that was cut in two."""
    for step in migrations():
        found = list(step.statements())
        assert found
        for statement in found:
            assert ";" not in statement
            assert statement.split()[0] in {"CREATE", "ALTER", "DROP", "INSERT", "UPDATE"}


@pytest.mark.parametrize("version", [1, 2, 15, 99])
def test_tables_from_before_the_first_release_are_refused_with_the_commit_that_reads_them(version: int) -> None:
    with pytest.raises(PermanentError, match=rf"\b{version}\b.*{LAST_BEFORE}"):
        ensure_supported(version)


def test_no_tables_and_those_of_each_step_are_supported_and_the_one_after_the_last_is_not() -> None:
    steps = migrations()
    for version in (0, *[step.version for step in steps]):
        ensure_supported(version)
    with pytest.raises(PermanentError, match=f"version {steps[-1].version + 1}"):
        ensure_supported(steps[-1].version + 1)
