# SPDX-License-Identifier: Apache-2.0
"""A fleet of tokens."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, Generic, Literal, Optional, TypeVar

from ._events import event_pages
from ._operation import MAX_FILE, Answer, Request, Steps, operation
from ._token import TokenOperations
from ._values import Day, Instant, Period, day, decode, instant, period
from .api import Capabilities, Clock, Event, EventPage, Health, Link, Snapshot, TokenState, Verdict

Tok = TypeVar("Tok", bound=TokenOperations[Any])
Tokens = Generator[Request, Answer, "list[TokenState]"]


class FleetOperations(Generic[Tok]):
    """A fleet of tokens, and the world in which they are."""

    def _token(self, state: TokenState, made: bool = False) -> Tok:
        raise NotImplementedError

    # Tokens

    @operation
    def new(
        self,
        *,
        profile: Optional[str] = None,
        ready: bool = True,
        name: Optional[str] = None,
        crystal: Optional[str] = None,
        ppm: Optional[float] = None,
        serial_kind: Optional[str] = None,
        expiry: Optional[Day] = None,
        age: Optional[Period] = None,
        age_temp: Optional[float] = None,
        temp: Optional[float] = None,
    ) -> Steps[Tok]:
        """Makes a token, provisioned and locked unless ready is False.

        profile is a kind of hardware ("always-on-6", "button-6" or "button-8"), ppm the
        error of its crystal at 25 °C (3.8 ppm is two minutes a year), expiry the last day
        of validity, age how old it is, age_temp the temperature at which it became old, and
        temp the temperature from now on.
        """
        lot = {
            "count": 1, "profile": profile, "ready": ready, "name": name, "crystal": crystal, "ppm": ppm,
            "serial_kind": serial_kind, "expiry": day(expiry), "age": period(age), "age_temp": age_temp, "temp": temp,
        }
        return self._token((yield from self._make(lot))[0], made=True)

    @operation
    def new_tokens(
        self,
        count: int,
        *,
        profile: Optional[str] = None,
        ready: bool = True,
        name: Optional[str] = None,
        crystal: Optional[str] = None,
        ppm: Optional[float] = None,
        serial_kind: Optional[str] = None,
        expiry: Optional[Day] = None,
        expiry_to: Optional[Day] = None,
        age: Optional[Period] = None,
        age_to: Optional[Period] = None,
        age_temp: Optional[float] = None,
        temp: Optional[float] = None,
    ) -> Steps[list[Tok]]:
        """Makes a lot of tokens, as new makes one. Between expiry and expiry_to, and between
        age and age_to, they differ."""
        lot = {
            "count": count, "profile": profile, "ready": ready, "name": name, "crystal": crystal, "ppm": ppm,
            "serial_kind": serial_kind, "expiry": day(expiry), "expiry_to": day(expiry_to), "age": period(age),
            "age_to": period(age_to), "age_temp": age_temp, "temp": temp,
        }
        return [self._token(state, made=True) for state in (yield from self._make(lot))]

    def _make(self, lot: dict[str, Any]) -> Tokens:
        answer = (yield Request("make-tokens", body=lot)).json()
        made = [decode(TokenState, item) for item in answer["items"]]
        if "next" in answer:  # the answer lists only the first of many
            made += yield from self._pages({"lot": made[0].lot, "after": answer["next"]})
        return made[: lot["count"]]

    @staticmethod
    def _pages(query: dict[str, Any]) -> Tokens:
        found: list[TokenState] = []
        while True:
            answer = (yield Request("list-tokens", query={"limit": 10_000, **query})).json()
            found += [decode(TokenState, item) for item in answer["items"]]
            if "next" not in answer:
                return found
            query = {**query, "after": answer["next"]}

    @operation
    def token(self, name: str) -> Steps[Tok]:
        """Returns the token with a serial number or a hardware id."""
        return self._token((yield Request("get-token", path={"token": name})).read(TokenState))

    @operation
    def tokens(
        self,
        *,
        state: Optional[str] = None,
        lot: Optional[str] = None,
        fault: Optional[str] = None,
        model: Optional[str] = None,
        serial: Optional[str] = None,
        find: Optional[str] = None,
        expires_before: Optional[Day] = None,
        battery_below: Optional[float] = None,
        error_above: Optional[Period] = None,
    ) -> Steps[list[Tok]]:
        """Returns all tokens that fit. serial is the beginning of the serial number, and
        find a part of it; fault is a kind of fault, or "any"; battery_below is a share of
        the capacity; error_above is how far the clock is off."""
        query = {
            "state": state, "lot": lot, "fault": fault, "model": model, "serial": serial, "find": find,
            "expires_before": day(expires_before), "battery_below": battery_below, "error_above": period(error_above),
        }
        return [self._token(state) for state in (yield from self._pages(query))]

    @operation
    def last(self, count: int, *, before: int = 2**32 - 1) -> Steps[list[Tok]]:
        """Returns the last tokens whose number in the fleet (tag) is smaller than before."""
        query = {"before": before, "limit": count}
        items = (yield Request("list-tokens", query=query)).json()["items"]
        return [self._token(decode(TokenState, item)) for item in items]

    @operation
    def find(self, text: str) -> Steps[list[Tok]]:
        """Returns the tokens whose serial number contains a text."""
        return [self._token(state) for state in (yield from self._pages({"find": text}))]

    @operation
    def codes(self) -> Steps[dict[str, str]]:
        """Returns the codes that all tokens show now, by hardware id. No button is pressed."""
        lines = (yield Request("all-codes", accept="*/*", limit=MAX_FILE)).body.splitlines()
        return {line["hardware_id"]: line["code"] for line in map(json.loads, lines)}

    # The world's clock

    @operation
    def time(self) -> Steps[Clock]:
        """Returns the world's clock."""
        return (yield Request("get-time")).read(Clock)

    @operation
    def now(self) -> Steps[datetime]:
        """Returns the world's time."""
        return (yield Request("get-time")).read(Clock).now

    @operation
    def advance(
        self,
        by: Optional[Period] = None,
        *,
        to: Optional[Instant] = None,
        until: Optional[Literal["next_step", "event"]] = None,
    ) -> Steps[Clock]:
        """Moves the world's clock by a period, to an instant, or until the next time step or
        the next event. Everything that lies in between happens."""
        body = {"by": period(by), "to": instant(to), "until": until}
        return (yield Request("advance", body=body, held=None)).read(Clock)

    @operation
    def set_time(
        self,
        *,
        mode: Optional[Literal["real", "scaled", "manual"]] = None,
        now: Optional[Instant] = None,
        paused: Optional[bool] = None,
        rate: Optional[float] = None,
    ) -> Steps[Clock]:
        """Changes the world's clock. The time does not jump when the mode changes."""
        return (yield self._clock(mode=mode, now=instant(now), paused=paused, rate=rate)).read(Clock)

    @operation
    def pause(self) -> Steps[Clock]:
        """Stops a real or scaled clock."""
        return (yield self._clock(paused=True)).read(Clock)

    @operation
    def resume(self) -> Steps[Clock]:
        """Lets a paused clock run again."""
        return (yield self._clock(paused=False)).read(Clock)

    @operation
    def speed(self, rate: float) -> Steps[Clock]:
        """Makes the clock run rate times as fast as the machine's."""
        return (yield self._clock(mode="scaled", rate=rate)).read(Clock)

    @staticmethod
    def _clock(**body: Any) -> Request:
        return Request("set-time", body=body, held=None)

    # Codes and events

    @operation
    def oracle(self, token: str, code: str, *, window: int = 0, search: Optional[int] = None) -> Steps[Verdict]:
        """Finds the time step of a code of a token, named by serial number or hardware id."""
        body = {"token": token, "code": code, "window": window, "search": search}
        return (yield Request("oracle", body=body)).read(Verdict)

    @operation
    def events(
        self, *, after_seq: int = 0, token: Optional[str] = None, kinds: Sequence[str] = (), limit: Optional[int] = None
    ) -> Steps[list[Event]]:
        """Returns the events after a number, oldest first. They have no seeds and no codes."""
        return (yield from event_pages(after_seq, token, kinds, limit))

    @operation
    def export(self, format: str = "pskc", *, token: Optional[str] = None) -> Steps[bytes]:
        """Returns a seed file of all tokens or of one, for the server under test. The fleet
        must allow the export of seeds."""
        return (yield Request("export", query={"format": format, "token": token}, accept="*/*", held=None, limit=MAX_FILE)).body

    # Snapshots

    @operation
    def snapshot(self, name: str, *, tokens: Optional[Sequence[str]] = None) -> Steps[Snapshot]:
        """Keeps the state of tokens under a name: of all, or of those named."""
        body = {"name": name, "tokens": None if tokens is None else list(tokens)}
        return (yield Request("take-snapshot", body=body)).read(Snapshot)

    @operation
    def snapshots(self, *, token: Optional[str] = None) -> Steps[list[Snapshot]]:
        """Returns the snapshots: all, or those that contain a token."""
        items = (yield Request("list-snapshots", query={"token": token})).json()["items"]
        return [decode(Snapshot, item) for item in items]

    @operation
    def restore(self, name: str) -> Steps[list[Tok]]:
        """Gives the tokens of a snapshot the state that they had. The world's clock does not
        go back."""
        return (yield from self._of_snapshot("restore", name))

    @operation
    def fork(self, name: str) -> Steps[list[Tok]]:
        """Makes new tokens with the content of those in a snapshot."""
        return (yield from self._of_snapshot("fork", name, made=True))

    def _of_snapshot(self, operation: str, name: str, made: bool = False) -> Generator[Request, Answer, list[Tok]]:
        items = (yield Request(operation, path={"name": name}, limit=MAX_FILE)).json()["items"]
        return [self._token(decode(TokenState, item), made) for item in items]

    @operation
    def drop_snapshot(self, name: str) -> Steps[None]:
        """Removes a snapshot."""
        yield Request("drop-snapshot", path={"name": name})

    @operation
    def save_snapshot(self, name: str) -> Steps[bytes]:
        """Returns a snapshot as a file. The fleet must allow the export of seeds."""
        return (yield Request("get-snapshot", path={"name": name}, accept="*/*", limit=MAX_FILE)).body

    @operation
    def load_snapshot(self, name: str, file: bytes) -> Steps[Snapshot]:
        """Makes a snapshot of a file."""
        path = {"name": name}
        request = Request("load-snapshot", path=path, body=file, content_type="application/octet-stream")
        return (yield request).read(Snapshot)

    # The fleet

    @operation
    def capabilities(self) -> Steps[Capabilities]:
        """Returns what the fleet can do, its version and its world seed."""
        return (yield Request("capabilities")).read(Capabilities)

    @operation
    def world_seed(self) -> Steps[str]:
        """Returns the seed of everything random. The same seed and the same calls give the
        same tokens and events."""
        return (yield Request("capabilities")).read(Capabilities).world_seed

    @operation
    def health(self) -> Steps[Health]:
        """Raises an error if the fleet is about to end."""
        return (yield Request("health")).read(Health)

    @operation
    def link(self) -> Steps[Link]:
        """Returns a link that opens the fleet's page in a browser, once within an hour."""
        return (yield Request("make-link")).read(Link)

    @operation
    def seq(self) -> Steps[int]:
        """Returns the number of the newest event."""
        return (yield Request("events", query={"limit": 1})).read(EventPage).seq
