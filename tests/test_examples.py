import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.settings.config import Tls, load
from monitor.base.config import Ingress, MonitorConfig, MonitorMqtt, OwnBroker
from reader.config import ReaderConfig
from storer.config.options import StorerConfig

ROOT = Path(__file__).resolve().parent.parent

#: Each example, and the options that are not commented out: what only the user knows, and where the package backs up.
EXAMPLES: dict[str, tuple[type[Any], set[str]]] = {
    "reader.example.yaml": (ReaderConfig, {"port"}),
    "storer.example.yaml": (StorerConfig, {"database.password_file", "backup.folder"}),
    "monitor.example.yaml": (MonitorConfig, {"database.password_file", "listen.host"}),
}
#: Sections of the monitor that are off by default.
OFF: dict[str, type[Any]] = {"mqtt": MonitorMqtt, "ingress": Ingress, "own_broker": OwnBroker}
_COMMENTED = re.compile(r"^( *)# ?( *[a-z_]+:(?: .*)?)$")


def uncommented(text: str) -> dict[str, Any]:
    """Read an example with all its options in force."""
    document = yaml.safe_load("\n".join(_COMMENTED.sub(r"\1\2", line) for line in text.splitlines()))
    assert isinstance(document, dict)
    return document


def options(kind: type[Any], prefix: str = "") -> dict[str, Any]:
    """Return the path of each option, with its field."""
    found: dict[str, Any] = {}
    for field in fields(kind):
        if not field.metadata.get("in_file", True):
            continue
        path = prefix + field.name
        default = field.default_factory() if callable(field.default_factory) else None
        if is_dataclass(default):
            found |= options(type(default), f"{path}.")
        elif field.name == "tls" and kind is not OwnBroker:
            found |= options(Tls, f"{path}.")
        elif kind is MonitorConfig and field.name in OFF:
            found |= options(OFF[field.name], f"{path}.")
        else:
            found[path] = field
    return found


def paths(document: dict[str, Any], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in document.items():
        found |= paths(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {prefix + key}
    return found


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> tuple[str, type[Any], set[str]]:
    kind, needed = EXAMPLES[request.param]
    return (ROOT / request.param).read_text(encoding="utf-8"), kind, needed


def test_an_example_shows_every_option_and_no_other(example: tuple[str, type[Any], set[str]]) -> None:
    text, kind, _ = example
    assert paths(uncommented(text)) == options(kind).keys()


def test_an_example_asks_for_what_only_the_user_knows(example: tuple[str, type[Any], set[str]]) -> None:
    text, kind, needed = example
    assert paths(yaml.safe_load(text)) == needed
    assert needed < options(kind).keys()


def test_what_is_commented_out_is_the_default(example: tuple[str, type[Any], set[str]], tmp_path: Path) -> None:
    text, kind, _ = example
    document = uncommented(text)
    for section in ("mqtt", "database"):  # by default there is no TLS
        tls = document.get(section, {"tls": None}).pop("tls")
        assert tls in (None, {"ca": None, "certificate": None, "key": None})
    required = {"port": document["port"]} if kind is ReaderConfig else {}
    document.get("database", {}).pop("password_file", None)  # there is no such file here
    if kind is StorerConfig:
        del document["backup"]
    if kind is ReaderConfig:
        del document["name"]  # by default the host's name
    if kind is MonitorConfig:
        required |= {section: {} for section in OFF}
        assert document["listen"].pop("host") == "0.0.0.0"
    file = tmp_path / "program.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    given = load(kind, file)
    file.write_text(yaml.safe_dump(required), encoding="utf-8")
    assert given == load(kind, file)


def test_each_option_is_explained(example: tuple[str, type[Any], set[str]]) -> None:
    text, kind, _ = example
    for path in options(kind):
        name = path.rpartition(".")[2]
        lines = [line for line in text.splitlines() if re.match(rf"^ *(# *)?{name}:", line)]
        assert lines, path
        assert all(re.search(r"\S  +# \S", line) for line in lines), path
