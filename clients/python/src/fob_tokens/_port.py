# SPDX-License-Identifier: Apache-2.0
"""The serial port of a token."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Generator
from typing import Any, Optional, TypeVar

from ._operation import MAX_FILE, Answer, Awaiting, Blocking, Request, Steps, operation
from .api import Line, LineFaults, Messages, PortState, Replayed, WireLine

T = TypeVar("T")


class PortOperations:
    """A serial port of a token: addr is for fob device --port, and for pyserial if it is a
    pseudo-terminal (without the "pty:" before the path) or rfc2217.

    A port that is unplugged has no address until it is plugged in again.
    """

    def __init__(self, state: PortState) -> None:
        self.id = state.id
        self.addr = state.addr

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.addr or 'unplugged'}>"

    def _request(self, operation: str, **more: Any) -> Request:
        return Request(operation, path={"port": self.id}, **more)

    def _changed(self, operation: str, **more: Any) -> Generator[Request, Answer, PortState]:
        state = (yield self._request(operation, **more)).read(PortState)
        self.addr = state.addr
        return state

    @operation
    def state(self) -> Steps[PortState]:
        """Returns the port's address and faults."""
        return (yield from self._changed("get-port"))

    @operation
    def unplug(self) -> Steps[PortState]:
        """Pulls the cable out."""
        return (yield from self._changed("unplug"))

    @operation
    def replug(self, *, port: Optional[int] = None) -> Steps[PortState]:
        """Plugs the cable in again. A pseudo-terminal then has another path. port is
        another port number, for tcp and rfc2217."""
        return (yield from self._changed("replug", body={"port": port}))

    @operation
    def detach(self) -> Steps[None]:
        """Removes the port."""
        yield self._request("detach")

    @operation
    def faults(self) -> Steps[LineFaults]:
        """Returns the faults of the line."""
        return (yield self._request("get-line-faults")).read(LineFaults)

    @operation
    def set_faults(self, *, in_: Optional[Line] = None, out: Optional[Line] = None) -> Steps[PortState]:
        """Replaces all faults of the line, from the host to the token and from the token to
        the host."""
        return (yield from self._changed("set-line-faults", body=LineFaults(in_=in_, out=out)))

    @operation
    def clear_faults(self) -> Steps[PortState]:
        """Mends the line."""
        return (yield from self._changed("clear-line-faults"))

    @operation
    def record(self, on: bool = True) -> Steps[PortState]:
        """Begins a new recording of the wire, or ends it."""
        return (yield from self._changed("tap", body={"on": on}))

    @operation
    def wire(self) -> Steps[list[WireLine]]:
        """Returns the recorded bytes."""
        lines = (yield self._wire("jsonl")).body.splitlines()
        return [Answer(line).read(WireLine) for line in lines]

    @operation
    def messages(self, *, last: Optional[int] = None) -> Steps[Messages]:
        """Returns the recorded bytes as messages that people can read, without secrets."""
        return (yield self._wire("messages", last=last)).read(Messages)

    @operation
    def pcapng(self) -> Steps[bytes]:
        """Returns the recording as a file for Wireshark."""
        return (yield self._wire("pcapng")).body

    def _wire(self, format: str, **query: Any) -> Request:
        return self._request("wire", query={"format": format, **query}, accept="*/*", limit=MAX_FILE)

    @operation
    def replay(self, recording: list[WireLine]) -> Steps[Replayed]:
        """Sends the host's half of a recording to the token."""
        lines = [{"at": line.at.isoformat(), "from": line.from_, "hex": line.hex} for line in recording]
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        return (yield self._request("replay", body=body, content_type="application/x-ndjson")).read(Replayed)


class Port(PortOperations, Blocking):
    __doc__ = PortOperations.__doc__

    def __init__(self, fleet: Blocking, state: PortState) -> None:
        super().__init__(state)
        self._fleet = fleet

    def _run(self, steps: Steps[T]) -> T:
        __tracebackhide__ = True
        return self._fleet._run(steps)


class AsyncPort(PortOperations, Awaiting):
    __doc__ = PortOperations.__doc__

    def __init__(self, fleet: Awaiting, state: PortState) -> None:
        super().__init__(state)
        self._fleet = fleet

    def _run(self, steps: Steps[T]) -> Coroutine[Any, Any, T]:
        return self._fleet._run(steps)
