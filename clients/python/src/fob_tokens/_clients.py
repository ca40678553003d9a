# SPDX-License-Identifier: Apache-2.0
"""The blocking and the asyncio client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, Callable, NoReturn, Optional, TypeVar

from ._codec import Address, Key, Url
from ._device import DeviceTransport
from ._events import event_request
from ._fleet import FleetOperations
from ._operation import Answer, Awaiting, Blocking, Request, Steps, run, run_async, strange
from ._port import AsyncPort, Port
from ._start import Process
from ._token import TokenOperations
from ._transport import AsyncTransport, Transport
from ._values import Instant, decode_object, instant
from .api import Event, PortState, TokenState
from .errors import NotStarted, Unsupported

T = TypeVar("T")


class _Home:
    """Where the tokens are: a fleet, or cables."""

    def __init__(
        self,
        address: Optional[Address] = None,
        process: Optional[Process] = None,
        device: Optional[DeviceTransport] = None,
    ) -> None:
        self.address = address
        self.process = process
        self.device = device
        self.used: dict[str, tuple[str, str]] = {}  # serial number and model by hardware id, the last used last
        ended: Callable[[], Optional[str]] = process.ended if process else lambda: None
        self.blocking = Transport(address, ended) if address else None
        self.awaiting = AsyncTransport(address, ended) if address else None

    @classmethod
    def connect(cls, url: Optional[str], api_key: Optional[str], cacert: Optional[str]) -> _Home:
        key_from = "api_key" if api_key else "FOB_API_KEY"
        url = Url(url or os.environ.get("FOB_URL", ""))
        api_key = Key(api_key or os.environ.get("FOB_API_KEY", ""))
        cacert = cacert or os.environ.get("FOB_CACERT") or None
        if not url:
            raise ValueError("no fleet is given: set FOB_URL to the address in the ready line of fob run")
        if not api_key:
            raise ValueError("no API key is given: set FOB_API_KEY to the key in the ready line of fob run")
        return cls(Address(url, api_key, cacert, key_from))

    @classmethod
    def start(
        cls,
        clock: str,
        at: Optional[Instant],
        world_seed: Optional[str],
        allow_seed_export: bool,
        arguments: Sequence[str],
    ) -> _Home:
        line = ["--count", "0", "--ready", "--ports", "lazy", "--clock", clock]
        if at is not None:
            line += ["--at", instant(at) or ""]
        world_seed = world_seed or os.environ.get("FOB_WORLD_SEED")
        if world_seed:
            line += ["--world-seed", str(world_seed)]
        if allow_seed_export:
            line += ["--allow-seed-export"]
        process = Process([*line, *arguments])
        try:
            if not process.ready.get("url") or not process.ready.get("api_key"):
                raise NotStarted("starting fob: its ready line has no url and no api_key: leave out --http off")
            url, api_key = Url(process.ready["url"]), Key(process.ready["api_key"])
            return cls(Address(url, api_key, os.environ.get("FOB_CACERT") or None, "the ready line"), process)
        except BaseException:
            process.close()
            raise

    def use(self, token: TokenOperations[Any]) -> None:
        """Notes that an operation of a token begins."""
        self.used.pop(token.id, None)
        self.used[token.id] = token.serial, token.model

    def close(self) -> None:
        if self.blocking:
            self.blocking.close()
        if self.process:
            self.process.close()


def _event(value: Any) -> Event:
    try:
        return decode_object(Event, value)
    except Exception as error:
        raise strange("events", error) from None


def _state_to_names(state: TokenState) -> tuple[str, str, str]:
    return state.hardware_id, state.serial or "", state.model


class Token(TokenOperations[Port], Blocking):
    __doc__ = TokenOperations.__doc__

    def __init__(self, fleet: Fleet, id: str, serial: str, model: str) -> None:
        super().__init__(id, serial, model)
        self.fleet = fleet

    def _run(self, steps: Steps[T]) -> T:
        __tracebackhide__ = True
        self.fleet._home.use(self)
        return self.fleet._run(steps)

    def _port(self, state: PortState) -> Port:
        return Port(self.fleet, state)

    @property
    def aio(self) -> AsyncToken:
        """The same token for asyncio."""
        return AsyncToken(self.fleet.aio, self.id, self.serial, self.model)


class AsyncToken(TokenOperations[AsyncPort], Awaiting):
    __doc__ = TokenOperations.__doc__

    def __init__(self, fleet: AsyncFleet, id: str, serial: str, model: str) -> None:
        super().__init__(id, serial, model)
        self.fleet = fleet

    def _run(self, steps: Steps[T]) -> Coroutine[Any, Any, T]:
        self.fleet._home.use(self)
        return self.fleet._run(steps)

    def _port(self, state: PortState) -> AsyncPort:
        return AsyncPort(self.fleet, state)


class Fleet(FleetOperations[Token], Blocking):
    __doc__ = FleetOperations.__doc__

    def __init__(self, home: _Home) -> None:
        """Use open, start, connect or on_cable."""
        self._home = home

    @classmethod
    def open(cls) -> Fleet:
        """Uses the fleet at FOB_URL, with the key in FOB_API_KEY, or starts one."""
        return cls.connect() if os.environ.get("FOB_URL") else cls.start()

    @classmethod
    def connect(
        cls, url: Optional[str] = None, api_key: Optional[str] = None, *, cacert: Optional[str] = None
    ) -> Fleet:
        """Uses a fleet that runs. Its address, key and certificate authority are in FOB_URL,
        FOB_API_KEY and FOB_CACERT if they are not given."""
        url, api_key = Url(url or ""), Key(api_key or "")  # a traceback shows arguments
        return cls(_Home.connect(url, api_key, cacert))

    @classmethod
    def start(
        cls,
        *,
        clock: str = "manual",
        at: Optional[Instant] = None,
        world_seed: Optional[str] = None,
        allow_seed_export: bool = True,
        arguments: Sequence[str] = (),
    ) -> Fleet:
        """Starts an empty fleet, which close ends.

        clock is "manual" (it stands still until a test moves it), "real" or "scaled:60". A
        manual clock begins at 2026-01-01T00:00:00Z, and another one now; at is another
        time. world_seed repeats the tokens of another run; it may come from
        FOB_WORLD_SEED. arguments are more arguments for fob run.
        """
        return cls(_Home.start(clock, at, world_seed, allow_seed_export, arguments))

    @classmethod
    def on_cable(
        cls, *addresses: str, world_seed: Optional[str] = None, unsupported: Optional[Callable[[str], NoReturn]] = None
    ) -> Fleet:
        """Uses tokens on cables instead of a fleet. new wipes and provisions one of them, but
        only if it is blank or has a serial number for test tokens. unsupported is called
        for operations that hardware lacks; by default they raise Unsupported."""
        return cls(_Home(device=DeviceTransport(addresses, world_seed, unsupported or _unsupported)))

    def __repr__(self) -> str:
        return f"<Fleet {self.url or 'on cables'}>"

    def _run(self, steps: Steps[T]) -> T:
        __tracebackhide__ = True
        if self._home.device:
            return run(steps, self._home.device.exchange)
        assert self._home.blocking is not None
        return run(steps, self._home.blocking.exchange)

    def _token(self, state: TokenState, made: bool = False) -> Token:
        token = Token(self, *_state_to_names(state))
        if made:
            self._home.use(token)
        return token

    @property
    def url(self) -> str:
        """The address of the fleet's API, "" for tokens on cables."""
        return str(self._home.address.url) if self._home.address else ""

    @property
    def api_key(self) -> str:
        """The key of the fleet's API, "" for tokens on cables."""
        return str(self._home.address.api_key) if self._home.address else ""

    @property
    def hardware(self) -> bool:
        """Whether the tokens are on cables."""
        return self._home.device is not None

    @property
    def aio(self) -> AsyncFleet:
        """The same fleet for asyncio."""
        return AsyncFleet(self._home)

    def follow(self, *, after_seq: int = 0, token: Optional[str] = None, kinds: Sequence[str] = ()) -> Iterator[Event]:
        """Yields events as they happen, from the first after after_seq, until the fleet ends."""
        if self._home.blocking is None:
            _unsupported("follow")
        request = event_request(after_seq, token, kinds, None, "text/event-stream")
        for value in self._home.blocking.stream(request):
            yield _event(value)

    def close(self) -> None:
        """Closes the connections, and ends a fleet that start has started."""
        self._home.close()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


