"""Takes the pictures of the web page: each place on a desk and on a phone, light and dark; and a film in each language.

Usage: `./run test browser --co -q` (it installs Chromium and Playwright) and `apt-get install webp` once, then
`.venv/bin/python -P -m docs.tools.picture_page [FOLDER]`. A simulated home of 400 days is started for it.
"""

import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from docs.tools.film_page import SIZE, film
from tests.browser.home import Home, home
from tests.browser.visit import DEVICES, Visit
from tests.support.programs import wait_until

FOLDER = Path(__file__).resolve().parent.parent / "pictures" / "page"
DAYS = 400
FILMS = {"en": "film.webp", "fr": "film-fr.webp"}
TEN_MINUTES = 660_000  # ms, and some
QUALITY = 72  # of a JPEG: text stays readable at 30 to 60 kB


def places(house: Home) -> dict[str, str]:
    """Return the address of each place, by the name of its picture."""
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)
    season = today.year if today.month >= 9 else today.year - 1
    meter = f"?compteur={house.tempo}"
    return {
        "jour": f"jour/{yesterday}{meter}&c={yesterday - timedelta(days=7)}&t=18:30..20:00",
        "bilan": f"bilan/{yesterday - timedelta(days=364)}..{yesterday}{meter}",
        "contrats": f"contrats/{season}{meter}",
        "etat": f"etat{meter}",
        "maintenant": meter,  # last: its ten minutes have to pass first
    }


def main(folder: Path) -> None:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium")
    with (
        tempfile.TemporaryDirectory() as temporary,
        home(Path(temporary), DAYS) as house,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=["--lang=fr-FR"])
        for device in ("desk", "phone"):
            for theme in ("light", "dark"):
                context = browser.new_context(
                    **DEVICES[device], color_scheme=theme, locale="fr-FR", timezone_id="Europe/Paris"
                )
                one = Visit(context, house.address)
                for name, path in places(house).items():
                    one.go(path)
                    # Of the live line all ten minutes are to be known, and the curve of the day is to be drawn.
                    ready = "() => !document.querySelector('.minutes .hole, .day-plot:empty')"
                    one.page.wait_for_function(ready, timeout=TEN_MINUTES)
                    wait_until(one.rests, 60, "the last answer")
                    one.page.evaluate("document.querySelector('#contrats')?.scrollIntoView()")  # the ranking
                    one.page.screenshot(path=folder / f"{name}-{device}-{theme}.jpg", type="jpeg", quality=QUALITY)
                context.close()
        for language, name in FILMS.items():
            with tempfile.TemporaryDirectory() as pictures:
                _film(browser, house, language, Path(pictures), folder / name)
        browser.close()


def _film(browser: Browser, house: Home, language: str, pictures: Path, file: Path) -> None:
    context = browser.new_context(viewport=SIZE, color_scheme="light", locale="fr-FR", timezone_id="Europe/Paris")
    one = Visit(context, house.address)
    one.go(f"?compteur={house.tempo}&lang={language}")
    film(one.page, pictures, file, lambda: wait_until(one.rests, 60, "the last answer"))
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
