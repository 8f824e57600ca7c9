"""What .env and a monitor.yaml of commit 61720cba say of the household is in the page's settings after an update."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.compose.stack import PAGE_PASSWORD, Stack
from tests.compose.test_page import enter
from tests.support.programs import wait_until

METER = "031961123456"
#: `deploy/compose/monitor.yaml` of that commit, with what its documents say to add.
MONITOR = f"""\
# The monitor's configuration in its container; compose.yaml sets the variables.
listen:
  host: 0.0.0.0  # of the container: only its networks reach it, and the port that compose.yaml opens
  prefix: ${{MONITOR_PREFIX}}
  trusted: ${{MONITOR_TRUSTED}}
password_file: /run/teleinfo/page-password
frame_ancestors: ${{MONITOR_FRAME_ANCESTORS}}
mqtt:
  host: ${{MQTT_HOST}}
  port: ${{MQTT_PORT}}
  username: ${{MQTT_USER}}
  password_file: /run/teleinfo/mqtt-password
  tls: ${{MQTT_CA}}
database:
  host: ${{DATABASE_HOST}}
  port: ${{DATABASE_PORT}}
  name: ${{DATABASE_NAME}}
  user: ${{DATABASE_USER}}
  password_file: /run/teleinfo/database-password
time_zone: ${{TZ}}
language: ${{MONITOR_LANGUAGE}}
prices: ${{MONITOR_PRICES}}
heartbeat: /tmp/heartbeat
log: {{format: "${{LOG_FORMAT}}"}}
metrics: {{host: 0.0.0.0, port: "${{METRICS_PORT}}"}}  # of the container: only its networks reach it
contracts:
  - {{meter: "{METER}", from: 2025-09-01, offer: mine, power: 9}}
meters: {{"{METER}": {{name: Maison, replaces: "021861999999"}}}}
notes: [{{at: 2026-10-03, text: Spa}}]
alerts: {{to: ["json://127.0.0.1:9/secret"], budget: 120}}
"""
PRICES = "offers: [{id: mine, rows: [{from: 2025-08-01, kwh: {BASE: 0.1780}, subscription: {9: 19.10}}]}]\n"
OVERRIDE = "services: {monitor: {volumes: ['./monitor.yaml:/etc/teleinfo/monitor.yaml:ro']}}\n"
FORMER = {
    "SOURCES": '[{name: roof, kind: production, topic: sources/roof, power: ""}]',
    "RETENTION_FRAMES": "24 months",
    "RETENTION_MINUTES": "10 years",
    "MONITOR_PRICES": "./prices.yaml",
}
FILES = {"monitor.yaml": MONITOR, "prices.yaml": PRICES, "compose.override.yaml": OVERRIDE}


@pytest.fixture(scope="module")
def updated(stack: Stack) -> Iterator[Stack]:
    """The stack, as if it had been of that commit before: its files, and the rights that its account had."""
    for name, text in FILES.items():
        (stack.root / name).write_text(text)
        (stack.root / name).chmod(0o644)
    stack.files.append("compose.override.yaml")
    stack.compose("stop", "monitor")
    stack.sql("REVOKE ALL, GRANT OPTION FROM 'teleinfo-monitor'@'%'")
    stack.sql("GRANT SELECT, SHOW VIEW ON teleinfodb.* TO 'teleinfo-monitor'@'%'")
    stack.sql("DELETE FROM settings")
    _move_password(stack, "/state/password", "/given/page-password")
    # An update starts the database anew, as another version of compose.yaml has another label.
    stack.up(DATABASE_BUFFER="65M", **FORMER)
    yield stack
    stack.files.remove("compose.override.yaml")
    for name in FORMER:
        del stack.env[name]
    stack.up()
    for name in FILES:
        (stack.root / name).unlink()


def _move_password(stack: Stack, source: str, target: str) -> None:
    """Put the hash of the page's password where set-up wrote it then."""
    volumes = ("-v", f"{stack.project}_monitor:/given", "-v", f"{stack.project}_monitor-state:/state")
    command = ["docker", "run", "--rm", "--network", "none", *volumes, "python:3.13-slim", "mv", source, target]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def test_the_password_that_set_up_had_made_stays_in_force(updated: Stack) -> None:
    assert enter(updated, PAGE_PASSWORD) != ""


def settings(stack: Stack) -> dict[str, Any]:
    """Return what the database has."""
    rows = stack.sql("SELECT section, HEX(value) FROM settings")
    return {name: json.loads(bytes.fromhex(value)) for name, value in rows}


def test_it_is_taken_over_and_the_page_is_served(updated: Stack) -> None:
    found = settings(updated)
    assert found["contracts"][0]["offer"] == "mine"
    assert found["meters"] == {METER: {"name": "Maison", "replaces": "021861999999"}}
    assert (found["notes"][0]["at"], found["notes"][0]["text"]) == ("2026-10-03", "Spa")
    assert found["prices"]["offers"][0]["id"] == "mine"
    assert [source["name"] for source in found["sources"]] == ["roof"]
    assert (found["retention"]["frames"], found["retention"]["minutes"]) == (24, 120)
    assert found["budget"]["euros"] == 120
    assert "secret" not in str(found)
    assert "secret" in updated.inside("monitor", "cat $(find /var/lib/teleinfo-monitor -type f)")
    assert (updated.root / "monitor.yaml").read_text() == MONITOR


def test_the_storer_takes_the_sources(updated: Stack) -> None:
    def listed() -> str:  # it fails while there are none
        return updated.inside("storer", "teleinfo-storer sources", check=False)

    wait_until(lambda: "roof" in listed(), 90, "the source")


def test_it_is_taken_over_once(updated: Stack) -> None:
    shorter = json.dumps(settings(updated)["retention"] | {"frames": 36})
    updated.sql(f"UPDATE settings SET value = '{shorter}', version = version + 1 WHERE section = 'retention'")
    updated.compose("restart", "monitor")
    updated.up()
    assert settings(updated)["retention"]["frames"] == 36
    assert re.search(r"\bMaison\b", updated.compose("run", "--rm", "-T", "monitor", "settings", "show"))
