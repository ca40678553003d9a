# SPDX-License-Identifier: Apache-2.0
"""The connections to a fleet, for the blocking and for the asyncio client."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any, Callable, Optional, TypeVar

from . import errors
from ._codec import LINE, MAX_LINE, Address, Closed, EventLines, Head, Reader, encode, judge, read_body, read_chunk, read_head
from ._operation import Answer, Request
from .api import OPERATIONS

T = TypeVar("T")

#: seconds for a connection, and for an answer beyond the time for which the fleet may hold it
PATIENCE = 600.0
_REPEATABLE = {"GET", "PUT", "DELETE"}


def _tls(address: Address) -> Optional[ssl.SSLContext]:
    if not address.tls:
        return None
    try:
        return ssl.create_default_context(cafile=address.cacert)
    except OSError as error:  # an ssl.SSLError is one as well
        raise errors.Unreachable(f"reading the certificates in FOB_CACERT: {error}: want a PEM file") from error


class _Base:
    """What both transports have in common."""

    def __init__(self, address: Address, ended: Callable[[], Optional[str]] = lambda: None) -> None:
        self.address = address
        self._tls = _tls(address)
        self._ended = ended  # how the fleet ended, if this process has started it

    def _unreachable(self, error: BaseException) -> errors.Unreachable:
        how = self._ended()
        if how is not None:
            return errors.Unreachable(f"the fleet has ended: {how}")
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        return errors.Unreachable(
            f"the fleet at {self.address.url} does not answer: {reason}: is fob run still running there?"
        )

    @staticmethod
    def _limit(request: Request) -> Optional[float]:
        return None if request.held is None else PATIENCE + request.held


class _Connection:
    """A connection of the blocking transport."""

    def __init__(self, address: Address, tls: Optional[ssl.SSLContext]) -> None:
        self.sock: socket.socket = socket.create_connection((address.host, address.port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock, server_hostname=address.host)
        self.file = self.sock.makefile("rb")

    def read(self, reader: Reader[T]) -> T:
        try:
            wanted = next(reader)
            while True:
                wanted = reader.send(self.file.readline(MAX_LINE) if wanted == LINE else self.file.read(wanted))
        except StopIteration as end:
            result: T = end.value
            return result

    def stale(self) -> bool:
        """Reports whether the fleet has closed the connection: an idle one has nothing to read."""
        if hasattr(select, "poll"):  # select fails if 1,024 files are open
            poll = select.poll()
            poll.register(self.sock, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([self.sock], [], [], 0)[0])

    def close(self) -> None:
        self.file.close()
        self.sock.close()


class Transport(_Base):
    """Sends requests of the blocking client. Threads may share it."""

    _idle: list[_Connection]

    def __init__(self, address: Address, ended: Callable[[], Optional[str]] = lambda: None) -> None:
        super().__init__(address, ended)
        self._idle = []

    def exchange(self, request: Request) -> Answer:
        """Sends a request and returns its answer."""
        for again in (True, False):
            reused = False
            c: Optional[_Connection] = None
            try:
                c, reused = self._connect()
                c.sock.settimeout(self._limit(request))
                c.sock.sendall(encode(request, self.address))
                head = c.read(read_head())
                body = c.read(read_body(head, request.limit))
            except (OSError, Closed, UnicodeError) as error:
                if c is not None:
                    c.close()
                if again and reused and OPERATIONS[request.operation][0] in _REPEATABLE:
                    continue
                raise self._unreachable(error) from None
            except BaseException:
                if c is not None:
                    c.close()
                raise
            if head.last:
                c.close()
            else:
                self._idle.append(c)
            return judge(head, body, self.address)
        raise AssertionError("not reached")

    def stream(self, request: Request) -> Iterator[Any]:
        """Yields the events of a stream until the fleet ends."""
        try:
            c = _Connection(self.address, self._tls)
        except (OSError, UnicodeError) as error:
            raise self._unreachable(error) from None
        try:
            c.sock.settimeout(None)
            c.sock.sendall(encode(request, self.address))
            head = c.read(read_head())
            _check_stream(head, c.read(read_body(head)) if head.status >= 300 else b"", self.address)
            lines = EventLines()
            while not lines.ended:
                yield from lines.feed(c.read(read_chunk()))
        except (OSError, Closed, UnicodeError) as error:
            raise self._unreachable(error) from None
        finally:
            c.close()

    def _connect(self) -> tuple[_Connection, bool]:
        while self._idle:
            c = self._idle.pop()
            if not c.stale():
                return c, True
            c.close()
        return _Connection(self.address, self._tls), False

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


def _check_stream(head: Head, body: bytes, address: Address) -> None:
    if head.status >= 300:
        judge(head, body, address)


class _AsyncConnection:
    """A connection of the asyncio transport."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def read(self, reader: Reader[T]) -> T:
        try:
            wanted = next(reader)
            while True:
                wanted = reader.send(await self._bytes(wanted))
        except StopIteration as end:
            result: T = end.value
            return result

    async def _bytes(self, wanted: int) -> bytes:
        if wanted == LINE:
            try:
                return await self.reader.readline()
            except ValueError:  # it is longer than MAX_LINE
                raise Closed("the headers of the answer are not HTTP") from None
        try:
            return await self.reader.readexactly(wanted)
        except asyncio.IncompleteReadError as error:
            return error.partial

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass  # closed by the fleet


class AsyncTransport(_Base):
    """Sends requests of the asyncio client, each over a connection of its own: a connection
    that is kept would outlive its event loop, which a test often ends."""

    async def exchange(self, request: Request) -> Answer:
        """Sends a request and returns its answer."""
        try:
            head, body = await asyncio.wait_for(self._answer(request), self._limit(request))
        except (OSError, Closed, UnicodeError, asyncio.TimeoutError) as error:
            raise self._unreachable(error) from None
        return judge(head, body, self.address)

    async def _answer(self, request: Request) -> tuple[Head, bytes]:
        c = await self._open()
        try:
            c.writer.write(encode(request, self.address))
            await c.writer.drain()
            head = await c.read(read_head())
            return head, await c.read(read_body(head, request.limit))
        finally:
            await c.close()

    async def stream(self, request: Request) -> AsyncIterator[Any]:
        """Yields the events of a stream until the fleet ends."""
        try:
            c = await self._open()
        except (OSError, UnicodeError) as error:
            raise self._unreachable(error) from None
        try:
            c.writer.write(encode(request, self.address))
            head = await c.read(read_head())
            _check_stream(head, await c.read(read_body(head)) if head.status >= 300 else b"", self.address)
            lines = EventLines()
            while not lines.ended:
                for found in lines.feed(await c.read(read_chunk())):
                    yield found
        except (OSError, Closed, UnicodeError) as error:
            raise self._unreachable(error) from None
        finally:
            await c.close()

    async def _open(self) -> _AsyncConnection:
        reader, writer = await asyncio.open_connection(
            self.address.host, self.address.port, ssl=self._tls, limit=MAX_LINE
        )
        return _AsyncConnection(reader, writer)
