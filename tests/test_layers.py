import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Where each library is at home: the one file that must change when it does.
HOMES = {
    "prometheus_client": "monitor/web/metrics.py",
    "serial": "reader/line/port.py",
    "paho": "common/mqtt/connection.py",
    "pymysql": "common/database/mariadb.py",
    "tenacity": "storer/database/retry.py",
    "yaml": "common/settings/yaml_file.py",
    "rich": "reader/watch.py",
    "websocket": "monitor/home_assistant/connection.py",
    "uvicorn": "monitor/web/serve.py",
    "apprise": "monitor/alerts/child.py",
    "mcp": "monitor/mcp/server.py",
}
#: `check` asks a broker what no session of the programs would.
ALSO = {"paho": "common/check/broker_probe.py"}
FILES = sorted(file for folder in ("reader", "storer", "monitor", "common") for file in (ROOT / folder).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the top package of each import, those inside functions, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@cache
def imports() -> dict[str, set[str]]:
    """Return the top packages that each file imports."""
    return {file.relative_to(ROOT).as_posix(): set(imported(ast.parse(file.read_text()))) for file in FILES}


def importers(package: str) -> list[str]:
    return [file for file, packages in imports().items() if package in packages]


@pytest.mark.parametrize(("package", "home"), HOMES.items())
def test_each_library_is_imported_by_one_file(package: str, home: str) -> None:
    assert importers(package) == sorted({home, ALSO.get(package, home)})


def test_there_are_no_other_libraries() -> None:
    import sys

    ours = {"reader", "storer", "monitor", "common"}
    known = sys.stdlib_module_names | ours | HOMES.keys()
    for file, packages in imports().items():
        assert packages <= known, file


@pytest.mark.parametrize(("half", "other"), [("reader", "storer"), ("storer", "reader")])
def test_the_halves_do_not_know_each_other(half: str, other: str) -> None:
    assert not [name for name in importers(other) if name.startswith(f"{half}/")]


def test_an_import_inside_a_function_is_seen() -> None:
    source = "import a.b as c\ndef f():\n    from d.e import g\n    import h, i"
    assert sorted(imported(ast.parse(source))) == ["a", "d", "h", "i"]


#: Tests of what no single file promises, or of what a whole room does.
OF_A_ROOM = {
    "any_order", "captures", "check", "differential", "every_offer", "inside", "main", "page_types", "price_topic",
    "recognise", "refused_files", "rows", "sizes", "spreadsheets", "welcome", "error_texts", "app",
}  # fmt: skip


def test_the_folders_of_tests_are_those_of_the_code() -> None:
    packages = ("reader", "storer", "monitor", "common")
    tests = [test for package in packages for test in (ROOT / "tests" / package).rglob("test_*.py")]
    assert len(tests) > 200
    for test in tests:
        room, name = ROOT / test.relative_to(ROOT / "tests").parent, test.stem.removeprefix("test_")
        assert room.is_dir(), f"{test}: there is no room {room}"
        # A long subject has a file of tests for each of its parts: test_replay_rules, of replay.
        stems = {file.stem for file in room.glob("*.py")} | {
            folder.name for folder in room.iterdir() if folder.is_dir()
        }
        is_of_a_file = any(name == stem or name.startswith(f"{stem}_") for stem in stems)
        assert is_of_a_file or name in OF_A_ROOM, f"{test}: there is no file {room}/{name}.py"


#: Shown with real servers only: tests/services, tests/faults.
WITH_SERVERS = {"monitor/places/day", "monitor/places/now", "storer/retention"}


def test_each_room_has_tests() -> None:
    rooms = {file.parent.relative_to(ROOT).as_posix() for file in FILES if file.name != "__init__.py"}
    tested = {test.parent.relative_to(ROOT / "tests").as_posix() for test in (ROOT / "tests").rglob("test_*.py")}
    assert sorted(room for room in rooms - tested - WITH_SERVERS if "/page" not in room) == []
