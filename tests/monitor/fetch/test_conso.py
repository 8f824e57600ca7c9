"""Conso API: what is asked of it, in which order, within its limits, and what becomes of bad answers."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.base.fetch_settings import EnedisSwitch, FetchSettings
from monitor.fetch.client import FetchFailed
from monitor.fetch.conso import PROVIDER, fetch
from monitor.fetch.provider import Ask, Fetched
from tests.support.conso_api import DAY, JSON, PARIS, PRM, ConsoApi, jwt, midnight
from tests.support.outside_world import RecordedClient, Reply

TODAY = date(2026, 12, 1)
NOW = datetime(2026, 12, 1, 7, 30, tzinfo=UTC)


class Asking:
    """A household that asks each day, and what was asked."""

    def __init__(self, api: ConsoApi) -> None:
        self.api = api
        self.kept: Mapping[str, Any] = {}
        self.client = RecordedClient(api.table())

    def __call__(
        self,
        *,
        days: int = 0,
        token: str | None = "",
        meter: str | None = None,
        missing: Sequence[tuple[date, date]] = (),
    ) -> Fetched:
        self.api.today = TODAY + days * DAY
        self.client = RecordedClient(self.api.table(), most=PROVIDER.most_a_day)
        settings = FetchSettings(enedis=EnedisSwitch(on=True, meter=meter))
        secret = self.api.token if token == "" else token
        now = NOW + timedelta(days=days)
        found = fetch(self.client, Ask(now, PARIS, settings, secret, self.kept, missing))
        if found.kept is not None:
            self.kept = json.loads(json.dumps(found.kept))
        return found

    def ranges(self, kind: str) -> list[tuple[str, str]]:
        return [(asked.query["start"], asked.query["end"]) for asked in self.client.asked if asked.path.endswith(kind)]


@pytest.fixture
def asking() -> Asking:
    return Asking(ConsoApi(TODAY))


def test_the_first_run_takes_three_years_of_days_and_two_of_curves_the_newest_first(asking: Asking) -> None:
    found = asking()
    assert asking.ranges("daily_consumption") == [
        ("2025-12-01", "2026-12-01"),
        ("2024-12-01", "2025-12-01"),
        ("2023-12-02", "2024-12-01"),
        ("2023-12-01", "2023-12-02"),
    ]
    weeks = asking.ranges("consumption_load_curve")
    assert weeks[:2] == [("2026-11-24", "2026-12-01"), ("2026-11-17", "2026-11-24")]
    assert (len(weeks), weeks[-1]) == (105, ("2024-12-01", "2024-12-03"))  # 730 days: 104 weeks and two days
    assert set(asking.client.waited) == {1.0}
    assert [file.kind for file in found.files] == ["conso"]
    assert found.again is None
    assert "1096 jours" in found.fr
    assert "730 of them" in found.en
    assert PRM not in json.dumps(found.kept) + found.fr + found.en
    assert asking.api.token not in json.dumps(found.kept)


def test_later_runs_take_the_last_week_and_ask_no_producer_again(asking: Asking) -> None:
    asking()
    asking(days=1)
    paths = [asked.path for asked in asking.client.asked]
    assert paths == ["/api/daily_consumption", "/api/consumption_load_curve"]
    assert asking.ranges("daily_consumption") == [("2026-11-25", "2026-12-02")]
    asking(days=30)
    assert len(asking.ranges("daily_production")) == 1


def test_a_house_that_injects_gets_its_production_too() -> None:
    asking = Asking(ConsoApi(TODAY, produces=True))
    asking()
    assert len(asking.ranges("production_load_curve")) == 105
    assert len(asking.client.asked) < PROVIDER.most_a_day
    asking(days=1)
    assert asking.ranges("production_load_curve") == [("2026-11-25", "2026-12-02")]


def test_a_run_that_is_cut_hands_over_what_it_has_and_the_next_goes_on(asking: Asking) -> None:
    asking.api.cut_after = 20
    first = asking()
    assert first.problem is not None
    assert first.problem.why == "later"
    assert len(json.loads(first.files[0].content)["answers"]) == 19  # and that it does not inject
    reached = asking.ranges("consumption_load_curve")[-1]  # this one failed
    asking.api.cut_after = None
    second = asking()
    assert asking.ranges("consumption_load_curve")[0] == reached
    assert second.problem is None
    assert len(asking.ranges("consumption_load_curve")) == 105 - 15


def test_older_curves_are_not_asked_after_a_quarter_without_any(asking: Asking) -> None:
    asking.api.begins = date(2026, 11, 1)
    asking()
    assert len(asking.ranges("consumption_load_curve")) == 5 + 13


@pytest.mark.parametrize(("days", "halves"), [(1, 48), (5, 240), (40, 1922), (200, 9602)])  # 25 October has 25 hours
def test_a_contract_younger_than_the_first_range_gets_all_its_days(asking: Asking, days: int, halves: int) -> None:
    asking.api.begins, asking.api.refuses_earlier = TODAY - days * DAY, True
    (file,) = asking().files
    answers = json.loads(file.content)["answers"]
    for kind, number in (("daily_consumption", days), ("consumption_load_curve", halves)):
        assert sum(len(one["interval_reading"]) for one in answers if one["type"] == kind) == number
    assert len(asking.client.asked) < 60


def test_a_missing_day_is_asked_again_less_and_less_often(asking: Asking) -> None:
    lost = date(2026, 10, 12)
    asking.api.days_lost = {lost}
    asking()
    asked = []
    for days in range(1, 20):
        asking(days=days, missing=[(lost, lost + DAY)])
        if ("2026-10-06", "2026-10-13") in asking.ranges("daily_consumption"):
            asked.append(days)
    assert asked == [1, 3, 7, 15]
    asking(days=20)
    assert asking.kept["asked"] == []


def test_years_before_the_contract_are_soon_asked_no_more(asking: Asking) -> None:
    asking.api.begins = date(2026, 6, 1)
    asking()
    missing = [(date(2023, 12, 1), date(2026, 6, 1))]
    requests = []
    for days in range(1, 90):
        asking(days=days, missing=missing)
        requests.append(len(asking.client.asked))
    assert max(requests) <= 2 + 12 + 1  # and whether it injects
    assert sum(requests[60:]) < 30 * 12
    assert len(asking.kept["asked"]) < 200


def test_the_point_is_that_of_the_token_or_the_chosen_one(asking: Asking) -> None:
    other = "99999999995678"
    for payload in ({"sub": PRM}, {"prms": [PRM]}, {"usage_points": f"{PRM}, {other}"}):
        asking.api.token = jwt(**payload)
        found = asking(meter=PRM)
        assert found.files[0].meter == PRM
        assert json.loads(found.files[0].content)["prm"] == PRM
    asking.api.token = jwt(sub=[PRM])
    assert asking(meter="031961123456").files[0].meter == "031961123456"
    asking.api.token = jwt(sub=[PRM, other])
    with pytest.raises(FetchFailed, match="several points: choose …1234 or …5678") as failed:
        asking()
    assert PRM not in failed.value.fr


@pytest.mark.parametrize(
    ("token", "meter", "why"),
    [
        (None, None, "token"),
        ("no jwt", None, "token"),
        ("a.%%.b", None, "token"),
        (jwt(sub="me"), None, "token"),
        (jwt(sub=[PRM]), "99999999995678", "token"),
        (jwt(sub=[PRM], exp=1), None, "token"),
        (jwt(sub=[PRM]), None, "token"),  # unknown to the service: 401
    ],
)
def test_a_token_that_is_of_no_use_is_refused_in_words(
    asking: Asking, token: str | None, meter: str | None, why: str
) -> None:
    asking.api.token = jwt(sub=[PRM], real=True)
    with pytest.raises(FetchFailed) as failed:
        asking(token=token, meter=meter)
    assert failed.value.why == why
    assert len(asking.client.asked) == int(meter is None and token == jwt(sub=[PRM]))
    assert failed.value.fr != failed.value.en
    assert not token or token not in failed.value.fr + failed.value.en


def error(status: int, code: str) -> Reply:
    return status, JSON, json.dumps({"status": status, "message": "", "error": {"error": code}}).encode()


def answer(*readings: Any, **more: Any) -> Reply:
    return 200, JSON, json.dumps({"usage_point_id": PRM, "interval_reading": readings} | more).encode()


GOOD = {"value": "12000", "date": "2026-11-30"}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ((200, "text/html", b"<html>hello</html>"), "not_understood"),
        ((200, JSON, b'{"interval_reading": [{"va'), "not_understood"),
        ((200, JSON, b"{}", {"Content-Length": "40"}), "not_understood"),
        (error(401, "unauthorized"), "token"),
        (error(403, "ADAM-DC-0007"), "not_allowed"),
        (error(403, "ADAM-DC-0008"), "not_allowed"),
        ((403, "text/html", b"<html>firewall</html>"), "later"),
        (error(400, "ADAM-ERR0069"), "not_allowed"),
        ((404, "text/html", b"<html>moved</html>"), "no_data"),
        ((429, JSON, b"{}"), "later"),
        ((500, "text/html", b"<html>"), "later"),
        (answer({"value": "12000", "date": "2020-01-01"}), "not_understood"),
        (answer({"value": "many", "date": "2026-11-30"}), "not_understood"),
        (answer({"value": True, "date": "2026-11-30"}), "not_understood"),
        (answer({"date": "2026-11-30"}), "not_understood"),
        (answer({"value": "1", "date": "30/11/2026"}), "not_understood"),
        (answer(7), "not_understood"),
        (answer(GOOD, usage_point_id="99999999995678"), "not_understood"),
        (answer(GOOD, reading_type={"unit": "kWh"}), "not_understood"),
        ((200, JSON, b"[]"), "not_understood"),
    ],
)
def test_a_bad_answer_is_no_data_and_says_why(asking: Asking, reply: Reply, why: str) -> None:
    asking.api.replies = [reply]
    with pytest.raises(FetchFailed) as failed:
        asking()
    assert failed.value.why == why
    assert len(asking.client.asked) == 1


def test_the_service_says_when_to_come_back(asking: Asking) -> None:
    asking.api.replies = [answer(GOOD), (429, JSON, b"{}", {"Retry-After": "1200"})]
    problem = asking().problem
    assert problem is not None
    assert problem.retry_after == 1200


def test_a_point_without_anything_says_what_to_switch_on(asking: Asking) -> None:
    asking.api.begins = TODAY
    with pytest.raises(FetchFailed, match="recording of hourly consumption") as failed:
        asking()
    assert failed.value.why == "no_data"


def test_days_without_a_curve_are_taken_and_said_to_be_so(asking: Asking) -> None:
    asking.api.holes = {midnight(date(2024, 1, 1)) + number * timedelta(minutes=30) for number in range(60_000)}
    found = asking()
    assert "Sans courbe" in found.fr
    assert {one["type"] for one in json.loads(found.files[0].content)["answers"]} == {"daily_consumption"}


def test_values_may_be_numbers_or_empty(asking: Asking) -> None:
    asking.api.replies = [answer({"value": 12000, "date": "2026-11-30"}, {"value": None, "date": "2026-11-29"})]
    kept = json.loads(asking().files[0].content)["answers"][-1]
    assert kept["type"] in ("daily_consumption", "consumption_load_curve")