class AsyncFleet(FleetOperations[AsyncToken], Awaiting):
    __doc__ = FleetOperations.__doc__

    def __init__(self, home: _Home) -> None:
        """Use open, start or connect, or the property aio of a Fleet."""
        self._home = home

    @classmethod
    async def open(cls) -> AsyncFleet:
        """Uses the fleet at FOB_URL, with the key in FOB_API_KEY, or starts one."""
        return cls.connect() if os.environ.get("FOB_URL") else await cls.start()

    @classmethod
    def connect(
        cls, url: Optional[str] = None, api_key: Optional[str] = None, *, cacert: Optional[str] = None
    ) -> AsyncFleet:
        """Uses a fleet that runs, as Fleet.connect does."""
        url, api_key = Url(url or ""), Key(api_key or "")  # a traceback shows arguments
        return cls(_Home.connect(url, api_key, cacert))

    @classmethod
    async def start(
        cls,
        *,
        clock: str = "manual",
        at: Optional[Instant] = None,
        world_seed: Optional[str] = None,
        allow_seed_export: bool = True,
        arguments: Sequence[str] = (),
    ) -> AsyncFleet:
        """Starts an empty fleet, as Fleet.start does."""
        loop = asyncio.get_running_loop()
        start = (_Home.start, clock, at, world_seed, allow_seed_export, arguments)
        return cls(await loop.run_in_executor(None, *start))

    def __repr__(self) -> str:
        return f"<AsyncFleet {self._home.address.url if self._home.address else 'on cables'}>"

    def _run(self, steps: Steps[T]) -> Coroutine[Any, Any, T]:
        return run_async(steps, self._exchange)

    async def _exchange(self, request: Request) -> Answer:
        if self._home.device:
            return await asyncio.get_running_loop().run_in_executor(None, self._home.device.exchange, request)
        assert self._home.awaiting is not None
        return await self._home.awaiting.exchange(request)

    def _token(self, state: TokenState, made: bool = False) -> AsyncToken:
        token = AsyncToken(self, *_state_to_names(state))
        if made:
            self._home.use(token)
        return token

    async def follow(
        self, *, after_seq: int = 0, token: Optional[str] = None, kinds: Sequence[str] = ()
    ) -> AsyncIterator[Event]:
        """Yields events as they happen, from the first after after_seq, until the fleet ends."""
        if self._home.awaiting is None:
            _unsupported("follow")
        request = event_request(after_seq, token, kinds, None, "text/event-stream")
        async for value in self._home.awaiting.stream(request):
            yield _event(value)

    async def close(self) -> None:
        """Closes the connections, and ends a fleet that start has started."""
        await asyncio.get_running_loop().run_in_executor(None, self._home.close)

    async def __aenter__(self) -> AsyncFleet:
        return self

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()


def _unsupported(what: str) -> NoReturn:
    raise Unsupported(f"{what}: a token on a cable cannot do that")
