"""Gives the tests of this folder a browser."""

from tests.browser.conftest import browser, patience

__all__ = ["browser", "patience"]
