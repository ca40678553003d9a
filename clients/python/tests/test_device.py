# SPDX-License-Identifier: Apache-2.0
"""The same tests on hardware: a virtual token, which another process reaches over a
pseudo-terminal only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Callable

import pytest

from fob_tokens import Fleet, FobError, NotFound, Unsupported
from fob_tokens._start import Process


class Cable:
    """A token behind a serial line, blank at the beginning."""

    def __init__(self, *arguments: str) -> None:
        self.process = Process(["--profile", "button-6", "--http", "off", *arguments])
        self.ports: list[str] = [t["port"] for t in self.process.ready["tokens"]]


@pytest.fixture
def cable() -> Iterator[Cable]:
    c = Cable()
    yield c
    c.process.close()


@pytest.fixture
def production() -> Iterator[Cable]:
    c = Cable("--no-rig")
    yield c
    c.process.close()


TESTS = """
    import asyncio, pytest

    def test_code(fob, token):
        assert fob.hardware
        code = token.code()
        verdict = token.oracle(code, window=1)
        assert verdict.found and verdict.would_pass
        assert token.state().state == "LOCKED" and token.serial.startswith("ZZFB")
        token.press()
        token.press("1s")

    def test_skew(token):
        token.skew(600)
        verdict = token.oracle(token.code(), window=1)
        assert 9 <= verdict.offset <= 11 and not verdict.would_pass

    def test_asyncio(async_token):
        assert len(asyncio.run(async_token.code())) == 6

    def test_age(token):
        token.age("P1Y")

    def test_advance(fob):
        fob.advance("P1D")

    @pytest.mark.fob_token(ppm=1)
    def test_crystal(token):
        pass

    def test_two_tokens(fob, token):
        fob.new()

    @pytest.mark.fob_token(profile="button-8")
    def test_profile(token):
        pass

    def test_asyncio_skips(async_token):
        asyncio.run(async_token.age("P1Y"))
"""


def test_the_same_tests_on_hardware(project: pytest.Pytester, cable: Cable) -> None:
    project.makepyfile(TESTS)
    result = project.runpytest_subprocess("-rs", f"--fob-device={cable.ports[0]}")
    result.assert_outcomes(passed=3, skipped=6)
    for what in (
        "age", "advance", "ppm", "one more token than --fob-device names", "profile button-8 on a token of model button-6",
    ):
        assert f"{what}: the hardware cannot do that" in result.stdout.str()


def test_a_failed_test_shows_what_was_done(project: pytest.Pytester, cable: Cable) -> None:
    project.makepyfile("def test_it(token):\n    assert not token.code()\n")
    result = project.runpytest_subprocess(f"--fob-device={cable.ports[0]}", "--fob-artifacts=out")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["world seed *", "display of ZZFB*: '[0-9]*'", "what was done to the hardware, oldest first:", "*provision*", "*code*"]
    )
    assert len(list(project.path.glob("out/*/display-*.png"))) == 1


def test_a_production_token_skips(project: pytest.Pytester, production: Cable) -> None:
    project.makepyfile("def test_it(token):\n    token.code()\n")
    result = project.runpytest_subprocess("-rs", f"--fob-device={production.ports[0]}")
    result.assert_outcomes(skipped=1)


def test_workers_share_out_the_tokens(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    c = Cable("--count", "2")
    project.makepyfile("def test_it(token):\n    assert token.state().ports\n    token.code()\n")
    try:
        devices = [f"--fob-device={port}" for port in c.ports]
        project.runpytest_subprocess("-n", "2", "--dist=each", *devices).assert_outcomes(passed=2)
        result = project.runpytest_subprocess("-n", "2", "--dist=each", "-rs", devices[0])
        result.assert_outcomes(passed=1, skipped=1)
    finally:
        c.process.close()


def test_a_token_in_use_is_left_alone(cable: Cable) -> None:
    with Fleet.on_cable(*cable.ports) as fob:
        first = fob.new()
        first.remove()
        second = fob.new()  # a test token may be wiped
        assert second.serial != first.serial or second.seed() != first.seed()
        second.remove()
    # A serial number as a vendor's.
    device = Fleet.on_cable(*cable.ports)._home.device
    assert device is not None
    device._fob(cable.ports[0], "wipe")
    device._fob(cable.ports[0], "provision", "--serial", "2600124800001", "--seed-file", "-", stdin=b"00" * 20)
    with pytest.raises(FobError, match="holds token 2600124800001, which is not a test token: fob device wipe erases"):
        Fleet.on_cable(*cable.ports).new()


def test_operations_on_a_cable(cable: Cable) -> None:
    with Fleet.on_cable(*cable.ports, world_seed="7") as fob:
        token = fob.new(expiry="2040-01-31")
        assert fob.token(token.serial).id == token.id == fob.tokens()[0].id
        assert token.state().expiry == "2040-01-31"
        code, again = token.code(), token.reading().code
        while code != again:  # a step may end between two readings
            code, again = again, token.reading().code
        assert token.display().strip() in (code, token.reading().code, "")  # dark after a while
        assert token.look().view.lit.digits != []
        assert token.code(min_remaining=1) != "" and token.code(fresh=True) != ""
        assert len(token.seed()) == 20 and token.serial in token.otpauth()
        assert token.serial in fob.export("pskc").decode()
        assert [p.addr for p in token.ports()] == cable.ports
        assert token.temperature(20).celsius != token.temperature(20).celsius  # NaN: it does not report it
        assert token.set_faults(power_cut_at=1000).state == "LOCKED"
        assert fob.time().mode == "real" and fob.world_seed() == "7"
        assert [e.event for e in fob.events(limit=2)] == ["info", "provision"]
        assert token.battery("replace").clock_set in (True, False)
        assert token.png().startswith(b"\x89PNG\r\n\x1a\n") and token.svg().startswith("<svg")
        unsupported: list[Callable[[], object]] = [
            token.drop,
            lambda: token.set_faults(dead=["d0.a"]),
            lambda: fob.snapshot("x"),
        ]
        for operation in unsupported:
            with pytest.raises(Unsupported, match="cannot do that"):
                operation()
        with pytest.raises(Unsupported):
            next(fob.follow())
        assert asyncio.run(fob.aio.world_seed()) == "7"
        token.remove()
        with pytest.raises(NotFound):
            token.state()


def test_a_blank_token(cable: Cable) -> None:
    with Fleet.on_cable(*cable.ports) as fob:
        token = fob.new(ready=False)
        assert token.serial == "" and token.state().state in ("BLANK", "WIPED")


def test_no_such_port(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(token):\n    token.code()\n")
    result = project.runpytest_subprocess("--fob-device=/nowhere/tty")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*/nowhere/tty*"])
