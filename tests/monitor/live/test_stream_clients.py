"""Streams: the newest value for each client, whatever the others or its own client do."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable

import pytest

from monitor.base.request_errors import RequestError
from monitor.live.stream_clients import StreamClients

NEVER = 60.0  # seconds; a test that waits for it fails


async def soon(awaitable: Awaitable[bytes]) -> bytes:
    return await asyncio.wait_for(awaitable, 60)


def opened(clients: StreamClients, meter: str) -> AsyncGenerator[bytes, None]:
    return clients.open(meter).events()


def test_each_viewer_of_a_meter_gets_each_event_and_no_other() -> None:
    async def run() -> None:
        clients = StreamClients(ping_every=NEVER)
        streams = [opened(clients, meter) for meter in ("one", "one", "two")]
        for stream in streams:
            await soon(anext(stream))
        assert sorted(clients.meters) == ["one", "two"]
        await asyncio.to_thread(clients.publish, "one", "state", b"1")
        await asyncio.to_thread(clients.publish, "two", "state", b"2")
        assert [await soon(anext(stream)) for stream in streams] == [b"1", b"1", b"2"]
        for stream in streams:
            await stream.aclose()

    asyncio.run(run())


def test_a_slow_client_gets_the_newest_value_and_has_no_queue() -> None:
    async def run() -> None:
        clients = StreamClients(ping_every=NEVER)
        stream = opened(clients, "one")
        await soon(anext(stream))
        for number in range(10_000):
            clients.publish("one", "state", b"state %d;" % number)
            if number == 5000:
                clients.publish("one", "link", b"link;")
        assert await soon(anext(stream)) == b"state 9999;link;"
        clients.publish("one", "state", b"next")
        assert await soon(anext(stream)) == b"next"
        await stream.aclose()

    asyncio.run(run())


def test_a_ping_comes_while_nothing_happens() -> None:
    async def run() -> None:
        clients = StreamClients(ping_every=0.01)
        stream = opened(clients, "one")
        await soon(anext(stream))
        assert await soon(anext(stream)) == b": ping\n\n"
        assert await soon(anext(stream)) == b": ping\n\n"
        clients.publish("one", "state", b"1")
        while (found := await soon(anext(stream))) == b": ping\n\n":
            pass
        assert found == b"1"
        await stream.aclose()

    asyncio.run(run())


def test_only_so_many_are_opened_and_one_that_goes_makes_room() -> None:
    async def run() -> None:
        clients = StreamClients(limit=2, ping_every=NEVER)
        first, _ = clients.open("one"), clients.open("two")
        with pytest.raises(RequestError):
            clients.open("one")
        first.close()  # its client went before the first byte
        first.close()
        clients.open("two")

    asyncio.run(run())


def test_a_client_that_goes_while_it_waits_is_forgotten() -> None:
    async def run() -> None:
        clients = StreamClients(ping_every=NEVER)
        stream = opened(clients, "one")
        await soon(anext(stream))
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        assert len(clients) == 0
        clients.publish("one", "state", b"1")

    asyncio.run(run())


def test_the_end_of_the_monitor_ends_all_streams_and_opens_no_more() -> None:
    async def run() -> None:
        clients = StreamClients(ping_every=NEVER)
        streams = [opened(clients, "one") for _ in range(3)]
        for stream in streams:
            await soon(anext(stream))
        waiting = [asyncio.ensure_future(anext(stream, b"end")) for stream in streams]
        await asyncio.to_thread(clients.close)
        assert [await soon(one) for one in waiting] == [b"end"] * 3
        assert len(clients) == 0
        with pytest.raises(RequestError):
            clients.open("one")

    asyncio.run(run())


def test_a_loop_that_is_closed_does_not_stop_the_feed() -> None:
    clients = StreamClients()

    async def run() -> None:
        clients.open("one")

    asyncio.run(run())
    clients.publish("one", "state", b"1")
    clients.publish("one", "state", b"2")
    clients.close()
