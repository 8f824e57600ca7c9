"""`/mcp`: messages of the protocol over HTTP, and an installation without the SDK."""

import asyncio
import json
import sys
from typing import Any

import pytest

from monitor.base.request_errors import RequestError
from monitor.mcp.page import McpPage
from monitor.mcp.tools import TOOLS
from monitor.web.http import Request, Response
from tests.monitor.mcp.test_tools import Answering
from tests.monitor.web.site import sending

HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def ask(page: McpPage, body: bytes, **headers: str) -> Response:
    request = Request(method="POST", path="/mcp", headers=HEADERS | headers, receive=sending(body))
    return asyncio.run(page.respond(request, "token 1"))


def message(method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


def test_tools_are_listed_without_a_session_in_an_answer_of_json() -> None:
    answer = ask(McpPage(Answering(Response())), message("tools/list"))
    assert (answer.status, answer.kind, answer.headers["Cache-Control"]) == (200, "application/json", "no-store")
    listed = json.loads(answer.body)["result"]["tools"]
    assert [one["name"] for one in listed] == [one.name for one in TOOLS]
    assert all(one["annotations"]["readOnlyHint"] for one in listed)
    assert not [name for name in answer.headers if name.lower() == "mcp-session-id"]


def test_a_tool_is_called_in_the_name_of_the_program() -> None:
    answering = Answering(Response(body=b'{"wh":12}'))
    answer = ask(McpPage(answering), message("tools/call", name="energy", arguments={"by": "month"}))
    result = json.loads(answer.body)["result"]
    assert (result["structuredContent"], json.loads(result["content"][0]["text"])) == ({"wh": 12}, {"wh": 12})
    assert answering.asked == [("energy", "by=month", "en", "token 1")]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"jsonrpc":"2.0"}', b"\xff", b"null"])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    assert ask(McpPage(Answering(Response())), body).status == 400


def test_a_method_that_only_others_have_is_refused() -> None:
    answer = json.loads(ask(McpPage(Answering(Response())), message("resources/list")).body)
    assert answer["error"]["code"] == -32601


def test_a_long_message_is_not_read() -> None:
    with pytest.raises(RequestError) as refused:
        ask(McpPage(Answering(Response())), b" " * (64 * 1024 + 1))
    assert refused.value.status == 413


def test_without_the_sdk_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "monitor.mcp.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(RequestError) as refused:
        ask(McpPage(Answering(Response())), message("tools/list"))
    assert refused.value.status == 501
    assert "install 'mcp>=2.3,<3'" in refused.value.text("fr")
