import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from monitor.base.request_errors import RequestError
from monitor.web.http import (
    NO_STORE,
    REVALIDATE,
    SMALLEST_ZIPPED,
    Request,
    Response,
    json_bytes,
    language_for,
    negotiated,
    packed,
    problem,
    security_headers,
)

PAGE = Path(__file__).resolve().parents[3] / "monitor" / "page"
LONG = b"x" * SMALLEST_ZIPPED


def asking(**headers: str) -> Request:
    return Request(method="GET", path="/", headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "GZIP"])
def test_a_long_reply_is_compressed_for_a_browser_that_reads_it(accepted: str) -> None:
    response = negotiated(asking(accept_encoding=accepted), packed(LONG, "application/json"))
    assert gzip.decompress(response.body) == LONG
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
def test_it_is_not_compressed_for_others_but_says_that_it_depends(accepted: str) -> None:
    response = negotiated(asking(accept_encoding=accepted), packed(LONG, "application/json"))
    assert response.body == LONG
    assert "Content-Encoding" not in response.headers
    assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(("body", "kind"), [(LONG[1:], "application/json"), (LONG, "image/png")])
def test_what_is_short_or_compressed_already_is_sent_as_it_is(body: bytes, kind: str) -> None:
    assert negotiated(asking(accept_encoding="gzip"), packed(body, kind)).body == body


@pytest.mark.parametrize("form", ["{tag}", '"other", {tag}', "{strong}", "*"])
def test_what_the_browser_has_already_is_not_sent_again(form: str) -> None:
    response = packed(b"{}", "application/json", Cache_Control=REVALIDATE)
    assert response.etag is not None
    known = form.format(tag=response.etag, strong=response.etag.removeprefix("W/"))
    again = negotiated(asking(if_none_match=known), response)
    assert (again.status, again.body) == (304, b"")
    assert (again.headers["ETag"], again.headers["Cache-Control"]) == (response.etag, REVALIDATE)


def test_another_content_has_another_tag_and_is_sent() -> None:
    first, second = (packed(body, "application/json", Cache_Control=REVALIDATE) for body in (b"[1]", b"[2]"))
    assert first.etag != second.etag
    assert negotiated(asking(if_none_match=str(first.etag)), second).status == 200


def test_what_must_not_be_kept_has_no_tag() -> None:
    response = packed(b"{}", "application/json", Cache_Control=NO_STORE)
    answer = negotiated(asking(if_none_match="*"), response)
    assert answer.status == 200
    assert "ETag" not in answer.headers


def test_a_problem_says_in_the_language_asked_for_what_to_do_and_is_never_kept() -> None:
    response = problem(RequestError("meter_needed", known="a, b", members={"meters": ["a", "b"]}), "fr", Allow="GET")
    assert response.kind == "application/problem+json"
    assert (response.headers["Cache-Control"], response.headers["Allow"]) == (NO_STORE, "GET")
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "Question incorrecte",
        "status": 400,
        "detail": "Il y a plusieurs compteurs\u00a0: ajoutez le paramètre meter, parmi a, b.",
        "meters": ["a", "b"],
    }
    english = json.loads(problem(RequestError("no_address"), "en").body)
    assert english == {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing at this address.",
    }


@pytest.mark.parametrize(
    ("query", "configured", "accepted", "language"),
    [
        ("lang=en", "fr", "fr", "en"),
        ("by=day&lang=fr&n=1", None, "en", "fr"),
        ("lang=de", None, "en", "en"),
        ("xlang=en", None, "", "fr"),
        ("", None, "de-DE,en-GB;q=0.8,fr;q=0.5", "en"),
        ("", "fr", "en", "fr"),
        ("", None, "", "fr"),
    ],
)
def test_the_language_is_that_of_the_address_of_the_configuration_or_of_the_browser(
    query: str, configured: str | None, accepted: str, language: str
) -> None:
    request = Request(method="GET", path="/", query=query, headers={"accept-language": accepted})
    assert language_for(request, configured) == language


@pytest.mark.parametrize(
    ("ancestors", "framing"),
    [
        ((), "'self'"),
        (("http://ha.local:8123", "https://home.example.org"), "'self' http://ha.local:8123 https://home.example.org"),
    ],
)
def test_nothing_comes_from_elsewhere_and_only_our_pages_and_the_configured_ones_frame_ours(
    ancestors: tuple[str, ...], framing: str
) -> None:
    headers = security_headers(ancestors)
    parts = (part.strip().partition(" ") for part in headers["Content-Security-Policy"].split(";"))
    policy = {name: sources for name, _, sources in parts}
    assert policy["default-src"] == policy["form-action"] == policy["base-uri"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert policy["frame-ancestors"] == framing
    # Older browsers would refuse what the policy allows.
    assert headers.get("X-Frame-Options") == (None if ancestors else "SAMEORIGIN")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_the_script_within_the_page_is_the_only_one_that_the_policy_allows() -> None:
    scripts = re.findall(r"<script>(.*?)</script>", (PAGE / "index.html").read_text(encoding="utf-8"), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    (allowed,) = re.findall(r"script-src ([^;]+);", security_headers(())["Content-Security-Policy"])
    assert allowed.split() == ["'self'", *(f"'sha256-{one}'" for one in hashes)]
    assert len(scripts) == 1


def test_json_has_no_numbers_that_json_does_not_know() -> None:
    assert json_bytes({"é": [1, None]}) == '{"é":[1,null]}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        json_bytes(float("nan"))


def test_headers_are_added_to_those_that_are_there() -> None:
    response = Response(headers={"Allow": "GET"}).having(Retry_After="5")
    assert response.headers == {"Allow": "GET", "Retry-After": "5"}
