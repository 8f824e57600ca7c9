"""Which alerts are told, when and to whom: the sections `alerts` and `addresses`."""

from datetime import time
from typing import Any

import pytest

from common.contract.offers import Window
from common.settings.fields import SectionError
from monitor.base.alert_settings import ADDRESSES, ALERTS, AlertSettings


def test_each_field_is_read() -> None:
    value = {
        "rules": {"white": True, "budget": False},
        "quiet": "22:30-7:00",
        "digest": "weekly",
        "language": "fr",
        "page": "https://energy.example.org/",
    }
    assert ALERTS.read(value) == AlertSettings(
        rules={"white": True, "budget": False},
        quiet=Window(time(22, 30), time(7)),
        digest="weekly",
        language="fr",
        page="https://energy.example.org/",
    )


def test_a_rule_that_was_not_chosen_is_as_its_kind_says() -> None:
    chosen = ALERTS.read({"rules": {"budget": False}})
    assert [chosen.is_on(kind) for kind in ("budget", "overload", "white")] == [False, True, False]
    assert ALERTS.read(ALERTS.default) == AlertSettings()


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"quiet": "22-7"}, "alerts.quiet"),
        ({"quiet": "25:00-07:00"}, "alerts.quiet"),
        ({"quiet": "22:00-22:00"}, "alerts.quiet"),  # that would be all day
        ({"quiet": 22}, "alerts.quiet"),
        ({"rules": {"buget": False}}, "alerts.rules"),
        ({"rules": {"budget": 3}}, "alerts.rules"),
        ({"rules": ["budget"]}, "alerts.rules"),
        ({"digest": "yearly"}, "alerts.digest"),
        ({"page": "energy.example.org"}, "alerts.page"),
        ({"language": "de"}, "alerts.language"),
        ({"to": []}, "alerts.to"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(value: Any, at: str) -> None:
    with pytest.raises(SectionError) as refused:
        ALERTS.read(value)
    assert [one.at for one in refused.value.problems] == [at]


def test_an_unknown_rule_is_told_with_those_that_there_are() -> None:
    with pytest.raises(SectionError, match="overload"):
        ALERTS.read({"rules": {"buget": False}})


def test_an_address_begins_with_its_service() -> None:
    assert ADDRESSES.read(["ntfys://me:secret@example.org/house"]) == ("ntfys://me:secret@example.org/house",)
    assert ADDRESSES.secret


@pytest.mark.parametrize(
    "value", ["ntfy://secret", ["secret-without-a-kind"], [{"path": "secret"}], ["ntfy://se cret"]]
)
def test_what_is_no_address_is_refused_without_showing_it(value: Any) -> None:
    with pytest.raises(SectionError) as refused:
        ADDRESSES.read(value)
    assert "secret" not in str([refused.value, *refused.value.problems])
