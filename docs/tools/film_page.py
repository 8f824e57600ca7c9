"""A short film of the web page, for README and LISEZMOI: `docs.tools.picture_page` makes it with the pictures.

A picture is taken of each thing that happens, and stands as long as it takes to read it. `img2webp` of Debian's `webp`
puts them together.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page

SIZE = {"width": 1040, "height": 700}
QUALITY = 60
MOVE = 40  # ms of each picture while the mouse moves
STEPS = 6  # of a move
#: Shows where the mouse is: pictures do not.
_POINTER = """
const pointer = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
const arrow = document.createElementNS('http://www.w3.org/2000/svg', 'path');
for (const [name, value] of Object.entries({ d: 'M2 2v18l5-4 3 7 4-2-3-6h6z', fill: '#000', stroke: '#fff' }))
  arrow.setAttribute(name, value);
pointer.setAttribute('viewBox', '0 0 24 24');
pointer.append(arrow);
Object.assign(pointer.style, { position: 'fixed', width: '24px', zIndex: 99, pointerEvents: 'none' });
addEventListener('mousemove', ({ clientX, clientY }) => {
  Object.assign(pointer.style, { left: `${clientX - 2}px`, top: `${clientY - 2}px` });
});
document.body.append(pointer);
"""


class Film:
    """The pictures of a page, and how long each of them stands."""

    def __init__(self, page: Page, folder: Path, rest: Callable[[], None]) -> None:
        self._page = page
        self._folder = folder
        self._rest = rest
        self._pictures: list[tuple[Path, int]] = []
        self._place = (SIZE["width"] / 2, SIZE["height"] * 0.75)
        page.evaluate(_POINTER)
        page.mouse.move(*self._place)

    def hold(self, ms: int) -> None:
        """Show what is on the page for a while, once it is drawn."""
        self._page.wait_for_function("() => !document.querySelector('#main[aria-busy], .day-plot:empty')")
        self._rest()
        self._take(ms)

    def live(self, seconds: int) -> None:
        """Show what changes by itself."""
        for _ in range(seconds):
            self._take(1000)
            self._page.wait_for_timeout(1000)

    def click(self, on: Locator, ms: int) -> None:
        """Go to something, click it, and show what follows."""
        self._go(*_middle(on))
        self._page.mouse.down()
        self._page.mouse.up()
        self.hold(ms)

    def scroll_to(self, what: Locator, ms: int) -> None:
        """Bring something to the top of the window, and show it."""
        what.evaluate("(one) => one.scrollIntoView()")
        self.hold(ms)

    def drag(self, on: Locator, begin: float, end: float, ms: int) -> None:
        """Draw the mouse across something from one part of its width to another."""
        box = on.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        self._go(box["x"] + begin * box["width"], y)
        self._page.mouse.down()
        self._go(box["x"] + end * box["width"], y)
        self._page.mouse.up()
        self.hold(ms)

    def save(self, file: Path) -> None:
        """Write the film."""
        frames = [word for picture, ms in self._pictures for word in ("-d", str(ms), str(picture))]
        options = ["-loop", "0", "-lossy", "-q", str(QUALITY), "-m", "6"]
        subprocess.run(["img2webp", *options, *frames, "-o", str(file)], check=True, stdout=subprocess.DEVNULL)

    def _go(self, x: float, y: float) -> None:
        from_x, from_y = self._place
        for step in range(1, STEPS + 1):
            share = step / STEPS
            self._page.mouse.move(from_x + share * (x - from_x), from_y + share * (y - from_y))
            self._take(MOVE)
        self._place = (x, y)

    def _take(self, ms: int) -> None:
        picture = self._folder / f"{len(self._pictures):03}.png"
        self._page.screenshot(path=picture)
        self._pictures.append((picture, ms))


def _middle(on: Locator) -> tuple[float, float]:
    box = on.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def film(page: Page, folder: Path, file: Path, rest: Callable[[], None]) -> None:
    """Film a visit from the live values to the contracts; the page shows the first place. rest: waits for answers."""
    one = Film(page, folder, rest)
    places = page.locator("nav .places a")
    one.live(4)
    one.click(places.nth(1), 600)
    one.click(page.locator(".stepper a").first, 1500)
    one.drag(page.locator(".u-over"), 0.74, 0.83, 3000)
    one.click(places.nth(2), 1800)
    one.click(page.locator(".segmented.links a").nth(2), 2000)
    in_euros = page.get_by_role("button", name="€", exact=True)
    one.scroll_to(page.locator(".block", has=in_euros), 1500)
    one.click(in_euros, 2000)
    one.click(places.nth(3), 1500)
    one.scroll_to(page.locator("#contrats"), 3000)
    one.click(places.nth(0), 1500)
    one.save(file)
