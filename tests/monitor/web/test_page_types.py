"""What the page has from the code in Python: the types of the API's answers, and the table of registers."""

import pytest

from docs.tools import page_offers
from docs.tools.page_types import declarations, type_of


def test_the_committed_table_is_that_of_the_offers() -> None:
    written = page_offers.FILE.read_text(encoding="utf-8")
    assert written == page_offers.offers(), "run `.venv/bin/python -m docs.tools.page_offers`"


def test_each_route_that_answers_json_has_a_type() -> None:
    written = declarations()
    assert all(f"export type {name} = {{\n" in written for name in ("Problem", "Meters", "Live", "Energy"))


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": ["integer", "null"]}, "number | null"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "Array<string | null>"),
        ({"enum": ["day", None]}, "'day' | null"),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}, "[number, string]"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "Record<string, number>"),
        (
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}, "required": ["a"]},
            "{\n  a: string;\n  b?: number;\n}",
        ),
        ({}, "unknown"),
    ],
)
def test_a_schema_becomes_a_type(schema: dict[str, object], written: str) -> None:
    assert type_of(schema) == written


def test_a_keyword_that_has_no_type_is_refused() -> None:
    with pytest.raises(ValueError, match="anyOf"):
        type_of({"anyOf": []})
