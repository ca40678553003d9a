# SPDX-License-Identifier: Apache-2.0
"""Reading the event log."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Optional

from ._operation import Answer, Request
from .api import Event, EventPage

#: events of a request
PAGE = 10_000


def event_request(
    after_seq: int, token: Optional[str], kinds: Sequence[str], limit: Optional[int], accept: str = "application/json"
) -> Request:
    """Returns the request for a page of events, or for a stream of them."""
    query = {"after_seq": after_seq, "token": token, "kind": ",".join(kinds) or None, "limit": limit}
    return Request("events", query=query, accept=accept)


def event_pages(
    after_seq: int, token: Optional[str], kinds: Sequence[str], limit: Optional[int]
) -> Generator[Request, Answer, list[Event]]:
    """Reads events, oldest first: all of them, or the first ones up to limit."""
    found: list[Event] = []
    while limit is None or len(found) < limit:
        size = PAGE if limit is None else min(PAGE, limit - len(found))
        page = (yield event_request(after_seq, token, kinds, size)).read(EventPage)
        found += page.events
        after_seq = page.next
        if after_seq >= page.seq:
            break
    return found
