"""Why a request fails, as the page says it."""

import pytest

from common.errors import FileRefused
from storer.imports.kinds import parse_content
from storer.requests.problem import failed
from tests.storer.imports.test_recognise import REQUEST

BOMBS = {
    "a line without an end": b"start,register,wh\n" + b"x" * 2_000_000,
    "more cells than any year has": b"start,register,wh\n" + b";\n" * 3_100,
    "text of another encoding": "start,register,wh\n2024-01-01T00:00,total,1\n".encode("utf-16"),
    "a page with a script": b"<html><script>alert(1)</script></html>",
    "nothing": b"",
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("kind", ["csv", "home-assistant"])
def test_a_file_that_is_none_is_refused_in_words_of_both_languages(
    kind: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.imports.text.MOST_CELLS", 3_000)
    with pytest.raises(FileRefused) as error:
        parse_content(kind, "conso.csv", data, REQUEST)
    problem = failed(error.value)
    assert problem.fr
    assert problem.fr != problem.en


def test_the_number_of_a_delivery_point_is_not_repeated() -> None:
    assert "12345678901234" not in failed(FileRefused("12345678901234.csv: it is empty")).en
