import asyncio

import pytest

from monitor.server.flights import SingleFlight


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
