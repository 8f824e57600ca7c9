import gzip
import json

import pytest

from monitor.server.messages import (
    NO_STORE,
    REVALIDATE,
    SMALLEST_ZIPPED,
    Reply,
    Request,
    json_bytes,
    negotiated,
    packed,
    problem,
)

LONG = b"x" * SMALLEST_ZIPPED


def asking(**headers: str) -> Request:
    return Request(method="GET", path="/", headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "GZIP"])
def test_a_long_reply_is_compressed_for_a_browser_that_reads_it(accepted: str) -> None:
    reply = negotiated(asking(accept_encoding=accepted), packed(LONG, "application/json"))
    assert gzip.decompress(reply.body) == LONG
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
def test_it_is_not_compressed_for_others_but_says_that_it_depends(accepted: str) -> None:
    reply = negotiated(asking(accept_encoding=accepted), packed(LONG, "application/json"))
    assert reply.body == LONG
    assert "Content-Encoding" not in reply.headers
    assert reply.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(("body", "kind"), [(LONG[1:], "application/json"), (LONG, "image/png")])
def test_what_is_short_or_compressed_already_is_sent_as_it_is(body: bytes, kind: str) -> None:
    assert negotiated(asking(accept_encoding="gzip"), packed(body, kind)).body == body


@pytest.mark.parametrize("form", ["{tag}", '"other", {tag}', "{strong}", "*"])
def test_what_the_browser_has_already_is_not_sent_again(form: str) -> None:
    reply = packed(b"{}", "application/json", Cache_Control=REVALIDATE)
    assert reply.etag is not None
    known = form.format(tag=reply.etag, strong=reply.etag.removeprefix("W/"))
    again = negotiated(asking(if_none_match=known), reply)
    assert (again.status, again.body) == (304, b"")
    assert (again.headers["ETag"], again.headers["Cache-Control"]) == (reply.etag, REVALIDATE)


def test_another_content_has_another_tag_and_is_sent() -> None:
    first, second = (packed(body, "application/json", Cache_Control=REVALIDATE) for body in (b"[1]", b"[2]"))
    assert first.etag != second.etag
    assert negotiated(asking(if_none_match=str(first.etag)), second).status == 200


def test_what_must_not_be_kept_has_no_tag() -> None:
    reply = packed(b"{}", "application/json", Cache_Control=NO_STORE)
    answer = negotiated(asking(if_none_match="*"), reply)
    assert answer.status == 200
    assert "ETag" not in answer.headers


def test_a_problem_says_in_french_what_to_do_and_is_never_kept() -> None:
    reply = problem(400, "Le « mois » manque : écrivez-le !", Allow="GET")
    assert reply.kind == "application/problem+json"
    assert (reply.headers["Cache-Control"], reply.headers["Allow"]) == (NO_STORE, "GET")
    assert json.loads(reply.body) == {
        "type": "about:blank",
        "title": "Question incorrecte",
        "status": 400,
        "detail": "Le «\u00a0mois\u00a0» manque\u00a0: écrivez-le\u00a0!",
    }


def test_a_problem_may_have_a_part_for_programs() -> None:
    body = json.loads(problem(400, "Précisez le compteur.", {"meters": ["031961123456"], "status": 200}).body)
    assert (body["meters"], body["status"]) == (["031961123456"], 400)


def test_json_has_no_numbers_that_json_does_not_know() -> None:
    assert json_bytes({"é": [1, None]}) == '{"é":[1,null]}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        json_bytes(float("nan"))


def test_headers_are_added_to_those_that_are_there() -> None:
    reply = Reply(headers={"Allow": "GET"}).having(Retry_After="5")
    assert reply.headers == {"Allow": "GET", "Retry-After": "5"}
