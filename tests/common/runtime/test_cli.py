import argparse
import io
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest

from common.errors import (
    BackupError,
    ConfigError,
    Conflict,
    DatabaseError,
    NotReady,
    PermanentError,
    TeleinfoError,
    Unavailable,
)
from common.machine.version import full_version
from common.runtime.cli import add_version, one_of, positive, run_cli, whole

ROOT = Path(__file__).resolve().parents[3]


def test_all_that_is_wrong_with_a_configuration_is_printed_a_line_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["program"])

    def fail(_: argparse.Namespace) -> int:
        raise ConfigError("a.yaml, line 1: x", more=[ConfigError("a.yaml, line 3: y")])

    parser = argparse.ArgumentParser()
    parser.set_defaults(command=fail)
    assert run_cli("program", parser) == 2
    assert capsys.readouterr().err == "program: a.yaml, line 1: x\nprogram: a.yaml, line 3: y\n"


@pytest.mark.parametrize(
    ("configuration", "locale", "words"),
    [
        ("", "C", "the start is expected"),
        ("", "fr_FR.UTF-8", "il faut the start"),
        ("language: fr", "C", "il faut the start"),
        ("language: en", "fr_FR.UTF-8", "the start is expected"),
    ],
)
def test_an_error_is_in_the_language_of_the_configuration_else_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    configuration: str,
    locale: str,
    words: str,
) -> None:
    file = tmp_path / "program.yaml"
    file.write_text(configuration)
    monkeypatch.setattr(sys, "argv", ["program"])
    monkeypatch.setenv("LC_ALL", locale)

    def fail(_: argparse.Namespace) -> int:
        raise ConfigError("the start is expected")

    parser = argparse.ArgumentParser()
    parser.set_defaults(command=fail, config=file)
    assert run_cli("program", parser) == 2
    assert capsys.readouterr().err == f"program: {words}\n"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((positive, text) for text in ("0", "-1", "inf", "nan", "x", "")),
        *((whole, text) for text in ("0", "-1", "1.5", "²", "x", "")),
    ],
)
def test_an_invalid_number_is_refused_with_what_is_expected(read: Callable[[str], float], text: str) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--keep", type=read)
    with pytest.raises(argparse.ArgumentError, match=rf"above 0 .*, not {text}$"):
        parser.parse_args([f"--keep={text}"])


def refusal(text: str) -> str:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--kind", type=one_of(["historic", "standard"]))
    with pytest.raises(argparse.ArgumentError) as caught:
        parser.parse_args(["--kind", text])
    return str(caught.value)


def test_an_unknown_name_is_refused_with_a_list_of_all_names() -> None:
    assert refusal("standrad").endswith("no standrad: did you mean standard? There are: historic, standard")
    assert refusal("xyz").endswith("there is no xyz. There are: historic, standard")


def test_a_known_name_is_accepted() -> None:
    assert one_of(["historic", "standard"])("standard") == "standard"


def test_the_version_is_printed_with_the_name_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="teleinfo-reader")
    add_version(parser)
    with pytest.raises(SystemExit) as end:
        parser.parse_args(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"teleinfo-reader {full_version()}\n"


# -- run_cli -----------------------------------------------------------------------------------------------------------


Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a function as a command, with these arguments."""

    def run(command: Callable[[], int], **arguments: object) -> int:
        parser = argparse.ArgumentParser()
        parser.set_defaults(command=lambda _: command(), **arguments)
        monkeypatch.setattr(sys, "argv", ["program"])
        return run_cli("teleinfo-program", parser)

    return run


def failing(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize("kind", [ConfigError, NotReady, PermanentError, Unavailable, Conflict, BackupError])
def test_each_error_is_one_line_and_an_exit_code(
    kind: type[TeleinfoError], run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {ConfigError: 2, PermanentError: 3}.get(kind, 1)
    assert run(failing(kind("what, where, what to do"))) == expected
    fix = "; teleinfo-program check shows what to do" if issubclass(kind, Unavailable) else ""
    assert capsys.readouterr() == ("", f"teleinfo-program: what, where, what to do{fix}\n")


def test_text_of_a_server_cannot_control_the_terminal_or_forge_a_line(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(failing(DatabaseError("denied\n<0>forged\x1b[2J")))
    assert capsys.readouterr().err == "teleinfo-program: denied\\n<0>forged\\x1b[2J\n"


def test_an_unexpected_exception_is_not_hidden(run: Run) -> None:
    with pytest.raises(ZeroDivisionError):
        run(failing(ZeroDivisionError("a bug")))


def test_ctrl_c_ends_a_command_at_once_and_silently() -> None:
    """As an exception it could interrupt a library, which would print an error."""
    program = """
import argparse, sys
from common.runtime.cli import run_cli

def command(_):
    try:
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        print("error", file=sys.stderr)

parser = argparse.ArgumentParser()
parser.set_defaults(command=command)
run_cli("teleinfo-program", parser)
"""
    arguments = [sys.executable, "-c", program]

    def as_in_a_terminal() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a script that runs the tests in the background has it ignored

    with subprocess.Popen(
        arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=ROOT, text=True, preexec_fn=as_in_a_terminal
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=300) == ("", "")
    assert process.returncode == -signal.SIGINT


def test_wrong_usage_exits_with_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["program", "--no-such-option"])
    with pytest.raises(SystemExit) as caught:
        run_cli("teleinfo-program", argparse.ArgumentParser(prog="teleinfo-program"))
    assert caught.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_closed_output_is_no_error_and_the_exit_code_is_the_commands(
    name: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell's `>&-` leaves None there."""

    def command() -> int:
        getattr(sys, name).write("é\n")
        return 7

    monkeypatch.setattr(sys, name, None)
    assert run(command) == 7
    getattr(sys, name).close()


def test_text_that_a_terminal_cannot_show_is_no_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()

    def command() -> int:
        print("caf\N{LATIN SMALL LETTER E WITH ACUTE}")
        return 7

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
    assert run(command) == 7
    assert shown.getvalue() == b"caf\\xe9\n"


def test_the_check_that_an_error_advises_is_of_the_same_configuration(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("common.machine.deployment._started", ("", ""))
    assert run(failing(Unavailable("nobody listens")), config=Path("mine.yaml")) == 1
    assert "; teleinfo-program check --config mine.yaml shows what to do" in capsys.readouterr().err
