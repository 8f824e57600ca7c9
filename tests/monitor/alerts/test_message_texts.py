from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.events import BEGIN, END, Event, Notification
from monitor.alerts.message_texts import line, place, title_and_body
from monitor.base.alert_settings import KINDS
from tests.support.golden import check_sentences
from tests.support.wording import warnings_of

PARIS = ZoneInfo("Europe/Paris")
BEGAN = datetime(2026, 11, 28, 13, 2, tzinfo=UTC)  # a Saturday, 14:02 in Paris
ONE, TWO = {"0219": "Maison"}, {"0219": "Maison", "0220": "Atelier"}
SINCE = "2026-11-28T13:02:00Z"
WINDOWS = {"since": "2026-11-28", "old": "22:26–06:26", "new": "02:06–07:06, 13:36–16:36"}
#: kind, key, figures
CASES: list[tuple[str, str, Mapping[str, Any]]] = [
    ("overload", "2", {"power": 9450, "limit": 9000, "phase": 2}),
    ("overload", "", {"power": 8700, "limit": 9000, "phase": None}),
    ("silent", "meter", {"link": "meter", "since": SINCE}),
    ("silent", "reader", {"link": "reader", "since": SINCE}),
    ("silent", "mqtt", {"link": "mqtt", "since": SINCE}),
    ("power_cut", SINCE, {"start": SINCE, "end": "2026-11-28T13:45:00Z", "minutes": 43}),
    ("power_cut", SINCE, {"start": "2026-11-28T22:50:00Z", "end": "2026-12-01T00:20:00Z", "minutes": 2970}),
    ("red", "2026-11-30", {"day": "2026-11-30", "price": 7060, "reminder": 0}),
    ("red", "2026-11-30", {"day": "2026-11-30", "price": None, "reminder": 1}),
    ("white", "2026-12-01", {"day": "2026-12-01", "price": 1894, "reminder": 0}),
    ("off_peak", "2026-11-28", {**WINDOWS, "against": "meter"}),
    ("off_peak", "file", {**WINDOWS, "against": "file"}),
    ("budget", "2026-11", {"expected": 1_320_000, "low": 1_200_000, "high": 1_450_000, "budget": 1_200_000}),
    ("feed_in", "", {"days": 1, "usual_wh": 8400}),
    ("backup", "", {"days": 9, "last": "2026-11-19T02:00:00Z"}),
    ("disk", "", {"days": 45, "free": 3_200_000_000}),
    ("loss", SINCE, {"frames": 1200, "start": "2026-11-28T13:00:00Z", "end": "2026-11-28T15:00:00Z"}),
    ("prices", "", {"months": 8, "oldest": "2026-02-01", "name": "Chez moi"}),
]


def an_event(kind: str, key: str = "", figures: Mapping[str, Any] | None = None) -> Event:
    return Event(kind, "0219", key, BEGAN, BEGAN + timedelta(hours=2, minutes=38), figures or {})


def sentences(language: str) -> Iterator[str]:
    """Yield each alert as the page lists it, and the notifications that it begins and is over."""
    for kind, key, figures in CASES:
        event = an_event(kind, key, figures)
        yield f"== {kind}"
        yield line(event, language, PARIS, ONE)
        for phase in (BEGIN, END) if KINDS[kind].lasts and not KINDS[kind].once else (BEGIN,):
            title, body = title_and_body(Notification(event, phase), language, PARIS, ONE, None, BEGAN)
            assert len(title) <= 60, kind  # a phone shows no more
            yield f"{phase}: {title} | {body}"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_alert_says_what_happened_and_what_it_costs_or_what_to_do(language: str) -> None:
    check_sentences(Path(__file__).with_name("words"), language, sentences(language))


def test_every_kind_has_its_words() -> None:
    assert {case[0] for case in CASES} == set(KINDS)


def test_of_several_meters_the_message_names_one_and_links_to_it() -> None:
    silent = an_event("silent", "meter", {"link": "meter", "since": SINCE})
    assert line(silent, "fr", PARIS, TWO) == "Maison · Aucune donnée du compteur"
    title, body = title_and_body(Notification(silent, BEGIN), "fr", PARIS, TWO, "https://energie.example.org", BEGAN)
    assert title == "Maison · Aucune donnée du compteur"
    assert body.splitlines()[-1] == "https://energie.example.org/etat?compteur=0219"
    # However its owner wrote the address of the page.
    assert title_and_body(Notification(silent, BEGIN), "fr", PARIS, TWO, "https://energie.example.org/", BEGAN) == (
        title,
        body,
    )


def test_the_link_of_a_single_meter_is_the_place_alone() -> None:
    cut = an_event("power_cut", SINCE, {"start": SINCE, "end": SINCE, "minutes": 1})
    assert place(cut, PARIS) == "jour/2026-11-28"
    body = title_and_body(Notification(cut, BEGIN), "fr", PARIS, ONE, "https://energie.example.org", BEGAN)[1]
    assert body.splitlines()[-1] == "https://energie.example.org/jour/2026-11-28"


@pytest.mark.parametrize("reminder", [0, 1])
@pytest.mark.parametrize(
    ("language", "kind", "title"),
    [
        ("fr", "red", "Aujourd’hui, jour rouge"), ("fr", "white", "Aujourd’hui, jour blanc"),
        ("en", "red", "Today is a red day"), ("en", "white", "Today is a white day"),
    ],
)  # fmt: skip
def test_after_midnight_the_day_that_begins_at_six_is_today(
    language: str, kind: str, title: str, reminder: int
) -> None:
    event = an_event(kind, "2026-11-29", {"day": "2026-11-29", "price": None, "reminder": reminder})
    midnight = datetime(2026, 11, 28, 23, tzinfo=UTC)
    before, after = (
        title_and_body(Notification(event, BEGIN), language, PARIS, ONE, None, now)
        for now in (midnight - timedelta(seconds=1), midnight)
    )
    assert after[0] == title
    assert "emain" in before[0] or "omorrow" in before[0]
    assert after[1] == before[1]


def test_what_has_no_text_has_its_name(caplog: pytest.LogCaptureFixture) -> None:
    event = an_event("feed_in", "", {"days": None})
    assert line(event, "fr", PARIS, ONE) == "Injection arrêtée"
    title, body = title_and_body(Notification(event, END), "en", PARIS, ONE, "https://energie.example.org", BEGAN)
    assert (title, body) == ("Nothing exported", "Nothing exported\nhttps://energie.example.org/jour/2026-11-28")
    assert event.id in warnings_of(caplog)[0]


def test_the_name_of_a_meter_forges_no_line() -> None:
    event = an_event("feed_in", "", {"days": 1, "usual_wh": 8400})
    assert "\n" not in line(event, "fr", PARIS, {"0219": "a\nb", "1": "c"})
