"""A page of which a file was lost: it says so, and loads itself again."""

from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from tests.browser.stand import Stand

SENTENCE = "La page n’a pas pu se charger"


@pytest.mark.parametrize("lost", ["places/now/view.js", "frame/main.js"])
def test_a_page_that_lost_a_file_once_comes_up_by_itself(stand: Stand, lost: str) -> None:
    page = stand.page
    stand.visit.expected += ("ERR_FAILED",)
    page.route(f"**/{lost}", lambda route: route.abort())
    page.goto(stand.address)
    expect(page.locator("#unloaded")).to_contain_text(SENTENCE)
    expect(page.locator("#unloaded")).to_be_visible()
    page.unroute(f"**/{lost}")
    expect(page.locator(".power .figure-xl")).to_contain_text("VA")


def test_a_page_whose_file_is_always_lost_says_so_and_waits_longer_each_time(stand: Stand) -> None:
    page = stand.page
    tries: list[str] = []

    def lose(route: Route) -> None:
        tries.append(route.request.url)
        route.abort()

    stand.visit.expected += ("ERR_FAILED",)
    stand.set_clock(page)
    page.route("**/format.js", lose)
    page.goto(stand.address)
    for wait in (5, 15, 60, 60):
        expect(page.locator("html")).to_have_class("lost")
        expect(page.locator("#unloaded")).to_be_visible()
        before = len(tries)
        stand.pass_by(timedelta(seconds=wait - 1))
        assert len(tries) == before
        with page.expect_request("**/main.js"):
            stand.pass_by(timedelta(seconds=2))


def test_a_page_without_a_single_file_of_its_own_still_says_that_it_is_not_loaded(stand: Stand) -> None:
    page = stand.page
    stand.visit.expected += ("ERR_FAILED",)
    page.route("**/*.js", lambda route: route.abort())
    page.route("**/*.css", lambda route: route.abort())
    page.goto(stand.address)
    expect(page.locator("#unloaded")).to_contain_text(SENTENCE)
    expect(page.locator("#unloaded")).to_be_visible()
    expect(page.locator("#unloaded [lang=en]")).to_contain_text("could not be loaded")


def test_a_file_that_never_comes_is_asked_for_again(stand: Stand) -> None:
    page = stand.page
    stand.set_clock(page)
    page.route("**/format.js", lambda route: None, times=1)
    page.goto(stand.address, wait_until="commit")
    expect(page.locator("#unloaded")).to_be_visible()
    stand.pass_by(timedelta(seconds=31))
    expect(page.locator(".power .figure-xl")).to_contain_text("VA")
