"""A stand-in for Conso API: three years of a house, with its real limits, and own sums of what it answers."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.outside_world import Reply, Table

HOST = "conso.boris.sh"
PRM = "12345678901234"
PARIS = ZoneInfo("Europe/Paris")
HALF = timedelta(minutes=30)
DAY = timedelta(days=1)
JSON = "application/json"
Hours = dict[tuple[datetime, int], int]  # Wh by the end (UTC) and the hours before it


def jwt(**payload: Any) -> str:
    """Make a token that nobody has signed."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, payload)]
    return ".".join([*parts, "x"])


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


class ConsoApi:
    """Answers as Conso API does on one day; half-hours are by the instant of their end."""

    def __init__(self, today: date, *, produces: bool = False) -> None:
        self.today = today
        self.produces = produces
        self.token = jwt(sub=[PRM])
        self.holes: set[datetime] = set()  # half-hours that are lost
        self.days_lost: set[date] = set()  # daily values that are
        self.corrected: dict[datetime, int] = {}  # W
        self.begins = date(2000, 1, 1)
        self.refuses_earlier = False  # than it begins: as too old, instead of answering what there is
        self.replies: list[Reply] = []  # given instead, in order
        self.cut_after: int | None = None  # answers, before it is out of order
        self.answered = 0

    def table(self) -> Table:
        """Return the answers for a client."""
        kinds = ("daily_consumption", "consumption_load_curve", "daily_production", "production_load_curve")
        return {(HOST, f"/api/{kind}"): self._answers(kind) for kind in kinds}

    def watts(self, end: datetime, *, injected: bool = False) -> int:
        """Return the mean power of a half-hour: even, so that hours are whole Wh."""
        number = int(end.timestamp()) // 1800
        if injected:
            return (number * 7907 % 700) * 2 if end.hour in range(9, 16) else 0
        return self.corrected.get(end, (number * 7919 % 1499) * 2)

    def expected(self, *, injected: bool = False) -> Hours:
        """Return what must be stored of all that it answers."""
        found: Hours = {}
        day = self.today.replace(year=self.today.year - 3)
        curve = self.today.replace(year=self.today.year - 2)
        while day < self.today:
            ends = self._ends(day)
            lost = self.holes & set(ends)
            if day >= curve and (not lost or day in self.days_lost):
                for first, second in zip(ends[::2], ends[1::2], strict=True):
                    if not {first, second} & lost:
                        wh = (self.watts(first, injected=injected) + self.watts(second, injected=injected)) // 2
                        found[second, 1] = wh
            elif day not in self.days_lost:
                found[ends[-1], len(ends) // 2] = self._day(day, injected)
            day += DAY
        return found

    def _ends(self, day: date) -> list[datetime]:
        begin, end = midnight(day), midnight(day + DAY)
        return [begin + number * HALF for number in range(1, (end - begin) // HALF + 1)]

    def _day(self, day: date, injected: bool) -> int:
        return sum(self.watts(end, injected=injected) for end in self._ends(day)) // 2

    def _answers(self, kind: str) -> Any:
        def answer(query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
            if self.replies:
                return self.replies.pop(0)
            return self._answer(kind, query, headers)

        return answer

    def _answer(self, kind: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        assert query.keys() == {"prm", "start", "end"}
        assert headers["User-Agent"].startswith("TeleInfo-Monitor/")
        if headers.get("Authorization") != f"Bearer {self.token}" or query["prm"] != PRM:
            return _error(401, "unauthorized")
        if self.cut_after is not None and self.answered >= self.cut_after:
            return 503, "text/html", b"<html>maintenance</html>"
        self.answered += 1
        injected, is_curve = "production" in kind, "curve" in kind
        start, end = (date.fromisoformat(query[name]) for name in ("start", "end"))
        if not start < end <= self.today:
            return _error(400, "ADAM-ERR0021")
        if injected and not self.produces:
            return _error(400, "ADAM-ERR0069")
        if is_curve and end - start > 7 * DAY:
            return _error(400, "ADAM-ERR0126")
        oldest = self.today.replace(year=self.today.year - (2 if is_curve else 3)) - 15 * DAY
        if start < (max(oldest, self.begins) if self.refuses_earlier else oldest):
            return _error(400, "ADAM-ERR0123")
        return self._found(start, end, injected=injected, is_curve=is_curve)

    def _found(self, start: date, end: date, *, injected: bool, is_curve: bool) -> Reply:
        readings: list[dict[str, str]] = []
        for day in (start + number * DAY for number in range((end - start).days)):
            if day < self.begins:
                continue
            if not is_curve:
                if day not in self.days_lost:
                    readings.append({"value": f"{self._day(day, injected)}", "date": f"{day}"})
                continue
            readings += [
                {
                    "value": f"{self.watts(one, injected=injected)}",
                    "date": f"{one.astimezone(PARIS):%Y-%m-%d %H:%M:%S}",
                    "interval_length": "PT30M",
                    "measure_type": "B",
                }
                for one in self._ends(day)
                if one not in self.holes
            ]
        if not readings:
            return _error(404, "no_data_found")
        unit = {"unit": "W" if is_curve else "Wh"}
        answer = {"usage_point_id": PRM, "start": f"{start}", "end": f"{end}", "reading_type": unit}
        return 200, JSON, json.dumps(answer | {"interval_reading": readings}).encode()


def _error(status: int, code: str) -> Reply:
    return status, JSON, json.dumps({"status": status, "message": code, "error": {"error": code}}).encode()
