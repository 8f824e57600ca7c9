"""Past consumption from Enedis, by Conso API, with the owner's token.

The first run takes all that is there: days of three years, load curves of two by weeks, the newest first. Later runs
take the last days, which Enedis may have corrected, and what is missing before. All answers of a run are one file, so
one import; a run that is cut short hands over what it has, and the next one goes on.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from common.contract.requests import FETCHED
from monitor.fetch.client import Client, FetchFailed
from monitor.fetch.provider import Ask, Fetched, ImportFile, Provider

HOST = "conso.boris.sh"
MOST_A_DAY = 300  # the first run of a house that injects has about 220
_YEAR = timedelta(days=365)  # the longest range of days
_WEEK = timedelta(days=7)  # the longest range of a load curve
_DAY = timedelta(days=1)
_YEARS_OF_DAYS, _YEARS_OF_CURVE = 3, 2
_EMPTY_WEEKS = 13  # in a row, after which there is no older load curve
_MOST_HOLES = 12  # weeks that are asked again in one run
_LONGEST_WAIT = 64  # days until an empty day is asked again
_AGAIN_PRODUCER = 30  # days until a house is asked again whether it injects
_A_DAY = 86_400.0  # seconds
_TOO_OLD = ("ADAM-DC-0009", "ADAM-DC-0016", "ADAM-ERR0123", "ADAM-ERR0125")
_NO_DATA = ("STM-ERR-0000014", "STM-ERR-0000020", "no_data_found")
_OTHER_POINT = "ADAM-ERR0069"
_ENDED = {
    "ADAM-DC-0007": (
        "Enedis ne vous connaît plus comme titulaire de ce point : donnez de nouveau votre accord sur conso.boris.sh.",
        "Enedis does not know you as the holder of this point any more: give your consent again on conso.boris.sh.",
    ),
    "ADAM-DC-0008": (
        "Votre accord chez Enedis a pris fin : donnez-le de nouveau sur conso.boris.sh.",
        "Your consent at Enedis has ended: give it again on conso.boris.sh.",
    ),
}
_UNITS = {"daily": "Wh", "load_curve": "W"}
_Answer = dict[str, Any]


@dataclass(slots=True)
class _Flow:
    """What is known of the consumption, or of the production."""

    days: bool = False  # the days of three years were taken
    back: date | None = None  # the end of the next older week; None: all were taken, or none yet
    empty_weeks: int = 0  # in a row
    is_done: bool = False

    @classmethod
    def read(cls, kept: Any) -> "_Flow":
        known = kept if isinstance(kept, Mapping) else {}
        return cls(
            bool(known.get("days")), _date(known.get("back")), int(known.get("empty", 0)), bool(known.get("done"))
        )

    def kept(self) -> dict[str, Any]:
        back = None if self.back is None else f"{self.back}"
        return {"days": self.days, "back": back, "empty": self.empty_weeks, "done": self.is_done}


@dataclass(slots=True)
class _Run:
    """One run: what it asks, and what it has until now."""

    client: Client
    prm: str
    token: str
    today: date
    answers: list[_Answer] = field(default_factory=list)

    def ask(self, kind: str, start: date, end: date) -> list[_Answer] | None:
        """Return the readings of [start, end), none if there is no data; None: it is too long ago.

        Raises:
            FetchFailed: they cannot be had now.
        """
        try:
            found = self.client.get(
                HOST,
                f"/api/{kind}",
                {"prm": self.prm, "start": f"{start}", "end": f"{end}"},
                headers={"Authorization": f"Bearer {self.token}"},
            ).json()
        except FetchFailed as error:
            text = error.body.decode(errors="replace")
            if any(code in text for code in _TOO_OLD):
                return None
            if any(code in text for code in _NO_DATA):
                return []
            if _OTHER_POINT in text:
                raise _WrongPoint from error
            for code, (fr, en) in _ENDED.items():
                if code in text:
                    raise FetchFailed("not_allowed", fr, en, status=error.status) from error
            if error.why == "token":
                raise FetchFailed(
                    "token",
                    "Conso API refuse le jeton, ou il n’est pas pour ce point : faites-en un autre sur conso.boris.sh.",
                    "Conso API refuses the token, or it is not for this point: make another one on conso.boris.sh.",
                    status=error.status,
                ) from error
            if error.why == "not_allowed":  # without a word why: a firewall, or an outage at Enedis
                raise FetchFailed("later", error.fr, error.en, retry_after=_A_DAY, status=error.status) from error
            raise
        readings = _readings(found, kind, self.prm, start, end)
        if readings:
            self.answers.append({"type": kind, "interval_reading": readings})
        return readings


class _WrongPoint(FetchFailed):
    """Consumption was asked of a point that only produces, or the reverse."""

    def __init__(self) -> None:
        super().__init__(
            "not_allowed",
            "Ce point ne fait que produire : choisissez celui de la consommation.",
            "This point only produces: choose that of the consumption.",
        )


def fetch(client: Client, ask: Ask) -> Fetched:
    """Return what is new at Enedis, as one file.

    Raises:
        FetchFailed: nothing can be had.
    """
    if not ask.token:
        raise FetchFailed(
            "token",
            "Il manque le jeton de Conso API : faites-le sur conso.boris.sh et collez-le ici.",
            "The token of Conso API is missing: make it on conso.boris.sh and paste it here.",
        )
    token = ask.token.strip()
    prm = _point(token, ask)
    digest = hashlib.sha256(prm.encode()).hexdigest()[:16]
    kept = ask.kept if ask.kept.get("point") == digest else {}
    run = _Run(client, prm, token, ask.now.astimezone(ask.zone).date())
    flows = {name: _Flow.read(kept.get(name)) for name in ("consumption", "production")}
    empty = _read_empty(kept.get("asked"), run.today)
    state = {"recent": kept.get("recent"), "producer": kept.get("producer"), "ask_producer": kept.get("ask_producer")}
    stopped: FetchFailed | None = None
    try:
        _take(run, flows, state, ask.missing, empty)
    except FetchFailed as error:
        if not run.answers:
            raise
        stopped = error
    now_kept = {
        "point": digest,
        **{name: flow.kept() for name, flow in flows.items()},
        **state,
        "asked": _spans(empty),
    }
    if not run.answers and not kept:
        raise FetchFailed(
            "no_data",
            "Enedis n’a rien pour ce point : activez l’enregistrement de la consommation horaire dans votre espace"
            " client d’Enedis.",
            "Enedis has nothing for this point: switch on the recording of hourly consumption in your account at"
            " Enedis.",
        )
    fr, en = _said(run.answers)
    return Fetched(
        files=[_file(run, ask)] if run.answers else (),
        kept=now_kept,
        fr=fr,
        en=en,
        problem=stopped,
    )


def _take(
    run: _Run,
    flows: Mapping[str, _Flow],
    state: dict[str, Any],
    missing: Sequence[tuple[date, date]],
    empty: dict[date, tuple[int, date]],
) -> None:
    """Ask all that is due, and note how far it is."""
    # What is older goes on where it was cut; the last days were taken that day.
    resumed = state["recent"] == f"{run.today}" and not all(flow.is_done for flow in _active(flows, state).values())
    if not resumed:
        for name, flow in _active(flows, state).items():
            if flow.days:
                run.ask(f"daily_{name}", run.today - _WEEK, run.today)
                run.ask(_curve(name), run.today - _WEEK, run.today)
        state["recent"] = f"{run.today}"
    _take_days(run, "consumption", flows["consumption"])
    _look_for_producer(run, state)
    for name, flow in _active(flows, state).items():
        _take_days(run, name, flow)
    for name, flow in _active(flows, state).items():
        was_done = flow.is_done
        _take_curves(run, name, flow)
        if name == "consumption" and was_done:
            _take_missing(run, missing, empty)


def _active(flows: Mapping[str, _Flow], state: Mapping[str, Any]) -> dict[str, _Flow]:
    return {name: flow for name, flow in flows.items() if name == "consumption" or state["producer"]}


def _curve(name: str) -> str:
    return f"{name}_load_curve"


def _look_for_producer(run: _Run, state: dict[str, Any]) -> None:
    """Ask a week of production, and no more for a month if there is none."""
    due = _date(state["ask_producer"])
    if state["producer"] or (due is not None and due > run.today):
        return
    try:
        found = run.ask("daily_production", run.today - _WEEK, run.today)
    except _WrongPoint:
        found = []
    state["producer"] = any(_number(reading["value"]) for reading in found or ())
    state["ask_producer"] = f"{run.today + _AGAIN_PRODUCER * _DAY}"


def _take_days(run: _Run, name: str, flow: _Flow) -> None:
    if flow.days:
        return
    oldest, end, length = _years_before(run.today, _YEARS_OF_DAYS), run.today, _YEAR
    while length and end > oldest:
        start = max(oldest, end - length)
        if run.ask(f"daily_{name}", start, end) is None:
            length = _half(start, end)
        else:
            end = start
    flow.days = True


def _half(start: date, end: date) -> timedelta:
    """Return a shorter range for one that begins too long ago: the contract may have begun within it."""
    return (end - start).days // 2 * _DAY


def _take_curves(run: _Run, name: str, flow: _Flow) -> None:
    oldest, length = _years_before(run.today, _YEARS_OF_CURVE), _WEEK
    while not flow.is_done:
        end = flow.back or run.today
        start = max(oldest, end - length)
        found = run.ask(_curve(name), start, end) if start < end else []
        if found is None:
            length = _half(start, end)
            flow.is_done = not length
            continue
        flow.empty_weeks = 0 if found else flow.empty_weeks + 1
        flow.back = start
        flow.is_done = start <= oldest or flow.empty_weeks >= _EMPTY_WEEKS


def _take_missing(run: _Run, missing: Sequence[tuple[date, date]], empty: dict[date, tuple[int, date]]) -> None:
    """Ask again the days that have nothing, each less often the longer it stays so."""
    newest, oldest = run.today - _WEEK, _years_before(run.today, _YEARS_OF_DAYS)
    days = {day for start, end in missing for day in _days(max(start, oldest), min(end, newest))}
    for day in list(empty):
        if day not in days:
            del empty[day]  # it has come, or is too old
    due = sorted((day for day in days if day not in empty or empty[day][1] <= run.today), reverse=True)
    for _ in range(_MOST_HOLES):
        if not due:
            return
        end = due[0] + _DAY
        start = max(oldest, end - _WEEK)
        found = run.ask("daily_consumption", start, end)
        if found and start >= _years_before(run.today, _YEARS_OF_CURVE):
            run.ask(_curve("consumption"), start, end)
        come = {reading["date"][:10] for reading in found or ()}
        for day in [day for day in due if day >= start]:
            tries = empty.get(day, (0, day))[0] + 1
            # A day that has come, but has no place, is not asked each day either.
            wait = _LONGEST_WAIT if found is None or f"{day}" in come else min(2**tries, _LONGEST_WAIT)
            empty[day] = (tries, run.today + wait * _DAY)
        due = [day for day in due if day < start]


def _days(start: date, end: date) -> Iterator[date]:
    return (start + number * _DAY for number in range((end - start).days))


def _spans(empty: Mapping[date, tuple[int, date]]) -> list[list[Any]]:
    """Return the days that were asked again, those that follow each other as one: first, end, tries, next day."""
    found: list[list[Any]] = []
    for day, (tries, due) in sorted(empty.items()):
        if found and found[-1][1:] == [f"{day}", tries, f"{due}"]:
            found[-1][1] = f"{day + _DAY}"
        else:
            found.append([f"{day}", f"{day + _DAY}", tries, f"{due}"])
    return found


def _read_empty(kept: Any, today: date) -> dict[date, tuple[int, date]]:
    found: dict[date, tuple[int, date]] = {}
    for first, end, tries, due in kept if isinstance(kept, list) else ():
        start, stop = _date(first), _date(end)
        if start is not None and stop is not None:
            found |= dict.fromkeys(_days(start, stop), (int(tries), _date(due) or today))
    return found


def _years_before(day: date, years: int) -> date:
    """Return the same day some years before; of 29 February, the first of March."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def _point(token: str, ask: Ask) -> str:
    """Return the delivery point that is asked about."""
    payload = _payload(token)
    expires = payload.get("exp")
    if isinstance(expires, int | float) and expires < ask.now.timestamp():
        raise FetchFailed(
            "token",
            "Le jeton de Conso API a expiré : faites-en un autre sur conso.boris.sh.",
            "The token of Conso API has expired: make another one on conso.boris.sh.",
        )
    listed = _listed(payload)
    chosen = ask.settings.enedis.meter
    if chosen is not None and re.fullmatch("[0-9]{14}", chosen):
        if listed and chosen not in listed:
            raise FetchFailed(
                "token",
                f"Ce jeton n’est pas pour le point …{chosen[-4:]} : {_endings(listed, 'ou')}.",
                f"This token is not for the point …{chosen[-4:]}: {_endings(listed, 'or')}.",
            )
        return chosen
    if len(listed) == 1:
        return listed[0]
    if listed:
        raise FetchFailed(
            "not_allowed",
            f"Ce jeton est pour plusieurs points : choisissez {_endings(listed, 'ou')} (son numéro à 14 chiffres).",
            f"This token is for several points: choose {_endings(listed, 'or')} (its number of 14 digits).",
        )
    raise FetchFailed(
        "token",
        "Ce jeton ne dit pas de quel point il est : indiquez son numéro à 14 chiffres, ou collez le jeton entier.",
        "This token does not say which point it is for: give its number of 14 digits, or paste the whole token.",
    )


