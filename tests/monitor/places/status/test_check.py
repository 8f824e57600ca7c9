"""All that `teleinfo-monitor check` can say, in both languages; and the command."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from common.check.findings import Finding, Report, Status
from common.machine.host import Host, User
from monitor.base.config import Listen, MonitorConfig
from monitor.base.fetch_settings import EnedisSwitch, FetchSettings
from monitor.base.household import ContractLine, House, Household
from monitor.fetch.state import Attempts, State
from monitor.money.price_files import all_prices, load_tables
from monitor.places.status.check import (
    DatabaseFacts,
    PageFacts,
    check,
    diagnose_database,
    diagnose_page,
    diagnose_prices,
)
from monitor.places.status.check_alerts import diagnose_alerts
from monitor.places.status.check_fetch import diagnose_fetch
from monitor.places.status.check_texts import TEXTS
from monitor.readings.sources import Source
from tests.support.golden import check_golden

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # by apprise, on 3.11

NOW = datetime(2026, 11, 25, 13, tzinfo=UTC)
OLD, NEW, OTHER = "021861999999", "031961123456", "041961555555"
HOUSE = MonitorConfig(household=Household(meters=(House(NEW, "Maison", (OLD,)),)))
GOOD = DatabaseFacts(
    where="teleinfodb at localhost:3306",
    version="11.8.6-MariaDB",
    account="'teleinfo-monitor'@'localhost'",
    meters=(OLD, NEW),
    up_to=NOW - timedelta(minutes=15),
    last_frame=NOW - timedelta(seconds=1),
)
SILENT = replace(GOOD, up_to=NOW - timedelta(days=9), last_frame=NOW - timedelta(days=9))
FILE = Path("/etc/teleinfo/page-password")
OPEN = MonitorConfig(listen=Listen(host="127.0.0.1", port=8080), auth="none")
EVERYWHERE = replace(OPEN, listen=Listen(host="0.0.0.0", port=8080))
LOCKED = replace(EVERYWHERE, auth="password", password_file=FILE)
ROOF, PLUG = Source(1, "toit", "production", None), Source(2, "prise", "device", "031961123465")
WRONG_LINES = MonitorConfig(
    household=Household(
        meters=(House(NEW, "Maison", ("021861999998",)),),
        contracts=(ContractLine("03196112345", date(2025, 1, 1), "base", 6),),
    )
)


def pages() -> Iterator[PageFacts]:
    for config in (OPEN, LOCKED, replace(OPEN, auth="header"), EVERYWHERE):
        yield PageFacts(config=config, ours=True)
    yield PageFacts(config=replace(LOCKED, password_file=None), ours=True, has_password=False)
    yield PageFacts(config=LOCKED, ours=True, readable_by_all=True)
    for text in (
        "cannot be read: No such file or directory",
        "is empty",
        "holds the password itself instead of a hash",
    ):
        yield PageFacts(config=LOCKED, ours=True, password_error=f"password_file: {FILE} {text}")
    yield PageFacts(config=OPEN)
    yield PageFacts(config=OPEN, ours=False)


def databases() -> Iterator[DatabaseFacts]:
    yield from (
        GOOD,
        replace(GOOD, can_write=("INSERT",)),
        replace(GOOD, unwritable=("settings",)),
        replace(GOOD, has_rollups=False),
    )
    yield from (replace(GOOD, meters=()), replace(GOOD, up_to=None))
    yield replace(GOOD, up_to=NOW - timedelta(hours=3))
    yield SILENT
    yield replace(GOOD, meters=(OLD, NEW, OTHER), sources=(ROOF, PLUG))


class Private(Host):
    """A machine on which the service may write its state, or not."""

    def __init__(self, *, may_write: bool) -> None:
        super().__init__()
        self._may_write = may_write

    def user(self, program: str, config: Path) -> User:
        return User("teleinfo", 1, frozenset())

    def may_write(self, program: str, folder: Path, user: User) -> bool:
        return self._may_write


def alerts(*to: str, may_write: bool = True) -> Iterator[Finding]:
    settings = MonitorConfig(state=Path("/var/lib/teleinfo-monitor"), household=Household(addresses=to))
    return diagnose_alerts(settings, Path("/none/monitor.yaml"), Private(may_write=may_write))


def fetched() -> Iterator[Finding]:
    switches = FetchSettings(tempo=True, enedis=EnedisSwitch(on=True))
    refused = Attempts(
        failed_at=datetime(2026, 11, 25, 7, tzinfo=UTC).timestamp(),
        problem_fr="conso.boris.sh demande un jeton valable (401).",
        problem_en="conso.boris.sh wants a valid token (401).",
    )
    yield from diagnose_fetch(MonitorConfig(household=Household(fetch=switches)), State("", {"conso": refused}))


def every_finding() -> Iterable[Finding]:
    return dict.fromkeys(_findings())


def _findings() -> Iterator[Finding]:
    for page in pages():
        yield from diagnose_page(page)
    good = "ntfys://token@secret.example.org/house"
    yield from alerts(good, "smoke://signal")
    yield from alerts(good, may_write=False)
    yield from fetched()
    for facts in databases():
        yield from diagnose_database(facts, HOUSE, NOW)
    yield from diagnose_database(GOOD, WRONG_LINES, NOW)
    yield TEXTS.finding("config_ok", path="/etc/monitor.yaml", zone="Europe/Paris")
    yield TEXTS.finding("alerts_readable", file="/etc/mail")
    yield TEXTS.finding("apprise_missing")
    yield TEXTS.finding("prices_ok", offers="110 offers", day="2026-08-01")
    yield TEXTS.finding("prices_to_note", what="so")
    yield TEXTS.finding("prices_wrong", what="so", show_all="prices show --all")
    for key in ("prices_unreadable", "database_newer"):
        yield TEXTS.finding(key, why="so", show="prices")
    yield TEXTS.finding("broker_not_configured")
    for key in ("meters_live", "meters_not_live"):
        yield TEXTS.finding(key, meters=NEW)


def test_all_that_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    check_golden(Path(__file__).with_name("check"), every_finding, monkeypatch, tmp_path)


def test_nothing_is_said_of_what_is_switched_off(tmp_path: Path) -> None:
    assert list(diagnose_fetch(MonitorConfig(state=tmp_path))) == []


def test_a_household_in_order_gets_no_advice() -> None:
    def wrong(facts: DatabaseFacts, config: MonitorConfig = HOUSE) -> list[str]:
        found = diagnose_database(facts, config, NOW)
        return [one.subject for one in found if one.status is not Status.OK]

    assert wrong(GOOD) == wrong(SILENT) == []
    assert wrong(replace(GOOD, sources=(ROOF, replace(PLUG, meter=OLD)))) == []  # one house
    assert wrong(replace(GOOD, meters=(), sources=(ROOF,)), WRONG_LINES) == ["Meters"]  # no frame came yet


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "base : 10 kVA n’existe pas dans cette offre, mais 9 ou 12."),
        ("en", "base: this offer has no 10 kVA, but 9 or 12."),
    ],
)
def test_a_power_that_the_offer_does_not_have_is_told_with_those_that_it_has(
    language: str, text: str, tmp_path: Path
) -> None:
    config = MonitorConfig(household=Household(contracts=(ContractLine(NEW, date(2025, 1, 1), "base", 10),)))
    prices = all_prices(load_tables(tmp_path))
    found = [one.what for one in diagnose_prices(prices, config, date(2026, 3, 1), language)]
    assert any(what.replace("\u00a0", " ").startswith(text) for what in found), found


def test_a_contract_of_an_offer_without_prices_is_a_problem(tmp_path: Path) -> None:
    config = MonitorConfig(household=Household(contracts=(ContractLine(NEW, date(2025, 1, 1), "zen", 9),)))
    found = list(diagnose_prices(all_prices(load_tables(tmp_path)), config, date(2026, 3, 1), "en"))
    assert [one.status for one in found if one.what.startswith("zen")] == [Status.PROBLEM]


def said(file: Path, text: str, code: int) -> str:
    file.write_text(text)
    output = io.StringIO()
    assert check(file, Report(output), NOW) == code
    return output.getvalue()


@pytest.mark.parametrize(
    ("text", "code", "facts"),
    [
        ("database: {port: 1}", 1, ("Database: no server at localhost:1", "→")),
        ("datebase: {}", 2, ("did you mean 'database'",)),
    ],
)
def test_what_is_wrong_with_a_configuration_is_told(tmp_path: Path, text: str, code: int, facts: tuple[str]) -> None:
    base = "" if "dat" in text else "database: {host: 127.0.0.1, port: 1}\n"
    told = said(tmp_path / "monitor.yaml", f"{base}{text}\n", code)
    assert all(fact in told for fact in facts), told
