"""The types that the page's code is checked with are those of the API's answers."""

import pytest

from docs.tools.page_types import FILE, OFFERS_FILE, declarations, offers, type_of


def test_the_committed_files_are_those_of_the_routes_and_of_the_offers() -> None:
    for file, text in ((FILE, declarations()), (OFFERS_FILE, offers())):
        assert file.read_text(encoding="utf-8") == text, "run `.venv/bin/python -m docs.tools.page_types`"


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": ["integer", "null"]}, "number | null"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "Array<string | null>"),
        ({"enum": ["day", None]}, "'day' | null"),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}, "[number, string]"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "Record<string, number>"),
        ({"oneOf": [{"type": "boolean"}, {"type": "null"}]}, "boolean | null"),
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
