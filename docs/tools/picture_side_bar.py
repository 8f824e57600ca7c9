"""Take the picture of the page in Home Assistant's side bar: `.venv/bin/python -m docs.tools.picture_side_bar [FILE]`.

A real Home Assistant shows it as a dashboard of the type Webpage, as docs/page.md tells: the panel of an app needs a
Supervisor. Needs Chromium (`apt-get install chromium`).
"""

import base64
import json
import sys
import tempfile
import time
from pathlib import Path

from demo.servers import HOST
from docs.tools.chromium import browse
from tests.browser.home import home
from tests.home_assistant.instance import HomeAssistant

FILE = Path(__file__).parents[1] / "pictures" / "home-assistant-side-bar.png"
DAYS = 60
WIDTH, HEIGHT = 1280, 800
FILLED = 660  # seconds: ten minutes of live values, and some


def main(file: Path) -> None:
    """Take the picture."""
    with tempfile.TemporaryDirectory(prefix="teleinfo-") as temporary:
        folder = Path(temporary)
        with (
            home(folder, DAYS) as house,
            HomeAssistant(folder / "home-assistant") as assistant,
            browse(folder / "chromium", language="fr", time_zone="Europe/Paris") as page,
        ):
            address = f"http://{HOST}:{assistant.port}"
            house.monitor.stop()
            house.monitor.settings["frame_ancestors"] = [address]
            house.monitor.start()
            linky = {"url_path": "app-linky", "title": "Linky", "icon": "mdi:meter-electric", "show_in_sidebar": True}
            assistant.call("lovelace/dashboards/create", **linky, require_admin=False, mode="storage")
            shown = {"type": "iframe", "url": f"{house.address}?compteur={house.tempo}"}
            assistant.call("lovelace/config/save", url_path="app-linky", config={"strategy": shown})

            tokens = assistant.tokens() | {"hassUrl": address}
            page.remember({"hassTokens": json.dumps(tokens), "selectedLanguage": '"fr"'})
            page.resize(WIDTH, HEIGHT)
            page.open(f"{address}/app-linky", until="Linky")
            time.sleep(FILLED)
            file.write_bytes(base64.b64decode(page.command("Page.captureScreenshot", format="png")["data"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
