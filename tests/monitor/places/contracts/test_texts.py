"""Rules in words: what an owner of a meter reads on the page, in rules.fr.txt and rules.en.txt."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.formats import Formats
from monitor.money.rule_document import read_rule
from monitor.places.contracts.texts import rule_words
from tests.support.golden import check_sentences

WINTER = {"from": "11-01", "to": "03-31"}
RULES: list[dict[str, Any]] = [
    {"hours": {"any": {"BASE": "rest"}}},
    {"hours": {"any": {"HC": "meter", "HP": "rest"}}},
    {"hours": {"any": {"HC": ["22:00-06:00", "12:30-15:00", "20:00-24:00"], "HP": "rest"}}},
    {
        "choice": {"weekday": ["mon", "fri"]},
        "days": {"we": {"weekdays": ["sat", "sun", "choice"], "holidays": "fr"}, "week": "always"},
        "hours": {"we": {"WE": "rest"}, "week": {"WEEK": "rest"}},
    },
    {
        "day_starts": "06:00",
        "days": {"red": {"calendar": "tempo", "is": "red"}, "winter": WINTER, "summer": "always"},
        "hours": {
            "red": {"RED": "rest"},
            "winter": {"HC": ["00:00-06:00"], "HP": "rest"},
            "summer": {"HC": "rest"},
        },
    },
    {
        "day_starts": "23:00 of the day before",
        "days": {"x": {"calendar": "mine", "is": "dear"}, "other": {"weekdays": ["wed"]}, "rest": "always"},
        "hours": {"x": {"A": "rest"}, "other": {"B": "rest"}, "rest": {"C": "rest"}},
    },
    {
        "choice": {"slot": ["13:00-15:00", "14:00-16:00"]},
        "days": {"winter": WINTER, "summer": "always"},
        "hours": {"winter": {"W": "rest"}, "summer": {"HAPPY": "choice", "S": "rest"}},
    },
    {
        "days": {"winter": {"weekdays": ["sat", "sun"], **WINTER}, "other": "always"},
        "hours": {"winter": {"A": ["22:00-06:00"], "B": "rest"}, "other": {"C": "rest"}},
    },
]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_rule_is_told_period_by_period(language: str) -> None:
    formats = Formats(language, ZoneInfo("Europe/Paris"))
    told: list[str] = []
    for rule in RULES:
        told += ["==", *(f"{period}: {text}" for period, text in rule_words(read_rule(rule, "rule"), formats).items())]
    check_sentences(Path(__file__).with_name("rules"), language, told)
    assert rule_words(None, formats) == {}
