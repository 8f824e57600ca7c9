import errno
import os
import pwd
from pathlib import Path

import pytest

from common.errors import ConfigError
from common.settings import yaml_file
from common.settings.yaml_file import read_yaml
from tests.support.wording import says


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "program.yaml"


@pytest.fixture(autouse=True, params=["with libyaml", "without it"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without it":
        monkeypatch.setattr(yaml_file, "_FastLoader", yaml_file._Loader)


def refusal(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_yaml(file)
    where, _, rest = str(caught.value).partition(f"{file}")
    assert where == ""
    assert "\n" not in rest
    return rest.removeprefix(": ")


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("device: d\nwait: 1s\ndevice: e", ", line 3: ...duplicate option 'device'...line 1..."),
        (
            "device: d\ninner:\n  port: 1\n  host: h\n  port: 1",
            ", line 5: ...duplicate option 'port'...line 3...",
        ),
        (
            "device: d\ninner: {port: 1, port: 2}",
            ", line 2: ...duplicate option 'port'...line 2...",
        ),
        ("device: d\nwait: 2026-02-29", ", line 2: '2026-02-29'..."),
        ('device: d\n"device": d', ", line 2: ...duplicate option 'device'...line 1..."),
    ],
)
def test_a_duplicate_option_is_refused(file: Path, text: str, facts: str) -> None:
    assert says(refusal(file, text), facts)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        # tabs
        ("device: d\n\tinner: 1", 2, "tab"),
        ("inner:\n  host: h\n\tport: 1", 3, "tab"),
        ("device:\td", 1, "tab"),
        # no space after the colon; the parser trips over the line below
        ("inner:\n  host:localhost\n  port: 1883", 2, "space is missing"),
        ("inner:\n  host: h\n  port:1883", 3, "space is missing"),
        ("device: d\nwait:5s\nroom: 3kB", 2, "space is missing"),
        # quotes
        ('device: "abc\nwait: 5s\n', 1, "quote is opened"),
        ("device: 'abc\nwait: 5s\n", 1, "quote is opened"),
        ('device: "abc\ninner: {host: "x"}\n', 1, "quote is opened"),
        ('device: "a" b', 1, "behind the closing quote"),
        ('device: "C:\\dev"', 1, "single quotes"),
        # colons, columns and brackets
        ("device: d\ninner: host: h\n", 2, "two colons"),
        ("inner:\n  host: h\n    port: 1", 3, "indented"),
        ("inner:\n  host: h\n port: 1", 3, "same column"),
        ("device: d\ninner: {host: h", 2, "bracket that is opened"),
        ("device: d\ninner: {words: [a, b}\n", 2, "bracket that is opened"),
        ("device: d\nroom: [", 2, "bracket that is opened"),
        (" device: d\nwait: 5s", 2, "same column"),
        ("device: d\njust words\nwait: 5s", 3, "an option is expected"),
        # what needs quotes
        *(
            (f"device: d\nword: {value}", 2, "needs quotes")
            for value in ("!!python/name:os.system", "*hunter2", "!hunter2", "@hunter2", "`hunter2", "|hunter2")
        ),
        ("device: {{ hunter2 }}", 1, "needs quotes"),
        ("device: &hunter2 d\nword: &hunter2 e", 2, "needs quotes"),
        ("device: d\nword: &@hunter2", 2, "needs quotes"),
    ],
)
def test_yaml_errors_are_explained_with_their_line(file: Path, text: str, line: int, words: str) -> None:
    message = refusal(file, text)
    assert message.startswith(f", line {line}: ")
    assert words in message
    assert "hunter2" not in message  # it may be a password


@pytest.mark.parametrize(
    "text", ["device: l'atelier # it's \"here\n", "device: socket://h:1\n", "device: 'a:b'\n", "device: a:b\n"]
)
def test_quotes_and_colons_in_a_value_are_valid(file: Path, text: str) -> None:
    file.write_text(text)
    assert read_yaml(file)
    assert refusal(file, f"{text}room: [1").startswith(", line 2: a bracket")


def test_a_binary_file_is_refused(file: Path) -> None:
    assert refusal(file, "device: \0").startswith("not YAML")


def test_a_file_that_is_not_utf8_is_named_with_the_line(file: Path) -> None:
    file.write_bytes("device: d\ninner: {host: été}".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"program\.yaml, line 2: .*UTF-8"):
        read_yaml(file)


def test_a_file_without_permission_is_named_with_its_owner(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("device: d")
    owner = pwd.getpwuid(os.geteuid()).pw_name

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    with pytest.raises(ConfigError, match=f"Permission denied.*{owner}.*sudo"):
        read_yaml(file)


def test_digits_are_read_as_they_are_written(file: Path) -> None:
    file.write_text("meter: 032161134635\n012: 0x1F\nat: 22:08\nbig: 1_000\nplain: [0, 12, -3, 031961123456]\n")
    assert read_yaml(file) == {
        "meter": "032161134635",
        "012": "0x1F",
        "at": "22:08",
        "big": "1_000",
        "plain": [0, 12, -3, "031961123456"],
    }
