"""A headless Chromium, in French, that is logged in at a Home Assistant: for the pictures of documents."""

import contextlib
import json
import shutil
from collections.abc import Iterator

from playwright.sync_api import Page, ViewportSize, sync_playwright

from demo.servers import HOST
from tests.home_assistant.instance import HomeAssistant

SHOWN_WITHIN = 120_000.0  # ms


@contextlib.contextmanager
def browse(home: HomeAssistant, size: ViewportSize, **remembered: str) -> Iterator[Page]:
    """Open an empty page of a browser; `remembered` is more of its local storage."""
    address = f"http://{HOST}:{home.port}"
    tokens = json.dumps(home.tokens() | {"hassUrl": address})
    items = {"hassTokens": tokens, "selectedLanguage": '"fr"', **remembered}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), chromium_sandbox=False)
        context = browser.new_context(
            base_url=address, viewport=size, locale="fr-FR", timezone_id="Europe/Paris", reduced_motion="reduce"
        )
        context.set_default_timeout(SHOWN_WITHIN)
        context.add_init_script(f"Object.assign(localStorage, {json.dumps(items)});")
        yield context.new_page()
        browser.close()
