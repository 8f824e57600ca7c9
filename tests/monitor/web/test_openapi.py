import json

from monitor.service import ROUTES
from monitor.web.openapi import document
from monitor.web.route import ApiRequest, Body, File, Parameter, Route
from tests.support.french import french_words


def _answer(_: ApiRequest) -> File:
    return Body(b"", "text/csv", "energy.csv")


ROUTE = Route("energy.csv", "Energy.", [Parameter("to", "The end.", {"type": "string"})], _answer)


def test_each_route_is_described_with_its_parameters_and_its_answer() -> None:
    described = document([ROUTE])["paths"]["/energy.csv"]["get"]
    parameter, language = described["parameters"]
    assert language["name"] == "lang"
    assert parameter == {
        "name": "to",
        "in": "query",
        "description": "The end.",
        "schema": {"type": "string"},
    }
    assert described["responses"]["200"]["content"] == {"text/csv": {"schema": {"type": "string"}}}
    assert described["responses"].keys() == {"200", "400", "401", "403", "404", "405", "414", "503"}


def test_it_is_english() -> None:
    assert not french_words(json.dumps(document(ROUTES), ensure_ascii=False))


def test_what_it_refers_to_is_there() -> None:
    described = document(ROUTES)
    text = json.dumps(described)
    for reference in {part.partition('"')[0] for part in text.split('"$ref": "')[1:]}:
        target = described
        for name in reference.removeprefix("#/").split("/"):
            target = target[name]


def test_it_says_how_to_be_let_in() -> None:
    described = document(ROUTES)
    schemes = described["components"]["securitySchemes"]
    assert {name for one in described["security"] for name in one} == schemes.keys()


def test_no_two_routes_share_a_name() -> None:
    names = [route.name for route in ROUTES]
    assert len(names) == len(set(names)) > 0
    identifiers = [one["get"]["operationId"] for one in document(ROUTES)["paths"].values()]
    assert len(identifiers) == len(set(identifiers))


def test_addresses_are_relative_to_the_document() -> None:
    assert document(ROUTES)["servers"] == [{"url": "."}]


def test_a_table_is_offered_only_in_the_pieces_that_it_can_be_cut_into() -> None:
    offered = {
        route.name: next(one.schema["enum"] for one in route.parameters if one.name == "by")
        for route in ROUTES
        if route.name in ("energy", "energy.csv")
    }
    assert offered["energy"] == offered["energy.csv"] == ["day", "hour", "week", "month", "year", "contract-year"]
