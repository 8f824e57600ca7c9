import json

from monitor.service import ACTIONS, ROUTES
from monitor.web.openapi import document
from monitor.web.route import ApiRequest, Body, File, Parameter, Route
from tests.support.french import french_words


def _answer(_: ApiRequest) -> File:
    return Body(b"", "text/csv", "energy.csv")


ALL = [*ROUTES, *ACTIONS]
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
    assert not french_words(json.dumps(document(ALL), ensure_ascii=False))


def test_what_it_refers_to_is_there() -> None:
    described = document(ALL)
    text = json.dumps(described)
    for reference in {part.partition('"')[0] for part in text.split('"$ref": "')[1:]}:
        target = described
        for name in reference.removeprefix("#/").split("/"):
            target = target[name]


def test_it_says_how_to_be_let_in() -> None:
    described = document(ALL)
    schemes = described["components"]["securitySchemes"]
    assert {name for one in described["security"] for name in one} == schemes.keys()


def test_no_two_routes_share_a_name() -> None:
    names = [(route.method, route.name) for route in ALL]
    assert len(names) == len(set(names)) > 0
    identifiers = [one["operationId"] for path in document(ALL)["paths"].values() for one in path.values()]
    assert len(identifiers) == len(set(identifiers)) == len(names)


def test_a_change_is_described_with_what_is_sent_and_the_version_that_it_names() -> None:
    paths = document(ALL)["paths"]
    saved = paths["/settings/{section}"]["put"]
    section, language, version = saved["parameters"]
    assert (section["in"], section["required"], language["in"]) == ("path", True, "query")
    assert (version["name"], version["in"], version["required"]) == ("If-Match", "header", True)
    assert saved["requestBody"]["content"].keys() == {"application/json"}
    assert saved["responses"].keys() >= {"200", "412", "413", "415", "422", "428"}
    assert paths["/settings/{section}"].keys() == {"get", "put"}
    assert paths["/requests/{id}/body"]["put"]["requestBody"]["content"].keys() == {"application/octet-stream"}
    assert "requestBody" not in paths["/requests/{id}/start"]["post"]


def test_addresses_are_relative_to_the_document() -> None:
    assert document(ALL)["servers"] == [{"url": "."}]


def test_a_table_is_offered_only_in_the_pieces_that_it_can_be_cut_into() -> None:
    offered = {
        route.name: next(one.schema["enum"] for one in route.parameters if one.name == "by")
        for route in ROUTES
        if route.name in ("energy", "energy.csv")
    }
    assert offered["energy"] == offered["energy.csv"] == ["day", "hour", "week", "month", "year", "contract-year"]
