"""The command line: what is wrong in it is answered with what is expected."""

import argparse
from collections.abc import Callable

import pytest

from common.runtime.cli import add_version, one_of, positive, whole
from common.version import __version__


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((positive, text) for text in ("0", "-1", "inf", "nan", "x", "")),
        *((whole, text) for text in ("0", "-1", "1.5", "²", "x", "")),
    ],
)
def test_a_number_that_is_none_or_too_small_is_told_in_a_sentence(read: Callable[[str], float], text: str) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--keep", type=read)
    with pytest.raises(argparse.ArgumentError, match=rf"a (whole )?number above 0 is expected, not {text}$"):
        parser.parse_args([f"--keep={text}"])


def refusal(text: str) -> str:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--kind", type=one_of(["historic", "standard"]))
    with pytest.raises(argparse.ArgumentError) as caught:
        parser.parse_args(["--kind", text])
    return str(caught.value)


def test_a_name_that_is_none_of_many_is_answered_with_all_of_them_one_a_line() -> None:
    lines = refusal("standrad").splitlines()
    assert "did you mean standard?" in lines[0]
    assert [line.strip() for line in lines[1:]] == ["historic", "standard"]
    assert "did you mean" not in refusal("xyz")


def test_a_name_that_is_one_of_many_is_taken() -> None:
    assert one_of(["historic", "standard"])("standard") == "standard"


def test_the_version_is_told_with_the_name_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="teleinfo-reader")
    add_version(parser)
    with pytest.raises(SystemExit) as end:
        parser.parse_args(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"teleinfo-reader {__version__}\n"
