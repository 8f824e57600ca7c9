"""Newer prices, of the regulator and of the project's releases; and what they would change."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.fetch_settings import FetchSettings
from monitor.fetch import release
from monitor.fetch.client import FetchFailed
from monitor.fetch.prices import CRE, HOST, PROVIDER, RESOURCES
from monitor.fetch.provider import Ask
from monitor.money.price_files import all_prices, give_back, keep, load_tables
from monitor.money.price_proposals import Proposed, as_of, proposed
from tests.monitor.money.test_cre import BASE_FILE, HPHC_FILE, TEMPO_FILE
from tests.monitor.money.test_price_files import NEWER
from tests.support.outside_world import RecordedClient, Reply

NOW = datetime(2027, 1, 20, 9, tzinfo=UTC)
CSV = "text/csv"
FILES = (BASE_FILE, HPHC_FILE, TEMPO_FILE)
LATEST = (release.HOST, "/repos/someone/teleinfo-monitor/releases/latest")
FOLDER = "/someone/teleinfo-monitor/releases/download/v0.9.0"
STORE = "release-assets.githubusercontent.com"


def ask(kept: Mapping[str, Any] | None = None, now: datetime = NOW) -> Ask:
    return Ask(now, ZoneInfo("Europe/Paris"), FetchSettings(prices=True), kept=kept or {})


def moved(path: str) -> Reply:
    return 302, "text/html", b"", {"Location": f"https://{CRE}{path}"}


def regulator(*files: str | Reply) -> dict[tuple[str, str], list[Reply]]:
    table: dict[tuple[str, str], list[Reply]] = {}
    for (resource, _), file in zip(RESOURCES, files, strict=True):
        path = f"/fileadmin/{resource}.csv"
        table[HOST, f"/fr/datasets/r/{resource}"] = [moved(path)]
        table[CRE, path] = [(200, CSV, file.encode()) if isinstance(file, str) else file]
    return table


def project(text: str = NEWER, **sums: str) -> dict[tuple[str, str], list[Reply]]:
    """Return what the release page answers; each file is asked once."""
    found = {
        "tag_name": "v0.9.0",
        "html_url": "https://github.com/someone/teleinfo-monitor/releases/tag/v0.9.0",
        "published_at": "2027-01-08T18:04:11Z",
    }
    tarif = Path("monitor/money/data/tarif_bleu.yaml").read_bytes()
    files = {"offers.yaml": text.encode(), "tarif_bleu.yaml": tarif}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} | sums
    files["prices.json"] = json.dumps({**sums, "checked": "2026-12-05"}).encode()
    table: dict[tuple[str, str], list[Reply]] = {LATEST: [(200, "application/json", json.dumps(found).encode())]}
    for name, content in files.items():
        stored = {"Location": f"https://{STORE}/1/{name}?sig=a%2Bb"}
        table["github.com", f"{FOLDER}/{name}"] = [(302, "text/html", b"", stored)]
        table[STORE, f"/1/{name}"] = [(200, "application/octet-stream", content)]
    return table


@pytest.fixture(autouse=True)
def _nobody_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "repository", lambda: None)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "repository", lambda: "someone/teleinfo-monitor")
    monkeypatch.setattr(release, "__version__", "0.1.0")


def found_in(kept: Any, state: Path) -> list[Proposed]:
    return list(proposed(kept, load_tables(state)))


def test_rows_of_the_regulator_that_are_later_than_those_known_are_proposed(tmp_path: Path) -> None:
    client = RecordedClient(regulator(*FILES))
    fetched = PROVIDER.fetch(client, ask())
    assert [host for host, *_ in client.asked] == [HOST, CRE] * 3
    assert fetched.fr == "Les prix publiés ont été lus."
    (one,) = found_in(fetched.kept, tmp_path)
    assert (one.source, one.checked) == ("www.cre.fr", date(2027, 1, 20))
    assert [(change.offer, change.after.start) for change in one.changes] == [
        ("trv-base", date(2027, 2, 1)), ("trv-hphc", date(2027, 2, 1)), ("trv-tempo", date(2027, 2, 1)),
    ]  # fmt: skip
    base = one.changes[0]
    assert base.before is not None
    assert (base.before.kwh_price("BASE", 6), base.after.kwh_price("BASE", 6)) == (Decimal("0.2001"), Decimal("0.2060"))


def test_what_was_taken_counts_from_its_day_on_and_is_given_back(tmp_path: Path) -> None:
    kept = PROVIDER.fetch(RecordedClient(regulator(*FILES)), ask()).kept
    (one,) = found_in(kept, tmp_path)
    keep(tmp_path, one.name, one.content)
    prices = all_prices(load_tables(tmp_path))
    days = (date(2027, 1, 31), date(2027, 2, 1))
    assert [prices.kwh("base", "BASE", 6, day) for day in days] == [Decimal("0.2001"), Decimal("0.2060")]
    assert prices.subscription("base", 6, days[1]) == Decimal("199.2")
    assert prices.kwh("tempo", "BBRHPJR", 9, days[1]) == Decimal("0.7500")
    assert prices.kwh("ejp", "EJPHN", 9, days[1]) == Decimal("0.1789")  # as it was
    assert found_in(kept, tmp_path) == []
    give_back(tmp_path, one.name)
    assert all_prices(load_tables(tmp_path)).kwh("base", "BASE", 6, days[1]) == Decimal("0.2001")
    assert [again.id for again in found_in(kept, tmp_path)] == [one.id]


def test_the_next_change_leaves_what_was_taken_before(tmp_path: Path) -> None:
    (first,) = found_in(PROVIDER.fetch(RecordedClient(regulator(*FILES)), ask()).kept, tmp_path)
    keep(tmp_path, first.name, first.content)
    further = BASE_FILE.replace(";;;;;;\n", "").replace("01/02/2027;;", "01/02/2027;31/07/2027;")
    further += "01/08/2027;;6;155;210;0,15;0,2200\n"
    july = datetime(2027, 7, 20, 9, tzinfo=UTC)
    kept = PROVIDER.fetch(RecordedClient(regulator(further, HPHC_FILE, TEMPO_FILE)), ask(now=july)).kept
    (one,) = found_in(kept, tmp_path)
    assert [(change.offer, change.after.start) for change in one.changes] == [("trv-base", date(2027, 8, 1))]
    for _ in range(2):  # twice is once
        keep(tmp_path, one.name, one.content)
    prices = all_prices(load_tables(tmp_path))
    days = (date(2027, 1, 31), date(2027, 3, 1), date(2027, 8, 1))
    assert [prices.kwh("base", "BASE", 6, day) for day in days] == list(map(Decimal, ("0.2001", "0.2060", "0.2200")))
    assert prices.kwh("tempo", "BBRHPJR", 9, days[2]) == Decimal("0.7500")
    assert [again.content for again in proposed(kept or {}, load_tables(tmp_path, without=one.name))] == [one.content]
    give_back(tmp_path, one.name)
    assert all_prices(load_tables(tmp_path)).kwh("base", "BASE", 6, days[2]) == Decimal("0.2060")


def test_a_proposal_keeps_its_id_on_the_next_day() -> None:
    first = PROVIDER.fetch(RecordedClient(regulator(*FILES)), ask()).kept
    second = PROVIDER.fetch(RecordedClient(regulator(*FILES)), ask(first, NOW.replace(day=21))).kept
    assert first == second


def test_prices_that_are_known_are_no_proposal(tmp_path: Path) -> None:
    same = [file.replace("01/02/2027", "01/08/2026").replace("31/01/2027", "31/07/2026") for file in FILES]
    assert found_in(PROVIDER.fetch(RecordedClient(regulator(*same)), ask()).kept, tmp_path) == []


def test_a_past_bill_is_computed_as_if_the_newest_prices_had_held(tmp_path: Path) -> None:
    (one,) = found_in(PROVIDER.fetch(RecordedClient(regulator(*FILES)), ask()).kept, tmp_path)
    prices = as_of(one, date(2026, 12, 1), all_prices(load_tables(tmp_path)))
    days = (date(2026, 11, 30), date(2026, 12, 1))
    assert [prices.kwh("base", "BASE", 6, day) for day in days] == [Decimal("0.2001"), Decimal("0.2060")]


def test_tables_of_a_newer_release_are_proposed(published: None, tmp_path: Path) -> None:
    client = RecordedClient(regulator(*FILES) | project())
    kept = PROVIDER.fetch(client, ask()).kept
    regulated, market = found_in(kept, tmp_path)  # its tarif_bleu.yaml is the one that is here
    assert (regulated.source, market.source, market.name) == ("www.cre.fr", "github.com", "update_offers.yaml")
    (change,) = market.changes
    assert (change.offer, change.after.start) == ("edf-zen-fixe-hc", date(2026, 12, 1))
    assert market.content == NEWER.encode()
    client = RecordedClient(
        regulator(*FILES) | {key: answer for key, answer in project().items() if "yaml" not in key[1]}
    )
    assert PROVIDER.fetch(client, ask(kept)).kept == kept  # what has the same SHA-256 is not asked twice


def test_before_the_first_release_only_the_regulator_is_asked(published: None) -> None:
    client = RecordedClient(regulator(*FILES) | {LATEST: [(404, "application/json", b"{}")]})
    kept = PROVIDER.fetch(client, ask()).kept or {}
    assert [one["source"] for one in kept["tables"]] == ["www.cre.fr"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (project(**{"offers.yaml": "0" * 64}), "SHA-256"),
        (project(**{"offers.yaml": "no"}), "prices.json"),
        (project("<html>"), "offers.yaml"),
        (project(NEWER.replace("kind: fixed", "kind: regulated")), "other offers"),
        (project() | {LATEST: [(403, "", b"", {"X-RateLimit-Remaining": "0"})]}, "no more requests"),
        (project() | {(STORE, "/1/prices.json"): [(200, "application/octet-stream", b"[")]}, "cannot be read"),
        (project() | {("github.com", f"{FOLDER}/prices.json"): [(404, "text/html", b"")]}, "404"),
        (
            project() | {("github.com", f"{FOLDER}/prices.json"): [
                (302, "", b"", {"Location": "https://example.org/prices.json"})
            ]},
            "redirects",
        ),
    ],
)  # fmt: skip
def test_a_release_that_cannot_be_used_leaves_the_regulators_prices_and_is_said(
    published: None, table: dict[tuple[str, str], list[Reply]], said: str
) -> None:
    before = {"source": "github.com", "name": "update_offers.yaml", "checked": "2026-12-01", "text": "x"}
    fetched = PROVIDER.fetch(RecordedClient(regulator(*FILES) | table), ask({"tables": [before]}))
    assert said in fetched.en
    assert [one["name"] for one in (fetched.kept or {})["tables"]] == ["update_cre.yaml", "update_offers.yaml"]


@pytest.mark.parametrize(
    ("reply", "why", "wait"),
    [
        ((200, "text/html", b"<html>maintenance</html>"), "not_understood", None),
        ((200, CSV, b"<html>maintenance</html>"), "not_understood", None),
        ((200, CSV, b""), "not_understood", None),
        ((200, CSV, BASE_FILE.encode(), {"Content-Length": "90000"}), "not_understood", None),
        ((200, CSV, BASE_FILE.replace("PART_FIXE_TTC", "ABO").encode()), "not_understood", None),
        ((200, CSV, BASE_FILE.replace("01/02/2027", "02/01/2027").encode()), "not_understood", None),
        ((401, CSV, b""), "token", None),
        ((403, "text/html", b"<html>"), "not_allowed", None),
        ((404, "text/html", b"<html>"), "no_data", None),
        ((429, CSV, b"", {"Retry-After": "60"}), "later", 60.0),
        ((429, CSV, b""), "later", None),
        ((500, "text/html", b"<html>"), "later", None),
    ],
)
def test_an_answer_of_the_regulator_that_cannot_be_used_says_why(reply: Reply, why: str, wait: float | None) -> None:
    with pytest.raises(FetchFailed) as failed:
        PROVIDER.fetch(RecordedClient(regulator(reply, HPHC_FILE, TEMPO_FILE)), ask())
    assert (failed.value.why, failed.value.retry_after) == (why, wait)


def test_a_redirect_to_another_host_than_the_regulators_is_not_followed() -> None:
    elsewhere = {"Location": "https://example.org/Option_Base.csv"}
    table = regulator(*FILES) | {(HOST, f"/fr/datasets/r/{RESOURCES[0][0]}"): [(302, "", b"", elsewhere)]}
    with pytest.raises(FetchFailed, match="redirects"):
        PROVIDER.fetch(RecordedClient(table), ask())


def test_a_file_with_fewer_prices_than_before_is_refused() -> None:
    kept = PROVIDER.fetch(RecordedClient(regulator(*FILES)), ask()).kept
    shorter = BASE_FILE.replace("23/07/2012;31/07/2013;6;65,64;82,98;0,0828;0,1263\n", "")
    with pytest.raises(FetchFailed, match="fewer prices"):
        PROVIDER.fetch(RecordedClient(regulator(shorter, HPHC_FILE, TEMPO_FILE)), ask(kept))


def test_what_was_kept_by_another_version_is_left_out(tmp_path: Path) -> None:
    for one in (
        {},
        {"source": "x", "name": "../x", "text": NEWER},
        {"source": "x", "name": "update_cre.yaml", "text": 3},
        7,
    ):
        assert found_in({"tables": [one]}, tmp_path) == []
