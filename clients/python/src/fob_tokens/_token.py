# SPDX-License-Identifier: Apache-2.0
"""A token of a fleet."""

from __future__ import annotations

import base64
from collections.abc import Generator, Sequence
from typing import Any, Generic, Literal, Optional, TypeVar
from urllib.parse import parse_qs, urlsplit

from ._events import event_pages
from ._operation import Answer, Request, Steps, operation
from ._port import PortOperations
from ._values import Period, decode, period, seconds
from .api import Display, Event, Faults, Forecast, PortState, Reading, TokenState, Verdict

Por = TypeVar("Por", bound=PortOperations)

#: seconds for which a code stays valid at least, if a test does not ask for more or less
MIN_REMAINING = 10


class TokenOperations(Generic[Por]):
    """A token.

    id is its hardware id, serial its serial number ("" for a blank token), and model its
    kind, such as "always-on-6" or "button-8".
    """

    def __init__(self, id: str, serial: str, model: str) -> None:
        self.id = id
        self.serial = serial
        self.model = model

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.serial or self.id}>"

    def _port(self, state: PortState) -> Por:
        raise NotImplementedError

    def _request(self, operation: str, **more: Any) -> Request:
        return Request(operation, path={"token": self.id}, **more)

    def _changed(self, operation: str, **more: Any) -> Generator[Request, Answer, TokenState]:
        state = (yield self._request(operation, **more)).read(TokenState)
        self.serial = state.serial or ""
        return state

    @operation
    def code(
        self,
        *,
        min_remaining: Period = MIN_REMAINING,
        fresh: bool = False,
        read_only: bool = False,
        real_timeout: Optional[Period] = None,
    ) -> Steps[str]:
        """Returns the code on the display, which is never about to expire: it stays valid
        for min_remaining. A token with a button is pressed if necessary.

        fresh asks for a code that was not returned as fresh before, for a server that
        accepts each code once. If the code of a later step is needed, a manual clock is
        advanced to that step; otherwise the answer waits. With read_only, no button is
        pressed and no clock is advanced.
        """
        return (yield from self._reading(min_remaining, fresh, read_only, real_timeout)).code

    @operation
    def reading(
        self,
        *,
        min_remaining: Period = 0,
        fresh: bool = False,
        read_only: bool = False,
        real_timeout: Optional[Period] = None,
    ) -> Steps[Reading]:
        """Returns a code with its step, both clocks, and the end of its validity."""
        return (yield from self._reading(min_remaining, fresh, read_only, real_timeout))

    def _reading(
        self, min_remaining: Period, fresh: bool, read_only: bool, real_timeout: Optional[Period]
    ) -> Generator[Request, Answer, Reading]:
        query = {
            "min_remaining": period(min_remaining),
            "fresh": fresh or None,
            "read_only": read_only or None,
            "real_timeout": period(real_timeout),
        }
        held = 120 if real_timeout is None else seconds(real_timeout)
        return (yield self._request("code", query=query, held=held)).read(Reading)

    @operation
    def press(self, hold: Optional[Period] = None) -> Steps[TokenState]:
        """Clicks the button, or holds it down for a time of the world."""
        return (yield from self._changed("press", body={"hold": period(hold)}))

    @operation
    def display(self) -> Steps[str]:
        """Returns the readable text on the display, one character for each position."""
        answer = yield self._request("display")
        return answer.read(Display).text

    @operation
    def look(self) -> Steps[Display]:
        """Returns the display segment by segment."""
        return (yield self._request("display")).read(Display)

    @operation
    def png(self) -> Steps[bytes]:
        """Returns a picture of the display as PNG."""
        return (yield self._request("display", accept="image/png")).body

    @operation
    def svg(self) -> Steps[str]:
        """Returns a picture of the display as SVG."""
        return (yield self._request("display", accept="image/svg+xml")).body.decode()

    @operation
    def state(self) -> Steps[TokenState]:
        """Returns everything about the token at one instant: its state, such as "LOCKED",
        both clocks, battery, crystal and faults."""
        return (yield from self._changed("get-token"))

    @operation
    def wait(
        self,
        *,
        display: Optional[str] = None,
        state: Optional[str] = None,
        event: Optional[str] = None,
        after_seq: Optional[int] = None,
        advance: bool = False,
        timeout: Optional[Period] = None,
        real_timeout: Optional[Period] = None,
    ) -> Steps[TokenState]:
        """Waits until everything given holds at one time: display matches a regular
        expression, the state is reached, an event has happened after after_seq.

        The fleet holds the answer; nothing is polled. advance moves a manual clock to that
        instant. Give a timeout with it: a condition that never holds moves the clock of all
        tests to its end, in 2261. timeout is in the world's time, real_timeout by the
        machine's clock (one minute by default). TimedOut is raised if either is over.
        """
        query = {
            "display": display,
            "state": state,
            "event": event,
            "after_seq": after_seq,
            "advance": advance or None,
            "timeout": period(timeout),
            "real_timeout": period(real_timeout),
        }
        held = 60 if real_timeout is None else seconds(real_timeout)
        return (yield from self._changed("wait", query=query, held=held))

    @operation
    def age(self, by: Period, celsius: Optional[float] = None) -> Steps[TokenState]:
        """Makes the token older, at a temperature (25 °C by default). The world's clock
        stands still: use it for a server whose clock the test cannot set."""
        return (yield from self._changed("age", body={"by": period(by), "celsius": celsius}))

    @operation
    def forecast(self, by: Period, *, celsius: Optional[float] = None, points: Optional[int] = None) -> Steps[Forecast]:
        """Returns what age would change, without changing the token."""
        query = {"by": period(by), "celsius": celsius, "points": points}
        return (yield self._request("forecast", query=query)).read(Forecast)

    @operation
    def skew(self, by: Period) -> Steps[TokenState]:
        """Moves the token's clock, forwards or backwards."""
        return (yield from self._changed("skew", body={"by": period(by)}))

    @operation
    def temperature(self, celsius: float) -> Steps[TokenState]:
        """Changes the temperature around the token."""
        return (yield from self._changed("temperature", body={"celsius": celsius}))

    @operation
    def crystal(self, ppm: float) -> Steps[TokenState]:
        """Changes the error of the crystal at 25 °C."""
        return (yield from self._changed("crystal", body={"ppm": ppm}))

    @operation
    def change(self, *, celsius: Optional[float] = None, ppm: Optional[float] = None) -> Steps[TokenState]:
        """Changes temperature and crystal at once."""
        return (yield from self._changed("change-token", body={"celsius": celsius, "ppm": ppm}))

    @operation
    def battery(self, do: Literal["remove", "insert", "replace"]) -> Steps[TokenState]:
        """Removes, inserts or replaces the battery."""
        return (yield from self._changed("battery", body={"do": do}))

    @operation
    def drop(self) -> Steps[TokenState]:
        """Lets the token fall, which changes its crystal."""
        return (yield from self._changed("drop"))

    @operation
    def faults(self) -> Steps[Faults]:
        """Returns the faults of the token."""
        return (yield self._request("get-faults")).read(Faults)

    @operation
    def set_faults(
        self,
        *,
        dead: Sequence[str] = (),
        ghost: Sequence[str] = (),
        flash_fail: bool = False,
        power_cut_at: Optional[int] = None,
    ) -> Steps[TokenState]:
        """Replaces all faults of the token. dead and ghost are segments, such as "d0.g" for
        segment g of the leftmost digit. power_cut_at cuts the power in the n-th flash
        operation from now."""
        body = Faults(dead=list(dead), ghost=list(ghost), flash_fail=flash_fail, power_cut_at=power_cut_at)
        return (yield from self._changed("set-faults", body=body))

    @operation
    def clear_faults(self) -> Steps[TokenState]:
        """Mends the token."""
        return (yield from self._changed("clear-faults"))

    @operation
    def oracle(self, code: str, *, window: int = 0, search: Optional[int] = None) -> Steps[Verdict]:
        """Finds the time step of a code. would_pass of the verdict is true if a server with
        correct time and a window of that many steps each way would find the code."""
        body = {"token": self.id, "code": code, "window": window, "search": search}
        return (yield Request("oracle", body=body)).read(Verdict)

    @operation
    def events(
        self, *, after_seq: int = 0, kinds: Sequence[str] = (), limit: Optional[int] = None
    ) -> Steps[list[Event]]:
        """Returns what happened to the token, oldest first. Events have no seeds and no codes."""
        return (yield from event_pages(after_seq, self.id, kinds, limit))

    @operation
    def attach(self, kind: Literal["pty", "tcp", "rfc2217"] = "pty", *, port: Optional[int] = None) -> Steps[Por]:
        """Gives the token a serial port."""
        return self._port((yield self._request("attach", body={"as": kind, "port": port})).read(PortState))

    @operation
    def ports(self) -> Steps[list[Por]]:
        """Returns the serial ports of the token."""
        return (yield from self._ports())

    def _ports(self) -> Generator[Request, Answer, list[Por]]:
        items = (yield self._request("list-ports")).json()["items"]
        return [self._port(decode(PortState, item)) for item in items]

    def _each_port(self, operation: str, plugged: Optional[bool] = None) -> Generator[Request, Answer, None]:
        for port in (yield from self._ports()):
            if plugged is None or plugged == bool(port.addr):
                yield port._request(operation, body={} if operation == "replug" else None)

    @operation
    def unplug(self) -> Steps[None]:
        """Pulls the cables of all ports out."""
        yield from self._each_port("unplug", plugged=True)

    @operation
    def replug(self) -> Steps[None]:
        """Plugs the cables of all ports in again."""
        yield from self._each_port("replug", plugged=False)

    @operation
    def detach(self) -> Steps[None]:
        """Removes all ports of the token."""
        yield from self._each_port("detach")

    @operation
    def qr(self) -> Steps[str]:
        """Returns the seed as a QR code for an authenticator app, as SVG. The fleet must
        allow the export of seeds."""
        return (yield self._request("qr", accept="image/svg+xml")).body.decode()

    @operation
    def otpauth(self) -> Steps[str]:
        """Returns the seed as an otpauth URI, for the server under test. The fleet must
        allow the export of seeds."""
        return (yield from self._otpauth())

    @operation
    def seed(self) -> Steps[bytes]:
        """Returns the seed. The fleet must allow the export of seeds."""
        secret = parse_qs(urlsplit((yield from self._otpauth())).query)["secret"][0]
        return base64.b32decode(secret + "=" * (-len(secret) % 8))

    def _otpauth(self) -> Generator[Request, Answer, str]:
        query = {"token": self.id, "format": "otpauth"}
        return (yield Request("export", query=query, accept="*/*")).body.decode().strip()

    @operation
    def remove(self) -> Steps[None]:
        """Removes the token from the fleet."""
        yield self._request("remove-token")
