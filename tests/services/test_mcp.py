"""What a language model is told, by the SDK's own client: of a real program over stdin, and of the page over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from common.contract.source_minutes import SourceMinute
from common.database.mariadb import Database
from tests.services.test_monitor import Browser, Monitor
from tests.support.passwords import lock
from tests.support.past import make_past
from tests.support.programs import ENVIRONMENT, command_line
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.sources import write_source
from tests.support.storing import query

PARIS = ZoneInfo("Europe/Paris")
BEGIN = datetime(2026, 10, 20, 22, tzinfo=UTC)  # Wednesday 21 October 2026, 00:00 in Paris
END = datetime(2026, 11, 4, 12, tzinfo=UTC)
FIRST, LAST = datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 10, 26, 23, tzinfo=UTC)
RANGE = {"from": "2026-10-24", "to": "2026-10-27"}  # three days, one of 25 hours
#: Of Tempo, all taxes included, since 1 August 2026: EUR a kWh, and a year of 9 kVA.
OFF_PEAK, PEAK = 0.1356, 0.1654
TOOLS = ["meters", "now", "energy", "cost", "why", "power", "compare_offers", "tempo", "devices", "alerts"]
OVERLOAD = {
    "kind": "overload", "meter": "", "key": "", "began": "2026-10-25T11:00:00.000000Z",
    "ended": "2026-10-25T11:12:00.000000Z", "figures": {"power": 9300, "limit": 9000, "seconds": 30},
}  # fmt: skip

Calling = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    tables = make_past(database, BEGIN, END)
    save_settings(tables, meters={address(tables): {"name": "Maison", "replaces": None}})
    write_source(
        tables,
        "chauffe-eau",
        "device",
        {FIRST + timedelta(hours=hour): SourceMinute(60, 100 * hour) for hour in range(73)},
    )
    return tables


def address(tables: Database) -> str:
    ((found,),) = query(tables, "SELECT identifier FROM meters")
    return str(found)


def sum_of(tables: Database, start: datetime = FIRST, end: datetime = LAST) -> int:
    ((found,),) = query(
        tables, f"SELECT SUM(drawn_wh) FROM hours WHERE hour >= '{start:%F %T}' AND hour < '{end:%F %T}'"
    )
    return int(found)


@pytest.fixture(scope="module")
def monitor(database: Server, tables: Database, tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Not started: its configuration is enough for the command."""
    folder = tmp_path_factory.mktemp("monitor")
    found = Monitor(database, folder, password_file=str(lock(folder / "password")))
    found.write_config()
    return found


@asynccontextmanager
async def over_stdin(monitor: Monitor) -> AsyncIterator[Client]:
    command, *arguments = command_line("monitor", "mcp", "--config", monitor.config)
    with (monitor.folder / "stderr").open("a") as errors:
        server = StdioServerParameters(command=command, args=arguments, env=dict(ENVIRONMENT))
        async with Client(stdio_client(server, errors)) as client:
            yield client


@asynccontextmanager
async def over_http(monitor: Monitor, token: str) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as web:
        page = f"http://127.0.0.1:{monitor.http_port}/mcp"
        async with Client(streamable_http_client(page, http_client=web)) as client:
            yield client


