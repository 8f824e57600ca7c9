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
