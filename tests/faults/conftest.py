"""Puts the files that take longest first: at the end, the other processes would have nothing left to do."""

import pytest

LONGEST = ("test_partitions", "test_torture", "test_rollups", "test_demo")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in LONGEST)
