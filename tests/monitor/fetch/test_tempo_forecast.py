"""What is taken of a forecast of Tempo colours: chances of the days from the second to the ninth."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.fetch_settings import FetchSettings
from monitor.fetch.client import FetchFailed
from monitor.fetch.provider import Ask, Fetched
from monitor.fetch.tempo_forecast import HOST, PROVIDER
from tests.support.outside_world import RecordedClient, Reply

PARIS = ZoneInfo("Europe/Paris")
JSON = "application/json"
NOW = datetime(2026, 12, 2, 6, 30, tzinfo=UTC)  # a Wednesday


def day(date: str, colour: Any = "bleu", chance: Any = 0.67) -> dict[str, Any]:
    return {"date": f"2026-12-{date}", "couleur": colour, "probability": chance}


def ok(*days: Any) -> Reply:
    return 200, JSON, json.dumps(days).encode()


def fetch(reply: Reply, kept: Mapping[str, Any] | None = None, now: datetime = NOW) -> Fetched:
    client = RecordedClient({(HOST, "/assets/tempo_days_lite.json"): [reply]})
    return PROVIDER.fetch(client, Ask(now, PARIS, FetchSettings(tempo=True), kept=kept or {}))


def chances(found: Fetched) -> dict[str, dict[str, float]]:
    assert all(one.source == HOST for one in found.rows)
    return {one.what: {f"{start:%m-%d %H}": chance for start, chance in one.values.items()} for one in found.rows}


def test_the_chance_of_one_colour_is_stored_for_each_day() -> None:
    found = fetch(ok(day("04"), day("07", "Blanc", "0.5"), day("08", "rouge", 1)))
    assert chances(found) == {"tempo_blue": {"12-04 05": 0.67}, "tempo_white": {"12-07 05": 0.5},
                              "tempo_red": {"12-08 05": 1.0}}  # fmt: skip
    assert (found.fr, found.again) == ("Open DPE : prévisions de 3 jours.", None)


def test_only_the_second_to_the_ninth_day_are_taken() -> None:
    found = fetch(ok(*(day(f"{number:02}") for number in range(1, 15))))
    assert list(chances(found)["tempo_blue"]) == [f"12-{number:02} 05" for number in range(4, 12)]


def test_days_that_tempo_rules_out_are_left_out() -> None:
    found = fetch(ok(day("04"), day("05", "rouge"), day("05", "rouge"), day("06", "blanc")))
    assert chances(found) == {"tempo_blue": {"12-04 05": 0.67}}
    assert fetch(ok(day("06", "rouge"))).rows == []


def test_a_colour_that_is_not_the_probable_one_any_more_has_no_chance() -> None:
    before = fetch(ok(day("04", "rouge", 0.9), day("07", "rouge", 0.8), day("08"))).kept
    after = chances(fetch(ok(day("04", "blanc", 0.5), day("08", chance=0.7)), before))
    assert after == {
        "tempo_red": {"12-04 05": 0.0, "12-07 05": 0.0}, "tempo_white": {"12-04 05": 0.5},
        "tempo_blue": {"12-08 05": 0.7},
    }  # fmt: skip


def test_what_others_kept_stays() -> None:
    found = fetch(ok(day("04")), {"until": "2026-12-02", "chances": "?"})
    assert found.kept == {"until": "2026-12-02", "chances": {"2026-12-04": "blue"}}


@pytest.mark.parametrize(
    ("now", "date", "start"),
    [
        (datetime(2026, 10, 22, 6, tzinfo=UTC), "2026-10-25", "10-25 05"),
        (datetime(2027, 3, 25, 7, tzinfo=UTC), "2027-03-28", "03-28 04"),
    ],
)
def test_a_day_begins_at_six_also_when_the_clock_changes(now: datetime, date: str, start: str) -> None:
    assert chances(fetch(ok(day("04") | {"date": date}), now=now)) == {"tempo_blue": {start: 0.67}}


BAD = {
    "empty": ok(),
    "past days": ok(day("01"), day("02")),
    "no list": (200, JSON, b'{"date": "2026-12-04"}'),
    "no object": ok("2026-12-04"),
    "no colour": ok({"date": "2026-12-04", "probability": 0.5}),
    "another colour": ok(day("04", "violet")),
    "no date": ok(day("45")),
    "no number": ok(day("04", chance="a lot")),
    "a percentage": ok(day("04", chance=67)),
    "below nothing": ok(day("04", chance=-0.1)),
    "a boolean": ok(day("04", chance=True)),
    "not a number": (200, JSON, b'[{"date": "2026-12-04", "couleur": "bleu", "probability": NaN}]'),
    "html": (200, "text/html", b"<html></html>"),
    "html as json": (200, JSON, b"<html></html>"),
    "cut": (200, JSON, b'[{"date": "2026-12-04", ', {"Content-Length": "90"}),
    "401": (401, JSON, b""),
    "403": (403, "text/html", b""),
    "404": (404, "text/html", b""),
    "429": (429, JSON, b""),
    "429 until": (429, JSON, b"", {"Retry-After": "60"}),
    "500": (500, "text/html", b""),
}


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD)
def test_a_bad_answer_is_refused_as_a_whole(reply: Reply) -> None:
    with pytest.raises(FetchFailed):
        fetch(reply)
