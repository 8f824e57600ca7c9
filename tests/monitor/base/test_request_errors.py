import string
from datetime import UTC, date, datetime

import pytest

from monitor.base.request_errors import TEXTS, RequestError
from monitor.web.http import TITLES


def test_both_languages_have_the_same_values_and_a_title() -> None:
    for text in TEXTS.values():
        english, french = ({name for _, name, _, _ in string.Formatter().parse(one) if name} for one in text[1:])
        assert english == french
        assert all(text.status in titles for titles in TITLES.values()), text
        for one in text[1:]:
            assert not one.endswith(".")
            assert not one[0].isupper(), one


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "2026-11-24 18:00 is in the future"),
        ("fr", "le 24/11/2026 18:00 est à venir"),
    ],
)
def test_a_time_is_shown_as_its_reader_writes_it(language: str, text: str) -> None:
    assert RequestError("future", day=datetime(2026, 11, 24, 18, tzinfo=UTC)).text(language) == text
    midnight = RequestError("future", day=datetime(2026, 11, 24, tzinfo=UTC)).text(language)
    assert midnight == RequestError("future", day=date(2026, 11, 24)).text(language) == text.replace(" 18:00", "")


def test_a_refusal_is_english_for_the_log_and_a_sentence_for_the_web() -> None:
    refusal = RequestError("unknown_meter", meter="5747", known="Maison (031961123456)")
    assert "'5747' is unknown" in str(refusal)
    assert refusal.sentence("fr") == "Le compteur « 5747 » est inconnu ; compteurs connus : Maison (031961123456)."
