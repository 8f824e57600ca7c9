"""The newest release of the project, once a day; how it is installed is said, and nothing is installed."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, NamedTuple

from common.machine.deployment import Deployment
from common.machine.project import PROJECT, account
from common.machine.version import __version__
from monitor.fetch.client import Client, FetchFailed
from monitor.fetch.provider import Ask, Fetched, Provider

HOST = "api.github.com"
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_TAG = re.compile(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})")
_HOW = {
    Deployment.APP: ("Home Assistant propose les mises à jour.", "Home Assistant offers updates."),
    Deployment.IMAGE: (
        "`docker pull` de l’image, `docker rm -f teleinfo`, puis la même ligne `docker run`.",
        "`docker pull` the image, `docker rm -f teleinfo`, and the same line `docker run` again.",
    ),
    Deployment.COMPOSE: (
        "Dans le dossier de compose.yaml : `docker compose pull && docker compose up -d`.",
        "In the folder of compose.yaml: `docker compose pull && docker compose up -d`.",
    ),
    Deployment.SYSTEMD: (
        "Téléchargez le paquet depuis la page de la version, puis `sudo apt install ./FICHIER.deb`.",
        "Download the package from the page of the release, then `sudo apt install ./FILE.deb`.",
    ),
    Deployment.SHELL: (
        "Dans le clone : `git pull && ./run setup`, puis relancez les programmes.",
        "In the clone: `git pull && ./run setup`, then restart the programs.",
    ),
}


class Published(NamedTuple):
    """A release as its page at the code forge shows it."""

    version: str
    published: str  # its day
    url: str


def repository() -> str | None:
    """Return account and name of the repository of the project; None: nobody publishes it yet."""
    return None if account() is None else "/".join(PROJECT.split("/")[3:5])


def newest(client: Client, name: str) -> Published:
    """Return the newest release of a repository.

    Raises:
        FetchFailed: there is none, no answer, or one that cannot be used.
    """
    try:
        answer = client.get(HOST, f"/repos/{name}/releases/latest", headers=HEADERS, redirect_to=(HOST,))
    except FetchFailed as error:
        if error.status == 403 and error.headers.get("x-ratelimit-remaining") == "0":
            raise _too_many(error) from error
        raise
    document = answer.json()
    found = document if isinstance(document, dict) else {}
    tag, day, url = (str(found.get(key) or "") for key in ("tag_name", "published_at", "html_url"))
    if not _TAG.fullmatch(tag) or not url.startswith("https://github.com/"):
        raise _odd()
    try:
        published = datetime.fromisoformat(day).date()
    except ValueError:
        raise _odd() from None
    return Published(tag.removeprefix("v"), published.isoformat(), url)


def fetch(client: Client, ask: Ask) -> Fetched:
    """Return the newest release.

    Raises:
        FetchFailed: no account publishes the project, there is no answer, or it cannot be used.
    """
    name = repository()
    if name is None:
        raise nobody_publishes()
    try:
        found = newest(client, name)
    except FetchFailed as error:
        if error.status == 304:
            return Fetched(fr="Rien n’a changé.", en="Nothing changed.")
        if error.why == "no_data":
            return Fetched(kept={}, fr="Aucune version n’est publiée.", en="No version is published yet.")
        raise
    if is_newer(found.version):
        fr, en = f"La version {found.version} est publiée.", f"Version {found.version} is published."
    else:
        fr, en = "Vous avez la dernière version.", "You have the newest version."
    return Fetched(kept=found._asdict(), fr=fr, en=en)


def is_newer(version: str, than: str | None = None) -> bool:
    """Tell whether a version is newer than the one that runs.

    >>> is_newer("0.10.0", "0.9.1"), is_newer("0.9.1", "0.9.1")
    (True, False)
    """
    return _numbers(version) > _numbers(__version__ if than is None else than)


def _numbers(version: str) -> tuple[int, ...]:
    found = _TAG.match(version)
    return () if found is None else tuple(map(int, found.groups()))


class Notice(NamedTuple):
    """What the page shows of a newer release."""

    version: str | None  # None: nothing is shown but `how`
    published: str | None
    url: str | None
    how: str  # to get it in this installation


def notice(kept: Mapping[str, Any], deployment: Deployment, language: str) -> Notice | None:
    """Return what is to be shown; None: nothing. Home Assistant's app is updated, and said, by Home Assistant alone."""
    how = _HOW[deployment][0 if language == "fr" else 1]
    if deployment is Deployment.APP:
        return Notice(None, None, None, how)
    if not kept or not is_newer(str(kept.get("version"))):
        return None
    return Notice(str(kept["version"]), str(kept["published"]), str(kept["url"]), how)


def nobody_publishes() -> FetchFailed:
    """Return why the project's page cannot be asked before the first release."""
    return FetchFailed(
        "no_data",
        "Ceci ne peut pas servir encore : aucun compte ne publie le projet.",
        "This cannot be used yet: no account publishes the project.",
    )


def _too_many(error: FetchFailed) -> FetchFailed:
    return FetchFailed(
        "later",
        f"{HOST} n’accepte plus de demandes de votre adresse pour l’instant.",
        f"{HOST} takes no more requests from your address for now.",
        retry_after=error.retry_after,
        status=error.status,
    )


def _odd() -> FetchFailed:
    return FetchFailed(
        "not_understood",
        f"La réponse de {HOST} n’est pas celle attendue : rien n’est pris.",
        f"The answer of {HOST} is not as expected: nothing is taken.",
    )


PROVIDER = Provider(
    name="release",
    hosts=(HOST,),
    window=(time(0), time(23, 59)),
    most_a_day=10,
    fetch=fetch,
)
