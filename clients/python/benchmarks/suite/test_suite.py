# SPDX-License-Identifier: Apache-2.0
"""A suite as users write it. It is repeated a thousand times, to find a test that fails
only now and then."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from fob_tokens import AsyncToken, Fleet, TimedOut, Token


def test_code(fob: Fleet, token: Token) -> None:
    fob.advance(55)
    reading = token.reading(min_remaining=10)
    assert reading.left_ms >= 10_000
    assert token.oracle(reading.code, window=1).would_pass


def test_fresh(token: Token) -> None:
    steps = [token.reading(fresh=True).step for _ in range(3)]
    assert len(set(steps)) == 3


@pytest.mark.fob_token(profile="button-6")
def test_button(fob: Fleet, token: Token) -> None:
    assert token.display().strip() == ""
    token.press()
    assert token.display() == token.code(min_remaining=0)
    token.wait(display="^ *$", advance=True, timeout="PT10M")
    assert token.png()


@pytest.mark.fob_token(crystal="perfect", ppm=-3.8, expiry="2199-12-31")
def test_aged(token: Token) -> None:
    token.age("P5Y")
    assert token.oracle(token.code(), window=2).offset == -10


@pytest.mark.fob_token(expiry="2199-12-31")
def test_advance(fob: Fleet, token: Token) -> None:
    before = fob.now()
    assert (fob.advance("P1D").now - before).days == 1
    assert token.code() == token.display()


def test_wait(token: Token) -> None:
    with ThreadPoolExecutor() as pool:
        seq = token.state().seq
        wait = pool.submit(token.wait, event="press", after_seq=seq)
        token.press()
        assert wait.result().hardware_id == token.id
    with pytest.raises(TimedOut):
        token.wait(state="BLANK", timeout="PT1S", advance=True)


def test_asyncio(async_token: AsyncToken) -> None:
    async def go() -> None:
        seq = (await async_token.state()).seq
        waits = [asyncio.ensure_future(async_token.wait(event="press", after_seq=seq)) for _ in range(5)]
        await async_token.press()
        assert len(await asyncio.gather(*waits)) == 5

    asyncio.run(go())


def test_port(token: Token) -> None:
    port = token.attach("tcp")
    port.unplug()
    assert port.replug().addr
    token.detach()


def test_snapshot(fob: Fleet, token: Token) -> None:
    fob.snapshot(token.serial, tokens=[token.id])
    token.skew("1h")
    fob.restore(token.serial)
    assert abs(token.state().error_ms or 0) < 60_000
    fob.drop_snapshot(token.serial)
