"""Numbers of the command line: a wrong one is answered with what is expected."""

import argparse
from collections.abc import Callable

import pytest

from common.arguments import positive, whole


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
