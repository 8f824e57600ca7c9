from typing import Any, get_type_hints

import pytest

from monitor.base.fetch_settings import FetchSettings
from monitor.fetch.providers import PROVIDERS


def explained(switch: str) -> list[str]:
    """Return what the page says beside a switch, in both languages."""
    hint: Any = get_type_hints(FetchSettings, include_extras=True)[switch]
    if hint.__origin__ is not bool:
        hint = get_type_hints(hint.__origin__, include_extras=True)["on"]
    (field,) = hint.__metadata__
    return [field.help_fr, field.help_en]


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_host_that_may_be_asked_is_named_beside_its_switch(name: str) -> None:
    provider = PROVIDERS[name]
    for text in explained(provider.name):
        for host in provider.hosts:
            assert ".".join(host.split(".")[-2:]) in text
