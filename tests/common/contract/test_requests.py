from collections.abc import Mapping
from typing import Any

import pytest

from common.contract.requests import DELETING, KINDS, WITH_FILE
from common.settings.fields import SectionError

GOOD: Mapping[str, dict[str, Any]] = {
    "import": {"name": "conso.csv", "kind": None, "meter": "031961123456", "series": [], "dry_run": True},
    "import-forget": {"id": 3},
    "forget-meter": {"meter": "031961123456"},
    "forget-source": {"name": "sun"},
    "forget-program": {"program": "reader", "name": "cellar"},
    "join": {"prm": "12345678901234", "meter": "031961123456", "apart": False},
    "outside": {"what": "tempo", "source": "www.example.org", "rows": [["2026-12-01T05:00:00Z", 3]]},
    "rebuild": {"from": "2026-03-01", "to": "2026-04-01"},
    "backup": {},
}


def test_each_kind_takes_its_arguments() -> None:
    assert GOOD.keys() == KINDS.keys()
    for kind, arguments in GOOD.items():
        KINDS[kind].read(arguments)


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_takes_what_it_does_not_know(kind: str) -> None:
    with pytest.raises(SectionError):
        KINDS[kind].read(GOOD[kind] | {"path": "/etc/passwd"})


def test_what_deletes_and_what_has_a_file_are_kinds() -> None:
    assert KINDS.keys() >= DELETING | WITH_FILE
    assert not DELETING & WITH_FILE
