import asyncio

import pytest

from monitor.server.turns import MOST, MOST_WAITING, Turns
from monitor.server.workers import Busy


def test_a_client_with_many_questions_leaves_a_thread_to_the_others() -> None:
    async def ask() -> list[str]:
        turns, gate, begun = Turns(), asyncio.Event(), []

        async def question(client: str) -> None:
            async with turns.turn(client):
                begun.append(client)
                await gate.wait()

        many = [asyncio.ensure_future(question("many")) for _ in range(MOST + MOST_WAITING)]
        await asyncio.sleep(0)
        one = asyncio.ensure_future(question("one"))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            async with turns.turn("many"):
                pass
        first = list(begun)
        gate.set()
        await asyncio.gather(*many, one)
        assert len(begun) == MOST + MOST_WAITING + 1
        assert not turns._clients
        return first

    assert asyncio.run(ask()) == ["many"] * MOST + ["one"]
