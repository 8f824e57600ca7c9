"""What the type of an answer says: its JSON and its JSON Schema."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from monitor.base.answer import ABSENT, INLINE, Absent, Count, More, Share, Wh, one_of
from monitor.web.http import json_bytes
from monitor.web.typed import schema_of

TEXT = {"type": "string"}


class Reason(Enum):
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Beside:
    production: Wh | Absent = ABSENT
    both: Annotated[Wh | Absent | None, "of both"] = ABSENT


@dataclass(frozen=True, slots=True)
class Example:
    from_: datetime
    cost: Annotated[Decimal | None, "null: no price"]
    beside: Annotated[Beside, INLINE] = Beside()
    later: Sequence["Example"] = ()


AT = datetime(2026, 12, 1, 8, tzinfo=UTC)


def sent(answer: object) -> Any:
    return json.loads(json_bytes(answer))


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (int, {"type": "integer"}),
        (Count, {"type": "integer", "minimum": 0}),
        (Share | None, {"type": ["number", "null"], "minimum": 0, "maximum": 1}),
        (Annotated[Wh, "drawn"], {"type": "integer", "description": "drawn"}),
        (date | None, {"type": ["string", "null"], "format": "date"}),
        (Decimal, {"type": "integer", "description": "1e-4 EUR, taxes included"}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Reason | None, {"type": ["string", "null"], "enum": ["old", None]}),
        (Annotated[str, one_of("a")] | None, {"type": ["string", "null"], "enum": ["a", None]}),
        (Sequence[int | None], {"type": "array", "items": {"type": ["integer", "null"]}}),
        (Mapping[str, str], {"type": "object", "additionalProperties": TEXT}),
        (
            tuple[int, str],
            {"type": "array", "prefixItems": [{"type": "integer"}, TEXT], "minItems": 2, "maxItems": 2},
        ),
        (Annotated[bytes, More(type="string")], TEXT),
    ],
)
def test_a_type_has_its_schema(kind: Any, schema: Mapping[str, Any]) -> None:
    assert schema_of(kind) == schema


def test_a_dataclass_has_the_fields_of_those_inside_it_and_requires_none_that_may_be_absent() -> None:
    schema = schema_of(Beside)
    assert (schema["required"], list(schema["properties"])) == ([], ["production", "both"])
    assert schema["properties"]["both"] == {"type": ["integer", "null"], "description": "of both"}


@pytest.mark.parametrize("kind", [set[int], bytes, int | str])
def test_what_json_has_no_word_for_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError):
        schema_of(kind)


def test_an_answer_is_written_with_its_times_and_amounts() -> None:
    answer = Example(AT, Decimal("1.23456"), later=[Example(AT, None)])
    one = {"from": "2026-12-01T08:00:00Z", "later": []}
    assert sent(answer) == {**one, "cost": 12_346, "later": [{**one, "cost": None}]}
    assert sent([date(2026, 12, 1), Reason.OLD]) == ["2026-12-01", "old"]


def test_what_only_some_homes_have_is_there_where_it_is_known() -> None:
    answer = Example(AT, None, Beside(production=5, both=None))
    assert sent(answer).items() >= {"production": 5, "both": None}.items()


def test_what_no_answer_holds_is_an_error() -> None:
    with pytest.raises(TypeError, match="set"):
        json_bytes({"a": {1}})
