"""Puts the files that take longest first: at the end, the other processes would have nothing left to do."""

import pytest

SETTLED_WITHIN = 1200  # seconds: start, the frames that are still on their way, and the count of all
LONGEST = ("test_table", "test_long_run", "test_rollups", "test_demo")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", type=float, default=1.0, help="how long test_long_run kills")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in LONGEST)
    for item in items:
        if item.path.stem == "test_long_run":
            item.add_marker(pytest.mark.timeout(item.config.getoption("--minutes") * 60 + SETTLED_WITHIN))
