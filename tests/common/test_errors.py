import argparse
import importlib
import inspect
import io
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

import common
import reader
import storer
from common import errors
from common.errors import ConfigError, DatabaseError, InvalidRow, PermanentError, TeleinfoError, Unavailable
from common.runtime.cli import run_cli

ROOT = Path(__file__).resolve().parents[2]


def tree(root: type[TeleinfoError]) -> Iterator[type[TeleinfoError]]:
    yield root
    for branch in root.__subclasses__():
        yield from tree(branch)


def exceptions_of(module_name: str) -> set[type[BaseException]]:
    module = importlib.import_module(module_name)
    return {
        thing
        for _, thing in inspect.getmembers(module, inspect.isclass)
        if issubclass(thing, BaseException) and thing.__module__ == module_name
    }


MODULES = sorted(
    module.name
    for package in (common, reader, storer)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
)


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def command(_: argparse.Namespace) -> int:
        raise error

    parser = argparse.ArgumentParser()
    parser.set_defaults(command=command)
    monkeypatch.setattr(sys, "argv", ["program"])
    return run_cli("teleinfo-program", parser)


@pytest.mark.parametrize("module", MODULES)
def test_every_exception_is_in_the_tree(module: str) -> None:
    assert exceptions_of(module) <= set(tree(TeleinfoError))


def test_the_tree_is_the_one_that_is_drawn() -> None:
    drawn = [line.split("+-- ")[1].split()[0] for line in (errors.__doc__ or "").splitlines() if "+-- " in line]
    assert sorted(drawn) == sorted(kind.__name__ for kind in exceptions_of("common.errors") - {TeleinfoError})
    assert {PermanentError, Unavailable, InvalidRow} <= set(DatabaseError.__subclasses__())


@pytest.mark.parametrize("kind", list(tree(TeleinfoError)))
def test_each_error_is_one_line_and_an_exit_code(
    kind: type[TeleinfoError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {ConfigError: 2, PermanentError: 3}.get(kind, 1)
    assert fail_with(kind("what, where, what to do"), monkeypatch) == expected
    remedy = "; teleinfo-program check shows what to do" if issubclass(kind, Unavailable) else ""
    assert capsys.readouterr() == ("", f"teleinfo-program: what, where, what to do{remedy}\n")


def test_what_a_server_says_cannot_command_the_terminal_or_forge_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(DatabaseError("denied\n<0>forged\x1b[2J"), monkeypatch)
    assert capsys.readouterr().err == "teleinfo-program: denied\\n<0>forged\\x1b[2J\n"


def test_what_was_not_foreseen_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_with(ZeroDivisionError("a bug"), monkeypatch)


def test_ctrl_c_ends_a_command_wherever_it_is_and_without_a_word() -> None:
    """As an exception it would leave a library in the middle of something, which complains of that."""
    program = """
import argparse, sys
from common.runtime.cli import report_errors

def command(_):
    try:
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        print("complaint", file=sys.stderr)

parser = argparse.ArgumentParser()
parser.set_defaults(command=command)
report_errors("teleinfo-program", parser)
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
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == -signal.SIGINT


def test_the_commands_own_code_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    parser.set_defaults(command=lambda _: 7)
    monkeypatch.setattr(sys, "argv", ["program"])
    assert run_cli("teleinfo-program", parser) == 7


def test_wrong_usage_ends_with_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["program", "--no-such-option"])
    with pytest.raises(SystemExit) as caught:
        run_cli("teleinfo-program", argparse.ArgumentParser(prog="teleinfo-program"))
    assert caught.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_an_output_that_was_closed_is_no_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell's `>&-` leaves None there."""

    def command(_: argparse.Namespace) -> int:
        getattr(sys, name).write("é\n")
        return 7

    parser = argparse.ArgumentParser()
    parser.set_defaults(command=command)
    monkeypatch.setattr(sys, "argv", ["program"])
    monkeypatch.setattr(sys, name, None)
    assert run_cli("teleinfo-program", parser) == 7
    getattr(sys, name).close()


def test_what_a_terminal_cannot_show_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()

    def command(_: argparse.Namespace) -> int:
        print("caf\N{LATIN SMALL LETTER E WITH ACUTE}")
        return 7

    parser = argparse.ArgumentParser()
    parser.set_defaults(command=command)
    monkeypatch.setattr(sys, "argv", ["program"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
    assert run_cli("teleinfo-program", parser) == 7
    assert shown.getvalue() == b"caf\\xe9\n"
