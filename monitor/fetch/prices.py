"""Newer prices: the regulator's files, and the tables of the project's newest release. They are only proposed.

Where one of the two fails, what the other says is kept, and what this one said before.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from common.errors import ConfigError
from monitor.fetch import release
from monitor.fetch.client import Client, FetchFailed
from monitor.fetch.provider import Ask, Fetched, Provider
from monitor.money import cre
from monitor.money.price_files import REGULATOR, UPDATED, check_sum, name_of, read_table

HOST, CRE = "www.data.gouv.fr", "www.cre.fr"
GITHUB = "github.com"
_ASSETS = ("release-assets.githubusercontent.com", "objects.githubusercontent.com")
#: Of the data set "Historique des tarifs réglementés de vente d'électricité pour les consommateurs résidentiels".
RESOURCES = (
    ("c13d05e5-9e55-4d03-bf7e-042a2ade7e49", cre.BASE),
    ("f7303b3a-93c7-4242-813d-84919034c416", cre.HPHC),
    ("0c3d1d36-c412-4620-8566-e5cbb4fa2b5a", cre.TEMPO),
)
_CSV = ("text/csv", "application/csv", "text/plain", "application/octet-stream", "application/vnd.ms-excel")
_ASSET = ("application/octet-stream", "application/json", "text/plain", "text/yaml", "application/yaml")
_RECENT = timedelta(days=1500)  # of the regulator's rows: older ones are bundled, even in a program of that age
FILES = {"tarif_bleu.yaml": UPDATED[0], "offers.yaml": UPDATED[1]}  # of a release, and their names once taken
LIST = "prices.json"  # of a release: the SHA-256 of both, and `checked`

Table = dict[str, str]


def fetch(client: Client, ask: Ask) -> Fetched:
    """Return the tables that can be proposed.

    Raises:
        FetchFailed: nothing came.
    """
    before = [one for one in ask.kept.get("tables", ()) if isinstance(one, dict)]
    lines = dict(ask.kept.get("lines") or {})
    tables: list[Table] = []
    failed: list[FetchFailed] = []
    try:
        tables += list(_regulator(client, ask, before, lines))
    except FetchFailed as error:
        failed.append(error)
        tables += [one for one in before if one.get("name") == REGULATOR]
    repository, is_asked = release.repository(), False
    if repository is not None:
        is_asked = True
        try:
            tables += list(_project(client, repository, before))
        except FetchFailed as error:
            failed.append(error)
            tables += [one for one in before if one.get("name") in UPDATED]
    if len(failed) == 1 + is_asked:
        raise failed[0]
    fr, en = "Les prix publiés ont été lus.", "The published prices were read."
    for one in failed:
        fr, en = f"{fr} {one.fr}", f"{en} {one.en}"
    return Fetched(kept={"tables": tables, "lines": lines}, fr=fr, en=en)


def _regulator(client: Client, ask: Ask, before: Sequence[Mapping[str, Any]], lines: dict[str, int]) -> Iterator[Table]:
    """Yield the recent rows of the regulator's files, as one table; `lines` is how many changes each file had."""
    today = ask.now.astimezone(ask.zone).date()
    recent, counted = [], {}
    for resource, option in RESOURCES:
        answer = client.get(HOST, f"/fr/datasets/r/{resource}", types=_CSV, redirect_to=(HOST, CRE))
        try:
            rows = cre.read_option(answer.content, option)
            if len(rows) < int(lines.get(option.offer, 0)):
                raise ConfigError("it has fewer prices than before")
        except ConfigError as error:
            raise _odd("CRE", option.offer, error) from error
        counted[option.offer] = len(rows)
        recent += [row for row in rows if row.start > today - _RECENT]
    lines |= counted
    last = next((one for one in before if one.get("name") == REGULATOR), None)
    if recent:
        checked = today
        if last is not None and _dated(last) is not None and cre.table(recent, _dated(last) or today) == last["text"]:
            checked = _dated(last) or today  # the same prices keep their name
        yield {"source": CRE, "name": REGULATOR, "checked": checked.isoformat(), "text": cre.table(recent, checked)}


def _dated(table: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(table.get("checked")))
    except ValueError:
        return None


def _project(client: Client, repository: str, before: Sequence[Mapping[str, Any]]) -> Iterator[Table]:
    """Yield the tables of the newest release that are newer than the bundled ones."""
    try:
        found = release.newest(client, repository)
    except FetchFailed as error:
        if error.status in (304, 404):  # no release
            return
        raise
    folder = urlsplit(found.url).path.replace("/releases/tag/", "/releases/download/")
    if not release.is_newer(found.version):
        return  # its tables are bundled
    document = client.get(GITHUB, f"{folder}/{LIST}", types=_ASSET, redirect_to=_ASSETS).json()
    sums = document if isinstance(document, dict) else {}
    for file, name in FILES.items():
        sha256 = sums.get(file)
        if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise _odd(GITHUB, LIST, ConfigError(f"it has no SHA-256 of {file}"))
        last = next((one for one in before if one.get("name") == name and one.get("sha256") == sha256), None)
        if last is not None:
            yield dict(last)
            continue
        content = client.get(GITHUB, f"{folder}/{file}", types=_ASSET, redirect_to=_ASSETS).content
        try:
            check_sum(content, sha256, file)
            table = read_table(content, file)
            if name_of(table) != name:
                raise ConfigError(f"{file}: it has other offers")
        except ConfigError as error:
            raise _odd(GITHUB, file, error) from error
        yield {
            "source": GITHUB,
            "name": name,
            "checked": str(table.checked),
            "sha256": sha256,
            "text": content.decode("utf-8"),
        }


def _odd(who: str, what: str, error: ConfigError) -> FetchFailed:
    where = "" if error.line is None else f", line {error.line}"
    return FetchFailed(
        "not_understood",
        f"Le fichier {what} ({who}) n’est pas celui attendu : rien n’en est pris.",
        f"The file {what} ({who}{where}) is not as expected: nothing of it is taken: {error}",
    )


PROVIDER = Provider(
    name="prices",
    hosts=(HOST, CRE, release.HOST, GITHUB, *_ASSETS),
    window=(time(8), time(20)),
    most_a_day=30,
    fetch=fetch,
)
