# SPDX-License-Identifier: Apache-2.0
"""The asyncio client: the same operations, and nothing in a thread that could be used up."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings

import pytest

from fob_tokens import AsyncFleet, AsyncToken, NotFound, TimedOut, Unreachable


def test_the_fixtures(async_fob: AsyncFleet, async_token: AsyncToken) -> None:
    async def go() -> None:
        code = await async_token.code()
        assert code == await async_token.display()
        assert (await async_fob.oracle(async_token.serial, code, window=1)).would_pass
        port = await async_token.attach("tcp")
        assert (await port.unplug()).addr is None
        await async_token.detach()
        with pytest.raises(NotFound):
            await async_fob.token("nobody")

    asyncio.run(go())
    asyncio.run(go())  # in a loop of its own


def test_many_waits_at_once(async_token: AsyncToken) -> None:
    """Waits of threads would use up the threads of the loop, and the press would not come."""

    async def go() -> None:
        seq = (await async_token.state()).seq
        waits = [asyncio.ensure_future(async_token.wait(event="press", after_seq=seq)) for _ in range(100)]
        await asyncio.sleep(0)
        await async_token.press()
        assert len(await asyncio.gather(*waits)) == 100

    asyncio.run(go())


def test_a_wait_can_be_cancelled(async_token: AsyncToken) -> None:
    async def go() -> None:
        wait = asyncio.ensure_future(async_token.wait(event="press", real_timeout="1h"))
        await asyncio.sleep(0)
        wait.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wait
        assert (await async_token.state()).state == "LOCKED"
        with pytest.raises(TimedOut):
            await async_token.wait(event="press", real_timeout=0.01)

    asyncio.run(go())


def test_follow(async_fob: AsyncFleet, async_token: AsyncToken) -> None:
    async def go() -> None:
        seq = await async_fob.seq()
        followed = async_fob.follow(after_seq=seq, token=async_token.id, kinds=["skew"])
        await async_token.skew("3s")
        async for event in followed:
            assert event.value == 3000
            break

    asyncio.run(go())


def test_a_fleet_of_its_own() -> None:
    async def go() -> None:
        async with await AsyncFleet.start(clock="real") as fob:
            token = await fob.new()
            assert len(await token.code()) == 6
            followed = fob.follow()
            assert (await followed.__anext__()).event == "made"
            ended = asyncio.ensure_future(fob.close())
            assert [e async for e in followed] is not None  # it ends
            await ended
        with pytest.raises(Unreachable, match="the fleet has ended: it was closed"):
            await token.code()

    asyncio.run(go())


def test_no_thread_is_left(async_fob: AsyncFleet) -> None:
    before = threading.active_count()

    async def go() -> None:
        assert len(await asyncio.gather(*[async_fob.now() for _ in range(50)])) == 50

    asyncio.run(go())
    assert threading.active_count() == before


def test_nothing_outlives_the_loop(async_fob: AsyncFleet) -> None:
    """A connection that is left would warn in a later test."""

    async def go() -> None:
        await asyncio.gather(*[async_fob.now() for _ in range(5)])
        async for _ in async_fob.follow():
            break
        wait = asyncio.ensure_future((await async_fob.new()).wait(event="press"))
        await asyncio.sleep(0.01)
        wait.cancel()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(go())
        gc.collect()
    assert [str(w.message) for w in caught] == []
