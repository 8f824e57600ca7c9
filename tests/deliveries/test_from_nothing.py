"""From a machine that has nothing to the first value and the right bill, in each way to get TeleInfo Monitor."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.app.house import House, docker
from tests.browser.test_first_visit import PASSWORD, PRICE, Work, ask, enter_the_contract
from tests.browser.visit import DEVICES
from tests.deliveries.registry import Registry, started
from tests.deliveries.ways import Delivery, one_file, one_image, one_package, the_app
from tests.install.machine import RELEASES, Machine
from tests.support.programs import ROOT, wait_until

WITHIN = 180.0  # seconds: the machine may be loaded
TABLE = "{:32} {:>8} {:>6} {:>6} {:>5} {:>14} {:>14}"
_BASE = f"PYTHON_IMAGE={os.environ.get('PYTHON_IMAGE', 'python:3.13-slim')}"
rows: list[str] = []


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry to which a release publishes its images."""
    with started(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture(scope="session", autouse=True)
def table() -> Iterator[None]:
    """Print what each way takes."""
    yield
    heads = ("way", "commands", "files", "clicks", "keys", "s to the page", "s to a value")
    print("", TABLE.format(*heads), *rows, sep="\n")


def build(target: str) -> str:
    image = f"teleinfo-delivered-{os.getpid()}/{target}"
    docker("build", "--quiet", "--target", target, "--tag", image, "--build-arg", _BASE, str(ROOT))
    return image


@pytest.fixture
def the_image(registry: Registry, tmp_path: Path) -> AbstractContextManager[Delivery]:
    return one_image(registry, build("teleinfo"), tmp_path)


@pytest.fixture
def the_file(registry: Registry, tmp_path: Path) -> AbstractContextManager[Delivery]:
    images = {target: build(target) for target in ("setup", "reader", "storer", "monitor")}
    return one_file(registry, images, tmp_path)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-P", "-m", "deploy.packages", "--folder", folder], cwd=ROOT, check=True)
    (package,) = folder.glob("teleinfo_*.deb")
    return package


def bare(release: str, folder: Path) -> Machine:
    machine = Machine(folder, release)
    machine.make()
    machine.path("/usr/sbin/policy-rc.d").unlink()  # here, what is installed is to start
    return machine


@pytest.fixture
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Delivery]:
    """Get it in the way that the test names."""
    name = request.param
    if name in RELEASES:
        machine = bare(name, tmp_path)
        with one_package(machine, request.getfixturevalue("package")) as delivery:
            yield delivery
        subprocess.run(["rm", "-rf", "--one-file-system", machine.root], check=True)
    elif name == "app":
        house = House(f"teleinfo-delivered-{os.getpid()}")
        try:
            house.create()
            house.build()
            with the_app(house) as delivery:
                yield delivery
        finally:
            house.remove()
    else:
        with request.getfixturevalue(name) as delivery:
            yield delivery


def see_the_first_value(work: Work) -> None:
    """Go to the step of the meter, by those that this way asks for, and choose the simulated one."""
    page, heading = work.page, work.page.locator("h2#step")
    expect(heading).to_be_visible(timeout=WITHIN * 1000)
    if heading.inner_text() == "Choisissez un mot de passe":
        work.write(page.get_by_label("Mot de passe", exact=True), PASSWORD)
        work.click(page.get_by_role("button", name="Enregistrer", exact=True))
        expect(heading).not_to_have_text("Choisissez un mot de passe")
    if heading.inner_text().startswith("Avez-vous déjà un serveur MQTT"):
        work.click(page.get_by_role("button", name="Non", exact=True))
    expect(heading).to_have_text("Votre compteur")
    simulated = page.get_by_label("Compteur simulé")
    expect(simulated).to_be_visible(timeout=WITHIN * 1000)  # once the reader has said what there is
    work.click(simulated)
    facts = page.locator(".first-visit .pairs")
    expect(facts).to_contain_text(re.compile(r"Puissance[\d\s]+VA"), timeout=WITHIN * 1000)
    work.reached("first value")


#: Of each way: commands, clicks and typed characters to the first value and to the right prices.
WAYS = {
    "the_image": ("docker run", 2, 4 + 4, len(PASSWORD) + 8),
    "the_file": ("docker compose up, one file", 3, 3 + 4, len(PASSWORD) + 8),
    "bookworm": ("apt install, Debian 12", 2, 4 + 4, len(PASSWORD) + 8),
    "trixie": ("apt install, Debian 13", 2, 4 + 4, len(PASSWORD) + 8),
    "app": ("Home Assistant's app", 0, 5 + 1 + 4, 8),
}


@pytest.mark.parametrize(("way", "name"), [(name, name) for name in WAYS], indirect=["way"])
def test_from_nothing_to_the_first_value_and_the_right_prices(way: Delivery, name: str, browser: Browser) -> None:
    context = browser.new_context(**DEVICES["desk"], locale="fr-FR", timezone_id="Europe/Paris")
    if way.cookie is not None:
        key, value = way.cookie
        context.add_cookies([{"name": key, "value": value, "url": way.page}])
    page = context.new_page()
    work = Work(page, clicks=way.clicks)
    begun = time.monotonic()
    page.goto(way.page)
    see_the_first_value(work)
    waited = time.monotonic() - begun
    enter_the_contract(work)
    wait_until(lambda: ask(page, "later")["price"] == PRICE * 10_000, WITHIN, "the price of the contract")
    context.close()
    text, commands, clicks, typed = WAYS[name]
    done = (len(way.commands), way.files, sum(row[2] for row in work.rows), sum(row[3] for row in work.rows))
    rows.append(TABLE.format(text, *done, f"{way.waited:.0f}", f"{waited:.0f}"))
    assert done == (commands, 0, clicks, typed)
