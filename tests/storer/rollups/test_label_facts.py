from typing import Any, cast

import pytest

from common.database.mariadb import Connection
from storer.rollups import label_facts
from storer.rollups.label_facts import LabelFacts, read_facts


class Rows:
    """The table `label_sets`: id, sum of the registers that do not run, total."""

    def query(self, sql: str, arguments: tuple[list[int]]) -> list[tuple[int, int | None, int | None]]:
        return [(number, 700, None) for number in arguments[0] if number < 900]


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ({"mode": "historic", "frame": {}}, LabelFacts(historic=True, idle_total=700)),
        ({"mode": "standard", "frame": {"STGE": "00000080"}}, LabelFacts(overload=True, idle_total=700)),
        ({"mode": "standard", "frame": {"STGE": "003A4741"}}, LabelFacts(idle_total=700)),
        ({"mode": "standard", "frame": {"STGE": "x"}}, LabelFacts(idle_total=700)),
        ({"mode": "standard", "frame": {}, "interval": 60}, LabelFacts(idle_total=700, interval=60)),
        (
            {"mode": "historic", "frame": {}, "columns": {"index_supplier": "HCHP"}},
            LabelFacts(historic=True, supplier=2, idle_total=700),
        ),
    ],
)
def test_what_a_label_set_says(monkeypatch: pytest.MonkeyPatch, content: Any, facts: LabelFacts) -> None:
    monkeypatch.setattr(label_facts, "read_contents", lambda _, ids: dict.fromkeys(set(ids) - {901}, content))
    found = read_facts(cast("Connection", Rows()), {1, *range(300, 1000)})
    assert found.keys() == {1, *range(300, 1000)}
    assert found[1] == found[899] == facts
    assert found[900] == found[901] == LabelFacts()  # deleted
