import asyncio
import threading

import pytest

from monitor.web.workers import (
    LONGEST_WAIT,
    MOST_AT_ONCE,
    MOST_WAITING_EACH,
    Busy,
    SingleFlight,
    Turns,
    Workers,
)


def test_an_error_comes_back_and_the_thread_goes_on() -> None:
    async def main() -> int:
        workers = Workers(1, 10)
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 // 0)
        return await workers.run(lambda: 7)

    assert asyncio.run(main()) == 7


def test_what_has_waited_for_too_long_is_no_longer_done() -> None:
    now, done = [0.0], []

    async def main() -> None:
        workers, busy, go_on = Workers(1, 10, lambda: now[0]), threading.Event(), threading.Event()

        def work() -> None:
            busy.set()
            go_on.wait(60)

        first = asyncio.ensure_future(workers.run(work))
        await asyncio.to_thread(busy.wait, 10)
        late = asyncio.ensure_future(workers.run(lambda: done.append(1)))
        await asyncio.sleep(0)
        now[0] = LONGEST_WAIT + 1
        go_on.set()
        with pytest.raises(Busy):
            await late
        await first
        await workers.run(lambda: done.append(2))

    asyncio.run(main())
    assert done == [2]


def test_one_who_no_longer_waits_disturbs_nobody() -> None:
    async def main() -> int:
        workers, busy, go_on = Workers(1, 10), threading.Event(), threading.Event()

        def work() -> None:
            busy.set()
            go_on.wait(60)

        impatient = asyncio.ensure_future(workers.run(work))
        await asyncio.to_thread(busy.wait, 10)
        impatient.cancel()
        go_on.set()
        return await workers.run(lambda: 7)

    assert asyncio.run(main()) == 7


def test_a_client_with_many_questions_leaves_a_thread_to_the_others() -> None:
    async def ask() -> list[str]:
        turns, gate, begun = Turns(), asyncio.Event(), []

        async def question(client: str) -> None:
            async with turns.turn(client):
                begun.append(client)
                await gate.wait()

        many = [asyncio.ensure_future(question("many")) for _ in range(MOST_AT_ONCE + MOST_WAITING_EACH)]
        await asyncio.sleep(0)
        one = asyncio.ensure_future(question("one"))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            async with turns.turn("many"):
                pass
        first = list(begun)
        gate.set()
        await asyncio.gather(*many, one)
        assert len(begun) == MOST_AT_ONCE + MOST_WAITING_EACH + 1
        assert not turns._clients
        return first

    assert asyncio.run(ask()) == ["many"] * MOST_AT_ONCE + ["one"]


def test_those_who_ask_the_same_share_one_computation() -> None:
    async def main() -> None:
        flights: SingleFlight[int] = SingleFlight()
        go_on, computed = asyncio.Event(), []

        async def compute() -> int:
            computed.append(1)
            await go_on.wait()
            return 7

        asking = [asyncio.ensure_future(flights.run("key", compute)) for _ in range(5)]
        other = asyncio.ensure_future(flights.run("another key", compute))
        await asyncio.sleep(0)
        asking[0].cancel()  # the one who began it goes away
        go_on.set()
        assert await asyncio.gather(*asking[1:], other) == [7] * 5
        assert len(computed) == 2
        await flights.run("key", compute)
        assert len(computed) == 3  # nothing is kept

    asyncio.run(main())


def test_an_error_reaches_all_and_is_not_kept() -> None:
    async def main() -> None:
        flights: SingleFlight[int] = SingleFlight()

        async def fail() -> int:
            await asyncio.sleep(0)
            raise ValueError("no")

        async def succeed() -> int:
            return 7

        results = await asyncio.gather(*(flights.run("key", fail) for _ in range(2)), return_exceptions=True)
        assert [type(result) for result in results] == [ValueError, ValueError]
        assert await flights.run("key", succeed) == 7
        with pytest.raises(ValueError, match="no"):
            await flights.run("key", fail)

    asyncio.run(main())
