"""The page in Home Assistant's side bar: through Ingress, from inside and outside of the house, and for nobody else."""

import json
import re
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.app.fake_supervisor import COOKIE, INGRESS_PATH
from tests.app.house import APP, NABU_CASA, OTHER_APP, SUPERVISOR, docker
from tests.app.metered import MeteredApp
from tests.support.meters import METER

FOREIGN = "/api/hassio_ingress/of-another-app"


def events(stream: HTTPResponse) -> Iterator[tuple[str, Any]]:
    """Yield name and data of the events of a stream."""
    name = ""
    for line in stream:
        field, _, value = line.decode().strip().partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


@pytest.mark.parametrize("host", [NABU_CASA, "home.example.org", "homeassistant.local:8123", "192.168.1.20:8123"])
def test_the_page_opens_without_a_password_under_any_name_of_the_house(metered: MeteredApp, host: str) -> None:
    status, headers, text = metered.get(Host=host, Origin=f"https://{host}")
    assert (status, "<!doctype html>" in text) == (200, True)
    assert "Set-Cookie" not in headers


def test_all_that_the_page_loads_is_below_its_path(metered: MeteredApp) -> None:
    _, _, page = metered.get()
    base = urljoin(f"{INGRESS_PATH}/", re.findall(r'<base [^>]*href="([^"]*)"', page)[0])
    links = re.findall(r'<(?:script|link)\b[^>]* (?:src|href)="([^"]+)"', page)
    paths = {urljoin(base, link) for link in links if not link.startswith("data:")}
    assert len(paths) >= 3
    for path in paths:
        assert path.startswith(f"{INGRESS_PATH}/")
        assert metered.get(path.removeprefix(f"{INGRESS_PATH}/"))[0] == 200, path


def test_text_is_read_as_utf_8_without_a_charset_in_the_header(metered: MeteredApp) -> None:
    _, headers, page = metered.get()
    assert headers["Content-Type"] == "text/html"
    assert '<meta charset="utf-8">' in page


def test_live_values_arrive_at_once(metered: MeteredApp) -> None:
    delays = []
    with metered.open(f"api/v1/live/stream?meter={METER}", Accept="text/event-stream") as stream:
        assert stream.getheader("Content-Type") == "text/event-stream"
        for name, data in events(stream):
            if name == "state" and data["fresh"]:
                arrived = time.monotonic()
                delays.append(arrived - dict(metered.meter.sent)[data["power"]])
            if len(delays) == 4:
                break
    # The first is what was known already; a proxy that waits for more would make seconds of it.
    assert max(delays[1:]) < 1.0, delays


def test_a_session_that_has_run_out_is_refused_before_the_app(metered: MeteredApp) -> None:
    live = f"api/v1/live?meter={METER}"
    status, headers, _ = metered.get(live, Cookie=f"{COOKIE}=of-yesterday")
    assert (status, headers.get_content_type()) == (401, "text/plain")
    assert metered.get(live)[0] == 200


def test_another_app_is_refused_whatever_it_says(metered: MeteredApp) -> None:
    claims = {"X-Ingress-Path": FOREIGN, "X-Remote-User-Id": "a1b2", "X-Forwarded-For": SUPERVISOR}
    script = f"""
import http.client
for path in ("/", "/api/v1/live", "/health"):
    for headers in ({{}}, {claims}):
        connection = http.client.HTTPConnection("{APP}", 8099, timeout=10)
        connection.request("GET", path, headers=headers)
        print(connection.getresponse().status)
"""
    assert from_another_app(metered, script).split() == ["403"] * 6


def test_the_path_of_another_app_is_not_followed(metered: MeteredApp) -> None:
    """In the local network, where the page asks for a password."""
    script = f"""
import http.client
connection = http.client.HTTPConnection("{APP}", 8080, timeout=10)
connection.request("GET", "/", headers={{"X-Ingress-Path": "{FOREIGN}", "Accept": "text/html"}})
answer = connection.getresponse()
print(answer.status, answer.getheaders(), answer.read().decode())
connection.request("GET", "/api/v1/live", headers={{"X-Ingress-Path": "{FOREIGN}"}})
print(connection.getresponse().status)
"""
    output = from_another_app(metered, script)
    assert FOREIGN not in output
    assert (output.split()[0], output.split()[-1]) == ("303", "401")


def from_another_app(app: MeteredApp, script: str) -> str:
    """Run a script in a container that has the address of another app."""
    own = ("--rm", "--name", f"{app.house.prefix}-other", "--network", app.house.prefix, "--ip", OTHER_APP)
    return docker("run", *own, "python:3.13-slim", "python", "-c", script).stdout.decode()
