# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 without input and output: the text of a request, and generators that read an
answer. A generator yields LINE for a line, or a number of bytes, and is sent them."""

from __future__ import annotations

import io
import json
from collections.abc import Generator
from dataclasses import dataclass
from http.client import HTTPMessage, parse_headers
from typing import Any, Optional, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from . import errors
from ._operation import Answer, Request
from .api import OPERATIONS

T = TypeVar("T")
LINE = -1
MAX_LINE = 64 << 10
Reader = Generator[int, bytes, T]


class Closed(Exception):
    """The other side has closed the connection, or does not speak HTTP."""


@dataclass(frozen=True)
class Address:
    """Where a fleet answers, and the key for it."""

    url: str
    api_key: str
    cacert: Optional[str] = None
    key_from: str = "api_key"  # for messages

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.path.strip("/"):
            # The message does not repeat it: it may have a password.
            raise ValueError("the URL of the fleet is not valid: want one like http://127.0.0.1:8080")
        if not self.api_key or not self.api_key.isascii() or not self.api_key.isprintable() or " " in self.api_key:
            raise ValueError(f"the API key in {self.key_from} is not valid: copy it from the ready line of fob run")

    @property
    def tls(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.tls else 80)


def encode(request: Request, address: Address) -> bytes:
    """Returns the bytes of a request."""
    method, path = OPERATIONS[request.operation]
    for name, value in request.path.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    query = [(k, _text(v)) for k, v in request.query.items() if v is not None]
    if query:
        path += "?" + urlencode(query)
    head = [
        f"{method} {path} HTTP/1.1",
        f"Host: {urlsplit(address.url).netloc}",
        f"Authorization: Bearer {address.api_key}",
        f"Accept: {request.accept}",
    ]
    payload = request.payload()
    if payload is not None:
        head.append(f"Content-Type: {request.content_type}")
    if payload is not None or method in ("POST", "PUT", "PATCH"):
        head.append(f"Content-Length: {len(payload or b'')}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + (payload or b"")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@dataclass(frozen=True)
class Head:
    """The beginning of an answer."""

    status: int
    headers: HTTPMessage

    @property
    def chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    @property
    def length(self) -> Optional[int]:
        text = self.headers.get("Content-Length")
        return int(text) if text and text.isdigit() else None

    @property
    def last(self) -> bool:
        """Reports whether no other answer follows on the connection."""
        return self.headers.get("Connection", "").lower() == "close"


def read_head() -> Reader[Head]:
    """Reads the beginning of an answer."""
    status = 100
    while 100 <= status < 200:
        line = yield LINE
        words = line.split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise Closed("the answer is not HTTP" if line else "the connection was closed")
        status = int(words[1])
        lines = []
        while True:
            lines.append((yield LINE))
            if lines[-1] in (b"\r\n", b"\n"):
                break
            if not lines[-1]:
                raise Closed("the connection was closed")
    return Head(status, parse_headers(io.BytesIO(b"".join(lines))))


def read_chunk() -> Reader[bytes]:
    """Reads a chunk of a body, b"" at its end."""
    line = yield LINE
    try:
        size = int(line.split(b";")[0], 16)
    except ValueError:
        raise Closed("the connection was closed") from None
    chunk = yield size
    if len(chunk) < size:
        raise Closed("the connection was closed")
    yield LINE  # after a chunk, and after the last one, which has no trailer
    return chunk


def read_body(head: Head) -> Reader[bytes]:
    """Reads the rest of an answer."""
    if head.status == 204:
        return b""
    if head.chunked:
        chunks: list[bytes] = []
        while not chunks or chunks[-1]:
            chunks.append((yield from read_chunk()))
        return b"".join(chunks)
    if head.length is None:
        raise Closed("the answer has no length")
    body = yield head.length
    if len(body) < head.length:
        raise Closed("the connection was closed")
    return body


def judge(head: Head, body: bytes, address: Address) -> Answer:
    """Returns the answer, or raises the error for a problem."""
    if head.status < 300:
        return Answer(body)
    try:
        problem = json.loads(body)
        code, detail = problem["code"], problem["detail"]
    except (ValueError, TypeError, KeyError):
        raise errors.Unreachable(
            f"{address.url} answers with status {head.status}, not as a fleet does: "
            "use the address in the ready line of fob run"
        ) from None
    if code == "unauthorized":
        detail = (
            f"the key in {address.key_from} is not the API key of the fleet at {address.url}: "
            "copy it from the ready line of fob run"
        )
    raise errors.refused(head.status, code, detail)


class EventLines:
    """Splits a stream of server-sent events into their data."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    def feed(self, chunk: bytes) -> list[Any]:
        """Returns the objects that a piece of the stream completes."""
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        found = []
        for block in blocks:
            fields = {name: text for name, _, text in (line.partition(b": ") for line in block.split(b"\n"))}
            if fields.get(b"event") == b"end":
                self.ended = True
            elif fields.get(b"event") == b"dropped":
                raise errors.FobError("following events: some were not read in time, and are no longer kept: read faster")
            elif b"data" in fields:
                found.append(json.loads(fields[b"data"]))
        return found
