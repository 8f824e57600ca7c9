"""Take the picture of the page in Home Assistant's sidebar: `.venv/bin/python -m docs.tools.picture_side_bar [FILE]`.

A real Home Assistant shows it as a dashboard of the type Webpage, as docs/page.md tells: the panel of an app needs a
Supervisor. `./run test browser --co -q` installs the browser.
"""

import sys
import tempfile
from pathlib import Path

from demo.servers import HOST
from docs.tools.chromium import browse
from tests.browser.home import home
from tests.home_assistant.instance import HomeAssistant

FILE = Path(__file__).parents[1] / "pictures" / "home-assistant-side-bar.png"
DAYS = 60
SIZE = {"width": 1280, "height": 800}
FILLED = 660_000  # ms: ten minutes of live values, and some


def main(file: Path) -> None:
    """Take the picture."""
    with tempfile.TemporaryDirectory(prefix="teleinfo-") as temporary:
        folder = Path(temporary)
        with (
            home(folder, DAYS) as house,
            HomeAssistant(folder / "home-assistant") as assistant,
            browse(assistant, SIZE) as page,
        ):
            address = f"http://{HOST}:{assistant.port}"
            house.monitor.stop()
            house.monitor.settings["frame_ancestors"] = [address]
            house.monitor.start().wait_for_log("(?s)The page is at.*The page is at")
            linky = {"url_path": "app-linky", "title": "Linky", "icon": "mdi:meter-electric", "show_in_sidebar": True}
            assistant.call("lovelace/dashboards/create", **linky, require_admin=False, mode="storage")
            shown = {"type": "iframe", "url": f"{house.address}?compteur={house.tempo}"}
            assistant.call("lovelace/config/save", url_path="app-linky", config={"strategy": shown})

            page.goto("/app-linky")
            page.get_by_text("Linky").first.wait_for()
            page.wait_for_timeout(FILLED)
            page.screenshot(path=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
