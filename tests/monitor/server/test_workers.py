import asyncio
import threading

import pytest

from monitor.server.workers import LONGEST_WAIT, Busy, Workers


def test_work_runs_in_another_thread_and_its_result_comes_back() -> None:
    async def main() -> str:
        return await Workers(1, 10).run(lambda: threading.current_thread().name)

    assert asyncio.run(main()) == "worker-0"


def test_an_error_comes_back_and_the_thread_goes_on() -> None:
    async def main() -> int:
        workers = Workers(1, 10)
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 // 0)
        return await workers.run(lambda: 7)

    assert asyncio.run(main()) == 7


def test_more_than_may_wait_is_refused_at_once() -> None:
    async def main() -> None:
        workers, busy, go_on = Workers(1, 2), threading.Event(), threading.Event()

        def work() -> None:
            busy.set()
            go_on.wait(60)

        first = asyncio.ensure_future(workers.run(work))
        await asyncio.to_thread(busy.wait, 10)
        waiting = [asyncio.ensure_future(workers.run(int)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await workers.run(int)
        go_on.set()
        assert await asyncio.gather(*waiting) == [0, 0]
        await first

    asyncio.run(main())


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
