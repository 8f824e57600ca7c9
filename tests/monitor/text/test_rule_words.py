"""Rules in words: what an owner of a meter reads on the page."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.prices.rule_document import read_rule
from monitor.text.formats import Formats
from monitor.text.rule_words import rule_words

WINTER = {"from": "11-01", "to": "03-31"}


def said(rule: dict[str, Any], language: str = "fr") -> dict[str, str]:
    found = rule_words(read_rule(rule, "rule"), Formats(language, ZoneInfo("Europe/Paris")))
    return {period: text.replace("\u202f", " ").replace("\u00a0", " ") for period, text in found.items()}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"hours": {"any": {"BASE": "rest"}}}, {"BASE": "À toute heure"}),
        (
            {"hours": {"any": {"HC": "meter", "HP": "rest"}}},
            {"HC": "Vos heures creuses", "HP": "Les autres heures"},
        ),
        (
            {"hours": {"any": {"HC": ["22:00-06:00", "12:30-15:00", "20:00-24:00"], "HP": "rest"}}},
            {"HC": "La nuit de 22 h à 6 h, de 12 h 30 à 15 h et de 20 h à minuit", "HP": "Les autres heures"},
        ),
        (
            {
                "choice": {"weekday": ["mon", "fri"]},
                "days": {"we": {"weekdays": ["sat", "sun", "choice"], "holidays": "fr"}, "week": "always"},
                "hours": {"we": {"WE": "rest"}, "week": {"WEEK": "rest"}},
            },
            {
                "WE": "Le week-end, le jour choisi (lundi ou vendredi) et les jours fériés",
                "WEEK": "Les autres jours",
            },
        ),
        (
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
                "RED": "Les jours rouges (dès 6 h)",
                "HC": "Du 1er novembre au 31 mars, la nuit de minuit à 6 h ; les autres jours",
                "HP": "Du 1er novembre au 31 mars, les autres heures",
            },
        ),
        (
            {
                "day_starts": "23:00 of the day before",
                "days": {"x": {"calendar": "mine", "is": "dear"}, "other": {"weekdays": ["wed"]}, "rest": "always"},
                "hours": {"x": {"A": "rest"}, "other": {"B": "rest"}, "rest": {"C": "rest"}},
            },
            {
                "A": "Les jours « dear » du calendrier mine (dès 23 h la veille)",
                "B": "Le mercredi",
                "C": "Les autres jours",
            },
        ),
        (
            {
                "choice": {"slot": ["13:00-15:00", "14:00-16:00"]},
                "days": {"winter": WINTER, "summer": "always"},
                "hours": {"winter": {"W": "rest"}, "summer": {"HAPPY": "choice", "S": "rest"}},
            },
            {
                "W": "Du 1er novembre au 31 mars",
                "HAPPY": "Le reste de l’année, le créneau choisi (de 13 h à 15 h ou de 14 h à 16 h)",
                "S": "Le reste de l’année, les autres heures",
            },
        ),
    ],
)
def test_a_rule_is_told_period_by_period(rule: dict[str, Any], words: dict[str, str]) -> None:
    assert said(rule) == words


def test_a_rule_is_told_in_english() -> None:
    rule = {
        "days": {"winter": {"weekdays": ["sat", "sun"], **WINTER}, "other": "always"},
        "hours": {"winter": {"A": ["22:00-06:00"], "B": "rest"}, "other": {"C": "rest"}},
    }
    assert said(rule, "en") == {
        "A": "Weekends, 1 November to 31 March, from 22:00 to 06:00 at night",
        "B": "Weekends, 1 November to 31 March, other hours",
        "C": "Other days",
    }


def test_without_a_rule_nothing_is_told() -> None:
    assert rule_words(None, Formats("fr", ZoneInfo("Europe/Paris"))) == {}
