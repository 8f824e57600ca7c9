"""What is taken of answers about Tempo, and what is refused; the answers have the form of recorded ones."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.fetch_settings import FetchSettings
from monitor.fetch.client import FetchFailed
from monitor.fetch.provider import Ask, Fetched
from monitor.fetch.tempo import PROVIDER, RTE, SECOND, day_start
from tests.support.outside_world import RecordedClient, Reply

PARIS = ZoneInfo("Europe/Paris")
JSON = "application/json"
LIGHT, SEASON = "/cms/open_data/v1/tempoLight", "/cms/open_data/v1/tempo"
TODAY, TOMORROW = "/api/jourTempo/today", "/api/jourTempo/tomorrow"
KEPT = {"until": "2026-12-01"}  # the days before are stored: the season is not asked
BROKEN: Reply = (500, "text/html", b"<html>")


def ok(document: Any) -> Reply:
    return 200, JSON, json.dumps(document).encode()


def light(**days: Any) -> Reply:
    """Return an answer of RTE; days such as `d02="BLUE"`, with `f02` as their fallback, are of December 2026."""
    values = {f"2026-12-{name[1:]}" + ("-fallback" if name[0] == "f" else ""): value for name, value in days.items()}
    return ok({"values": values})


def second(day: str, code: Any) -> Reply:
    return ok({"dateJour": day, "codeJour": code, "periode": "2026-2027"})


def fetch(
    table: Mapping[tuple[str, str], list[Reply]], local: str = "2026-12-02 10:35", kept: Mapping[str, Any] = KEPT
) -> Fetched:
    now = datetime.fromisoformat(local).replace(tzinfo=PARIS).astimezone(UTC)
    return PROVIDER.fetch(RecordedClient(table), Ask(now, PARIS, FetchSettings(tempo=True), kept=kept))


def rows(found: Fetched) -> dict[str, float]:
    """Return the values by UTC start, of the only source."""
    (one,) = found.rows
    assert one.what == "tempo"
    return {f"{start:%m-%d %H:%M}": value for start, value in one.values.items()}


def test_today_and_tomorrow_begin_at_six_in_the_morning() -> None:
    found = fetch({(RTE, LIGHT): [light(d02="BLUE", d03="RED", f02="false", f03="false")]})
    assert rows(found) == {"12-02 05:00": 1, "12-03 05:00": 3}
    assert [one.source for one in found.rows] == [RTE]
    assert (found.again, found.kept) == (None, {"until": "2026-12-03"})
    assert (found.fr, found.en) == ("Aujourd’hui bleu, demain rouge.", "Today blue, tomorrow red.")


@pytest.mark.parametrize("fallback", ["true", "True", True, "maybe"])
def test_a_colour_that_nobody_decided_is_not_known(fallback: Any) -> None:
    found = fetch({(RTE, LIGHT): [light(d02="BLUE", d03="RED", f03=fallback)]})
    assert rows(found) == {"12-02 05:00": 1}
    assert found.fr == "Aujourd’hui bleu, demain inconnu."


@pytest.mark.parametrize("fallback", ["false", "False", False])
def test_a_decision_may_be_said_as_text_or_as_a_boolean(fallback: Any) -> None:
    assert rows(fetch({(RTE, LIGHT): [light(d02="BLUE", d03="RED", f03=fallback)]}))["12-03 05:00"] == 3


@pytest.mark.parametrize("word", [None, "", "NOT_DEFINED"])
def test_a_day_without_a_colour_is_not_known(word: Any) -> None:
    assert rows(fetch({(RTE, LIGHT): [light(d02="BLUE", d03=word)]})) == {"12-02 05:00": 1}


@pytest.mark.parametrize(
    ("local", "again"),
    [
        ("2026-12-02 10:30", 900),
        ("2026-12-02 11:59", 900),
        ("2026-12-02 12:00", 3600),
        ("2026-12-02 23:30", 3600),
        ("2026-12-02 08:30:00", 7260),  # 10:31
        ("2026-12-02 08:30:30", 7260 - 30 + 420),
        ("2026-12-02 00:30", 36_060),
    ],
)
def test_as_long_as_tomorrow_is_not_known_it_is_asked_again(local: str, again: float) -> None:
    assert fetch({(RTE, LIGHT): [light(d02="BLUE")]}, local).again == again


def test_before_half_past_ten_the_colour_of_tomorrow_may_change_and_is_not_taken() -> None:
    found = fetch({(RTE, LIGHT): [light(d02="BLUE", d03="RED")]}, "2026-12-02 10:29:59")
    assert rows(found) == {"12-02 05:00": 1}
    found = fetch({(RTE, LIGHT): [light(d02="BLUE", d03="WHITE")]}, "2026-12-02 10:30")
    assert rows(found) == {"12-02 05:00": 1, "12-03 05:00": 2}


BAD = {
    "nothing": ok({}),
    "an empty list": ok({"values": {}}),
    "a list": ok([]),
    "other days": light(d04="BLUE", d05="RED"),
    "a day too many": light(d02="BLUE", d03="RED", d05="RED"),
    "only yesterday": light(d01="BLUE"),
    "another word": light(d02="BLUE", d03="PURPLE"),
    "a number": light(d02=1, d03=3),
    "another key": ok({"values": {"2026-12-02": "BLUE", "message": "x"}}),
    "no date": ok({"values": {"2026-13-45": "BLUE"}}),
    "html": (200, "text/html", b"<html></html>"),
    "html as json": (200, JSON, b"<html></html>"),
    "cut": (200, JSON, b'{"values":{"2026-12-02":"BL', {"Content-Length": "90"}),
    "401": (401, JSON, b"{}"),
    "403": (403, "text/html", b"no"),
    "404": (404, JSON, b"{}"),
    "429": (429, JSON, b"{}"),
    "429 until": (429, JSON, b"{}", {"Retry-After": "600"}),
    "500": BROKEN,
}


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD)
def test_where_rte_fails_the_second_source_is_asked_and_that_is_said(reply: Reply) -> None:
    found = fetch({
        (RTE, LIGHT): [reply],
        (SECOND, TODAY): [second("2026-12-02", 1)],
        (SECOND, TOMORROW): [second("2026-12-03", "3")],
    })  # fmt: skip
    assert rows(found) == {"12-02 05:00": 1, "12-03 05:00": 3}
    assert [one.source for one in found.rows] == [SECOND]
    assert found.fr.endswith(f" D’après {SECOND} : Aujourd’hui bleu, demain rouge.")
    assert found.en.endswith(f" According to {SECOND}: Today blue, tomorrow red.")
    assert found.again is None


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD)
def test_where_both_fail_nothing_is_taken_and_the_failure_is_that_of_rte(reply: Reply) -> None:
    with pytest.raises(FetchFailed) as alone:
        fetch({(RTE, LIGHT): [reply], (SECOND, TODAY): [second("2026-11-30", 1)]})
    assert SECOND not in alone.value.en
    with pytest.raises(FetchFailed):
        fetch({(RTE, LIGHT): [BROKEN], (SECOND, TODAY): [reply]})


@pytest.mark.parametrize("code", [4, -1, True, None, "rouge"])
def test_a_code_that_is_no_colour_is_refused(code: Any) -> None:
    with pytest.raises(FetchFailed):
        fetch({(RTE, LIGHT): [BROKEN], (SECOND, TODAY): [second("2026-12-02", code)], (SECOND, TOMORROW): [BROKEN]})


def test_the_second_source_is_not_asked_for_tomorrow_before_it_is_firm_and_may_not_know_it() -> None:
    table = {(RTE, LIGHT): [BROKEN], (SECOND, TODAY): [second("2026-12-02", 2)]}
    assert rows(fetch(table, "2026-12-02 09:00")) == {"12-02 05:00": 2}
    found = fetch(table | {(SECOND, TOMORROW): [second("2026-12-03", 0)]})
    assert (rows(found), found.again) == ({"12-02 05:00": 2}, 900)


@pytest.mark.parametrize(
    ("local", "today", "colour"),
    [
        ("2026-12-04 11:00", "2026-12-04", "RED"),  # tomorrow is a Saturday
        ("2026-12-05 11:00", "2026-12-05", "RED"),  # a Sunday
        ("2026-12-05 11:00", "2026-12-05", "WHITE"),
        ("2026-12-24 11:00", "2026-12-24", "RED"),  # Christmas
        ("2027-03-31 11:00", "2027-03-31", "RED"),  # April
        ("2026-10-29 11:00", "2026-10-29", "RED"),  # October
    ],
)
def test_a_colour_that_tempo_rules_out_is_refused(local: str, today: str, colour: str) -> None:
    after = (date.fromisoformat(today) + timedelta(1)).isoformat()
    kept = {"until": today}
    with pytest.raises(FetchFailed):
        fetch({(RTE, LIGHT): [ok({"values": {today: "BLUE", after: colour}})], (SECOND, TODAY): [BROKEN]}, local, kept)


@pytest.mark.parametrize(
    ("day", "start"),
    [
        ("2026-10-24", "2026-10-24T04:00"),
        ("2026-10-25", "2026-10-25T05:00"),  # the clock went back at 03:00
        ("2027-03-27", "2027-03-27T05:00"),
        ("2027-03-28", "2027-03-28T04:00"),  # it went forward at 02:00
    ],
)
def test_a_day_begins_at_six_local_time_also_when_the_clock_changes(day: str, start: str) -> None:
    assert day_start(date.fromisoformat(day), PARIS) == datetime.fromisoformat(start).replace(tzinfo=UTC)


# -- the season --------------------------------------------------------------------------------------------------------


def season(changes: Mapping[str, str] | None = None, last: str = "2026-12-02", first: str = "2026-09-01") -> Reply:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [(begin + timedelta(number)).isoformat() for number in range((end - begin).days + 1)]
    return ok({"values": dict.fromkeys(days, "BLUE") | dict(changes or {})})


def test_the_days_of_the_season_are_asked_once() -> None:
    client = RecordedClient({
        (RTE, LIGHT): [light(d02="BLUE", d03="RED")], (RTE, SEASON): [season({"2026-11-23": "WHITE"})],
    })  # fmt: skip
    now = datetime(2026, 12, 2, 9, 35, tzinfo=UTC)
    found = PROVIDER.fetch(client, Ask(now, PARIS, FetchSettings(tempo=True)))
    assert [dict(asked.query) for asked in client.asked] == [{}, {"season": "2026-2027"}]
    values = rows(found)
    assert len(values) == 94  # 30 + 31 + 30 days, and three of December
    assert (values["09-01 04:00"], values["11-23 05:00"], values["12-03 05:00"]) == (1, 2, 3)
    assert found.kept == {"until": "2026-12-03"}


def test_after_some_days_without_it_is_asked_again() -> None:
    table = {(RTE, LIGHT): [light(d02="BLUE", d03="RED")], (RTE, SEASON): [season()]}
    assert len(rows(fetch(table, kept={"until": "2026-11-30"}))) == 94
    assert len(rows(fetch({(RTE, LIGHT): [light(d02="BLUE", d03="RED")]}, kept={"until": "2026-12-01"}))) == 2


@pytest.mark.parametrize(
    "reply",
    [
        BROKEN,
        ok({"values": {}}),
        season(first="2025-09-01", last="2026-08-31"),
        season({"2026-11-29": "WHITE"}),  # a Sunday
        season({f"2026-11-{day:02}": "RED" for day in range(1, 31)}),
        season({f"2026-10-{day:02}": "WHITE" for day in range(1, 32)} | {"2026-09-10": "VIOLET"}),
        season(first="2026-09-02"),
    ],
)
def test_where_the_season_fails_the_two_days_are_taken_and_the_season_is_asked_again(reply: Reply) -> None:
    found = fetch({(RTE, LIGHT): [light(d02="BLUE", d03="RED")], (RTE, SEASON): [reply]}, kept={})
    assert rows(found) == {"12-02 05:00": 1, "12-03 05:00": 3}
    assert found.kept == {}
    assert found.fr.startswith("Jours passés de la saison : ")
    assert found.fr.endswith("Aujourd’hui bleu, demain rouge.")


def test_on_the_first_day_of_a_season_that_is_not_there_yet_today_is_known() -> None:
    days = ok({"values": {"2026-09-01": "BLUE", "2026-09-02": "BLUE"}})
    found = fetch({(RTE, LIGHT): [days], (RTE, SEASON): [BROKEN]}, "2026-09-01 10:40", {})
    assert rows(found) == {"09-01 04:00": 1, "09-02 04:00": 1}


@pytest.mark.parametrize("kept", [{"until": None}, {"until": 3}, {"until": "x"}])
def test_what_was_kept_and_cannot_be_read_is_as_if_nothing_was_kept(kept: Mapping[str, Any]) -> None:
    assert len(rows(fetch({(RTE, LIGHT): [light(d02="BLUE")], (RTE, SEASON): [season()]}, kept=kept))) == 93
