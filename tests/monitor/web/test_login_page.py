import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from monitor.web.login_page import login_page, read_form, safe_next


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("reason", ["", "wrong", "wait", "elsewhere", "unreadable", "far"])
@pytest.mark.parametrize("by_code", [False, True])
def test_the_page_has_no_inline_script_or_style_and_nothing_from_elsewhere(
    language: str, reason: str, *, by_code: bool
) -> None:
    text = login_page(language, "jour/2026-11-25", 401, reason, by_code=by_code).body.decode()
    assert f'<html lang="{language}">' in text
    assert "{" not in text
    for tag, attributes in Tags(text).tags:
        assert tag != "style"
        assert tag != "script" or (by_code and attributes == {"src": "login.js", "defer": None})
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("href", "src", "action"):
            assert not re.match(r"\w+:|/", attributes.get(name) or "")


@pytest.mark.parametrize("by_code", [False, True])
def test_each_field_has_a_label_and_a_mistake_is_announced(*, by_code: bool) -> None:
    tags = Tags(login_page("fr", "", 401, "wrong", by_code=by_code).body.decode()).tags
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    shown = {a.get("id") for tag, a in tags if tag == "input" and a.get("type") != "hidden"}
    assert labelled == shown == {"password"}
    assert [tag for tag, attributes in tags if attributes.get("role") == "alert"] == ["p"]


def test_the_address_to_go_to_afterwards_cannot_leave_its_field() -> None:
    tags = Tags(login_page("fr", '"><script>alert(1)</script>').body.decode()).tags
    assert "script" not in [tag for tag, _ in tags]


def test_a_form_is_read() -> None:
    form = urlencode({"password": "clé & co", "next": "jour/2026-11-25?t=07:10..07:25"}).encode()
    assert read_form(form) == ("clé & co", "jour/2026-11-25?t=07:10..07:25")


@pytest.mark.parametrize("body", [b"", b"\xff", b"password=%ff", b"&".join(b"a=1" for _ in range(50))])
def test_a_form_that_is_none_has_no_password(body: bytes) -> None:
    assert read_form(body) == ("", "")


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "https://evil.example", "/etc", "../x", "a/../../x", "javascript:alert(1)//", "a\nb",
     "\\\\evil.example", "login", "logout", "x" * 400, "%2e%2e/otherapp", "%252e%252e/otherapp", "%2f%2fevil.example"],
)  # fmt: skip
def test_after_the_login_nobody_is_led_elsewhere(address: str) -> None:
    assert safe_next(address) == ""
