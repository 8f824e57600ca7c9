"""The command watch, as a person runs it on a terminal."""

import sys
from pathlib import Path

import pytest

from reader.__main__ import main
from tests.reader.watch.terminal import on_terminal

PORT = "simulate://standard-three-phase-producer?speed=10"


@pytest.mark.parametrize("keys", [b"q", b"\x03"], ids=["q", "ctrl-c"])
def test_shows_a_meter_until_a_key_and_restores_the_terminal(keys: bytes) -> None:
    code, text = on_terminal("--port", PORT, until="Tension efficace phase 3", keys=keys)
    assert code == 0, text
    assert text.index("\x1b[?1049h") < text.index("SINSTS") < text.rindex("\x1b[?1049l")  # a screen of its own
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is back


def test_warnings_about_the_port_are_shown(tmp_path: Path) -> None:
    config = tmp_path / "reader.yaml"
    config.write_text("port: socket://127.0.0.1:1\nhome_assistant: {language: en}\n")
    code, text = on_terminal("--config", config, until="connection refused")
    assert (code, "Waiting for a frame" in text) == (0, True)


def test_without_rich_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'rich'\", name='rich')")
    code, text = on_terminal("--port", PORT, until="missing", path=str(tmp_path))
    assert code == 2
    assert "the Python package rich is missing: install the extra 'watch'" in text


@pytest.mark.parametrize(
    ("line", "code", "complaint"),
    [
        (f"--port {PORT}", 2, "watch: a terminal is needed"),
        ("--port {}/tty", 1, "no such device; is it plugged in?"),
        ("--port simulate://nothing", 2, "no simulated meter 'nothing'"),
        ("--config {}/none.yaml", 2, "none.yaml: not found; give your file with --config"),
        ("--mqtt here:mqtt", 2, "HOST or HOST:PORT, not here:mqtt"),
        ("--mqtt mqtt://here", 2, "HOST or HOST:PORT; an account is given in the configuration"),
        (f"--port {PORT} --mqtt here", 2, "not allowed with argument --port"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    code: int,
    complaint: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["teleinfo-reader", "watch", *line.format(tmp_path).split()])
    try:
        ended = main()
    except SystemExit as error:  # so argparse ends
        ended = int(error.code or 0)
    assert ended == code
    assert complaint in capsys.readouterr().err.splitlines()[-1]