async def told(client: Client, tool: str, **arguments: Any) -> Any:
    """Return what a tool says; the client checks it against the tool's schema."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]
    assert len(result.content[0].text) < 6000  # type: ignore[union-attr]
    return result.structured_content


def run(opened: AbstractAsyncContextManager[Client], ask: Callable[[Client], Awaitable[None]]) -> None:
    async def asked() -> None:
        async with opened as client:
            await ask(client)

    asyncio.run(asked())


def test_each_tool_says_over_stdin_what_the_tables_hold(monitor: Monitor, tables: Database) -> None:
    async def ask(client: Client) -> None:
        assert [one.name for one in (await client.list_tools()).tools] == TOOLS
        (known,) = (await told(client, "meters"))["meters"]
        assert (known["meter"], known["known_since"], known["devices"]) == ("Maison", "2026-10-21", ["chauffe-eau"])

        now = await told(client, "now")
        ((minute, power),) = query(tables, "SELECT minute, power_mean FROM minutes ORDER BY minute DESC LIMIT 1")
        at = datetime.fromisoformat(now["at"])
        assert (at.replace(second=0).astimezone(UTC), at.utcoffset()) == (
            minute.replace(tzinfo=UTC),
            timedelta(hours=1),
        )
        assert (now["live"], now["power_va"]) == (False, round(power))
        assert now["period"] == "Blue, peak hours"

        energy = await told(client, "energy", **RANGE)
        assert [row["start"] for row in energy["rows"]] == ["2026-10-24", "2026-10-25", "2026-10-26"]
        assert sum(row["wh"] for row in energy["rows"]) == energy["total"]["wh"] == sum_of(tables)
        assert (energy["from"], energy["to"]) == ("2026-10-24T00:00:00+02:00", "2026-10-27T00:00:00+01:00")
        assert energy["periods"] == {"BBRHCJB": "Blue, off-peak hours", "BBRHPJB": "Blue, peak hours"}
        hours = await told(client, "energy", **{"by": "hour", "from": "2026-10-25", "to": "2026-10-26"})
        assert len(hours["rows"]) == 25

        bill = await told(client, "cost", **RANGE)
        off_peak, peak = bill["lines"]
        assert (off_peak["eur"], peak["eur"]) == (
            round(off_peak["wh"] * OFF_PEAK / 1000, 2),
            round(peak["wh"] * PEAK / 1000, 2),
        )
        assert off_peak["wh"] + peak["wh"] == sum_of(tables)
        assert abs(bill["energy_eur"] + bill["subscription_eur"] - bill["total_eur"]) < 0.011

        power_said = await told(client, "power", **RANGE, n=2)
        ((highest,),) = query(
            tables, f"SELECT MAX(power_max) FROM hours WHERE hour >= '{FIRST:%F %T}' AND hour < '{LAST:%F %T}'"
        )
        assert [len(power_said["peaks"]), power_said["peaks"][0]["va"]] == [2, highest]
        assert power_said["subscribed_va"] == 9000

        devices = await told(client, "devices", **RANGE)
        assert devices["devices"] == [
            {"name": "chauffe-eau", "wh": 7200, "eur": devices["devices"][0]["eur"], "power_w": None, "on": False}
        ]
        assert devices["rest_wh"] == sum_of(tables) - 7200

        ranking = await told(client, "compare_offers", **RANGE)
        (own,) = [one for one in ranking["offers"] if one["yours"]]
        assert (ranking["wh"], ranking["power_kva"], own["more_than_yours_eur"]) == (sum_of(tables), 9, 0)
        for one in ranking["offers"]:
            if one["total_eur"] is not None:
                assert abs(one["total_eur"] - own["total_eur"] - one["more_than_yours_eur"]) < 0.011
        ranks = [one["rank"] for one in ranking["offers"] if one["rank"] is not None]
        assert ranks == sorted(ranks)

        why = await told(client, "why", **{"from": "2026-10-30", "to": "2026-10-31"})
        assert (why["unexplained"], why["causes"]) == ("before", [])

        assert (await told(client, "tempo"))["chances"] == []
        today = datetime.now(PARIS).date()
        day = today + timedelta(days=4)
        start = datetime.combine(day, time(6), PARIS).astimezone(UTC)
        for colour, chance in (("red", 0.7), ("white", 0.3)):
            query(
                tables,
                "INSERT INTO outside (what, start, value, source)"
                f" VALUES ('tempo_{colour}', '{start:%F %T}', {chance}, 'forecast.example')",
            )
        tempo = await told(client, "tempo")
        if not today.month == 8 < day.month:  # a season ends with August
            assert tempo["chances"] == [{"day": f"{day}", "colour": "red", "chance": 0.7}]
            assert tempo["source_of_chances"] == "forecast.example"
        assert tempo["subscribed"] is True
        assert all(date.fromisoformat(day).weekday() < 6 for day in tempo["white_days"])  # never a Sunday

        alerts = await told(client, "alerts")
        assert (alerts["known"], alerts["active"], alerts["past"]) == (False, [], [])  # no monitor has run here

    run(over_stdin(monitor), ask)


def test_nothing_that_is_said_names_the_meter_by_its_address(monitor: Monitor, tables: Database) -> None:
    async def ask(client: Client) -> None:
        said = json.dumps([await told(client, name, **RANGE) for name in ("energy", "cost", "power", "devices")])
        said += json.dumps([await told(client, name) for name in ("meters", "now", "tempo")])
        refused = await client.call_tool("energy", {"meter": "Garage"})
        assert refused.is_error
        assert refused.content[0].text == "The meter 'Garage' is unknown; known meters: Maison."  # type: ignore[union-attr]
        assert address(tables) not in said
        assert address(tables)[-6:] not in said
        by_digits = await told(client, "energy", meter=address(tables)[-4:], **RANGE)
        assert by_digits["meter"] == "Maison"

    run(over_stdin(monitor), ask)


def test_over_http_a_token_of_the_page_asks_the_same_until_it_is_revoked(monitor: Monitor, tables: Database) -> None:
    with monitor:
        monitor.begin()
        browser = Browser(monitor.http_port)
        browser.post("/login", {"password": "correct horse"})
        json_body = {"Content-Type": "application/json"}
        made = browser.ask("POST", "/api/v1/access/tokens", b'{"name":"model"}', json_body).json
        maps = Path(f"/proc/{monitor.pid}/maps")
        assert "pydantic_core" not in maps.read_text()  # it is imported by who asks first

        async def ask(client: Client) -> None:
            assert [one.name for one in (await client.list_tools()).tools] == TOOLS
            energy = await told(client, "energy", **RANGE)
            assert energy["total"]["wh"] == sum_of(tables)
            assert (await told(client, "alerts"))["known"] is True
            assert (await told(client, "now"))["live"] is False
            bearer = {"Authorization": f"Bearer {made['token']}"}
            writing = Browser(monitor.http_port).ask(
                "POST", "/api/v1/requests", b'{"kind":"rebuild","arguments":{}}', json_body | bearer
            )
            assert writing.status == 401

        run(over_http(monitor, made["token"]), ask)
        asking = json_body | {
            "Accept": "application/json, text/event-stream",
            "Authorization": f"Bearer {made['token']}",
        }
        call = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"meters","arguments":{}}}'
        program = Browser(monitor.http_port)
        assert program.ask("POST", "/mcp", call, asking).json["result"]["structuredContent"]["meters"] != []
        assert browser.ask("DELETE", f"/api/v1/access/tokens/{made['id']}", None, {}).status == 200
        refused = program.ask("POST", "/mcp", call, asking)
        assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "pydantic_core" in maps.read_text()
        assert made["token"] not in monitor.text()


def test_a_database_that_is_away_is_a_sentence_and_the_program_goes_on(monitor: Monitor, tmp_path: Path) -> None:
    config = json.loads(monitor.config.read_text())
    file = tmp_path / "away.yaml"
    file.write_text(json.dumps(config | {"database": config["database"] | {"port": 1}}))

    async def ask(client: Client) -> None:
        for _ in range(2):
            refused = await client.call_tool("now", {})
            assert refused.is_error
            assert "database does not answer" in refused.content[0].text  # type: ignore[union-attr]

    command, *arguments = command_line("monitor", "mcp", "--config", file)

    async def asked() -> None:
        with (tmp_path / "stderr").open("w") as errors:
            server = StdioServerParameters(command=command, args=arguments, env=dict(ENVIRONMENT))
            async with Client(stdio_client(server, errors)) as client:
                await ask(client)

    asyncio.run(asked())
