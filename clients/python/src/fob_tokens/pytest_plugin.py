# SPDX-License-Identifier: Apache-2.0
"""The plugin for pytest: fixtures for a fleet and a token, and what a failed test needs.

README.md describes its options.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import Any, NoReturn, Optional

import pytest

from . import AsyncFleet, AsyncToken, Fleet, FobError, Token
from ._report import Attachments

CLOCKS = "manual, real or scaled:N"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fob", "hardware tokens with one-time passwords")
    group.addoption(
        "--fob-device", action="append", metavar="ADDR", default=[],
        help="run the tests on the token at the serial port ADDR, such as /dev/ttyACM0 (once per token; default: "
        "those in FOB_DEVICE, separated by spaces)",
    )
    group.addoption(
        "--fob-world-seed", metavar="N",
        help="seed of everything random: repeats the tokens of another run (default: FOB_WORLD_SEED, or random)",
    )
    group.addoption("--fob-clock", metavar="MODE", help=f"clock of the world: {CLOCKS} (default: the ini value)")
    group.addoption(
        "--fob-artifacts", metavar="DIR",
        help="folder for the event logs and displays of failed tests (default: pytest's temporary folder)",
    )
    parser.addini("fob_clock", f"clock of the world: {CLOCKS}", default="manual")
    parser.addini("fob_at", "time at which the world's clock begins, as in RFC 3339", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "fob_token(**options): make the test's token with these options of Fleet.new, such as ppm=-3.8"
    )
    config.pluginmanager.register(_Plugin(config), "fob-session")


class _Plugin:
    """The fleet of a session, and the reports of tests that have used it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._fleet: Optional[Fleet] = None
        self._world_seed = ""
        self._opened = 0  # the number of the newest event when the fleet was opened
        self._before: dict[str, int] = {}  # by test: the number of the newest event

    def fleet(self) -> Fleet:
        """Opens the fleet, and reads its world seed, which a report needs if the fleet ends."""
        fleet = self._open()
        try:
            self._world_seed = fleet.world_seed()
            self._opened = fleet.seq()
        except BaseException:
            fleet.close()
            raise
        self._fleet = fleet
        return fleet

    def _open(self) -> Fleet:
        """Opens the fleet of this process: with pytest-xdist, each worker has its own."""
        option = self._config.getoption
        addresses = option("--fob-device") or os.environ.get("FOB_DEVICE", "").split()
        world_seed = option("--fob-world-seed")
        if addresses and option("--fob-clock"):
            raise ValueError("--fob-clock and --fob-device: hardware has the real clock: leave out --fob-clock")
        if addresses:
            return Fleet.on_cable(*self._share(addresses), world_seed=world_seed, unsupported=_skip)
        if os.environ.get("FOB_URL"):
            for name in ("--fob-world-seed", "--fob-clock"):
                if option(name):
                    raise ValueError(
                        f"{name} and FOB_URL: the fleet at FOB_URL runs already: "
                        f"give {name[5:]} to the command that starts it, or unset FOB_URL"
                    )
            return Fleet.connect()
        return Fleet.start(
            clock=option("--fob-clock") or self._config.getini("fob_clock"),
            at=self._config.getini("fob_at") or None,
            world_seed=world_seed,
        )

    def _repeatable(self, fleet: Fleet) -> bool:
        """Reports whether --fob-world-seed makes the same tokens again. Under pytest-xdist, the
        tests of a worker differ from run to run."""
        return not hasattr(self._config, "workerinput") and _started(fleet)

    def _share(self, addresses: list[str]) -> list[str]:
        """Returns the tokens on cables of this process: the workers of pytest-xdist share them out."""
        worker: dict[str, Any] = getattr(self._config, "workerinput", {})
        if not worker:
            return addresses
        count, index = int(worker["workercount"]), int(str(worker["workerid"]).lstrip("gw"))
        share = addresses[index::count]
        if not share:
            pytest.skip(f"{len(addresses)} tokens on cables for {count} workers: use -n {len(addresses)}")
        return share

    @pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        if self._fleet is not None:
            self._fleet._home.used.clear()
            self._note(item, self._fleet)
        yield

    def _note(self, item: pytest.Item, fleet: Fleet) -> None:
        try:
            self._before[item.nodeid] = fleet.seq()
        except Exception:
            pass  # the test will say so, and its report has the events since the fleet was opened

    @pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        outcome: Any = yield
        report: pytest.TestReport = outcome.get_result()
        uses_fleet = "fob" in getattr(item, "fixturenames", ())
        if report.failed and uses_fleet and self._fleet is not None:
            seq = self._before.get(item.nodeid, self._opened)
            try:
                repeatable = self._repeatable(self._fleet)
                Attachments(self._fleet, self._world_seed, seq, repeatable).attach(item, report, self._config)
            except Exception as error:  # it must not hide the failure of the test
                report.sections.append(("fob", f"not complete: {type(error).__name__}: {error}"))
        if report.when == "teardown":
            self._before.pop(item.nodeid, None)


def _started(fleet: Fleet) -> bool:
    """Reports whether the tokens come from the world seed of this run."""
    return fleet.hardware or fleet._home.process is not None


def _skip(what: str) -> NoReturn:
    pytest.skip(f"{what}: the hardware cannot do that")


@pytest.fixture(scope="session")
def fob(request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """The fleet of the session: the one at FOB_URL, or one that the plugin starts and ends."""
    plugin: Any = request.config.pluginmanager.getplugin("fob-session")
    try:
        fleet: Fleet = plugin.fleet()
    except (FobError, ValueError) as error:
        problem: Optional[str] = str(error)
    else:
        problem = None
    if problem is not None:  # not inside the except clause: the report would show both
        pytest.fail(problem, pytrace=False)
    yield fleet
    fleet.close()


@pytest.fixture
def token(fob: Fleet, request: pytest.FixtureRequest) -> Iterator[Token]:
    """A new token, provisioned and locked, which is removed after the test. The marker
    fob_token gives it options of Fleet.new."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("fob_token"))):
        if marker.args:
            pytest.fail(
                f"the marker fob_token has an argument without a name ({marker.args[0]!r}): "
                'write it as in fob_token(profile="button-6")',
                pytrace=False,
            )
        options.update(marker.kwargs)
    made = fob.new(**options)
    yield made
    try:
        made.remove()
    except FobError:
        pass  # the test has removed it, or the fleet has ended


@pytest.fixture
def async_fob(fob: Fleet) -> AsyncFleet:
    """The fleet of the session, for asyncio."""
    return fob.aio


@pytest.fixture
def async_token(token: Token) -> AsyncToken:
    """A new token, for asyncio."""
    return token.aio