def _payload(token: str) -> Mapping[str, Any]:
    """Return what a JWT says; it is not verified, which is the service's part."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _listed(payload: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for key in ("sub", "prms", "usage_points"):
        value = payload.get(key)
        items = re.split(r"[\s,;]+", value) if isinstance(value, str) else value if isinstance(value, list) else []
        found += [item for item in items if isinstance(item, str) and re.fullmatch("[0-9]{14}", item)]
    return sorted(set(found))


def _endings(points: Sequence[str], word: str) -> str:
    return f" {word} ".join(f"…{point[-4:]}" for point in points)


def _readings(found: Any, kind: str, prm: str, start: date, end: date) -> list[_Answer]:
    """Return the readings of an answer, or refuse all of it."""
    readings = found.get("interval_reading") if isinstance(found, dict) else None
    if not isinstance(readings, list) or found.get("usage_point_id", prm) != prm:
        raise _not_understood()
    unit = next(unit for part, unit in _UNITS.items() if part in kind)
    stated = found.get("reading_type")
    if isinstance(stated, dict) and stated.get("unit", unit) != unit:
        raise _not_understood()
    inside = [_reading(reading, kind) for reading in readings]
    first, last = datetime.combine(start, time()), datetime.combine(end, time())
    if "curve" in kind:
        inside = [one for one in inside if first < datetime.fromisoformat(one["date"]) <= last]
    else:
        inside = [one for one in inside if first <= datetime.fromisoformat(one["date"]) < last]
    if readings and not inside:
        raise _not_understood()  # of other days
    return inside


def _reading(reading: Any, kind: str) -> _Answer:
    """Return what is kept of a reading: value, date and step, as they are."""
    keys = ("value", "date", "interval_length") if "curve" in kind else ("value", "date")
    if not isinstance(reading, dict) or any(key not in reading for key in keys):
        raise _not_understood()
    value, stamp = reading["value"], reading["date"]
    try:
        if value is not None and value != "":
            _number(value)
        is_local = datetime.fromisoformat(stamp).tzinfo is None
    except (TypeError, ValueError) as error:
        raise _not_understood() from error
    if not is_local or not isinstance(reading.get("interval_length", ""), str):
        raise _not_understood()
    return {key: reading[key] for key in keys}


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value or 0)


def _not_understood() -> FetchFailed:
    return FetchFailed(
        "not_understood",
        "La réponse de Conso API n’est pas celle attendue ; rien n’en est gardé.",
        "The answer of Conso API is not what was expected; nothing of it is kept.",
    )


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _file(run: _Run, ask: Ask) -> ImportFile:
    """Return all answers as one file, the oldest first."""
    ordered = sorted(run.answers, key=lambda answer: str(answer["interval_reading"][0]["date"]))
    document = {"conso": 1, "prm": run.prm, "asked_at": f"{ask.now:%Y-%m-%dT%H:%M:%SZ}", "answers": ordered}
    content = json.dumps(document, separators=(",", ":")).encode()
    return ImportFile(f"Conso API {run.today}.json", content, FETCHED, ask.settings.enedis.meter)


def _said(answers: Sequence[_Answer]) -> tuple[str, str]:
    """Return in both languages what came."""
    days: dict[str, set[str]] = {"daily": set(), "curve": set()}
    for answer in answers:
        for reading in answer["interval_reading"]:
            stamp = datetime.fromisoformat(reading["date"])
            is_curve = "curve" in answer["type"]
            day = (stamp - timedelta(microseconds=1)).date() if is_curve else stamp.date()
            days["curve" if is_curve else "daily"].add(f"{day}")
    every = sorted(days["daily"] | days["curve"])
    if not every:
        return "Rien de nouveau chez Enedis.", "Nothing new at Enedis."
    curves = len(days["curve"])
    fr = f"{len(every)} jours d’Enedis, du {every[0]} au {every[-1]}, dont {curves} avec leur courbe."
    en = f"{len(every)} days of Enedis, from {every[0]} to {every[-1]}, {curves} of them with their load curve."
    if not curves:
        fr += " Sans courbe : l’enregistrement horaire est-il activé dans votre espace client d’Enedis ?"
        en += " No load curve: is the hourly recording switched on in your account at Enedis?"
    return fr, en


PROVIDER = Provider(name="enedis", hosts=(HOST,), window=(time(6), time(10)), most_a_day=MOST_A_DAY, fetch=fetch)
