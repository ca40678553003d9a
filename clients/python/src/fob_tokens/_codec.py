# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 without input and output: the text of a request, and generators that read an
answer. A generator yields LINE for a line, or a number of bytes, and is sent them."""

from __future__ import annotations

import io
import ipaddress
import json
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage, parse_headers
from typing import Any, Optional, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from . import errors
from ._operation import MAX_ANSWER, Answer, Request
from .api import OPERATIONS

T = TypeVar("T")
LINE = -1
MAX_LINE = 64 << 10
MAX_HEADERS = 100
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,12}")
Reader = Generator[int, bytes, T]


class Closed(Exception):
    """The other side has closed the connection, or does not speak HTTP."""


class Key(str):
    """An API key, whose repr does not show it: pytest prints the arguments of functions."""

    def __repr__(self) -> str:
        return "'***'"


class Url(str):
    """A URL, whose repr does not show a user and a password."""

    def __repr__(self) -> str:
        return repr(re.sub(r"//.*@", "//***@", str(self), flags=re.DOTALL))


@dataclass(frozen=True)
class Address:
    """Where a fleet answers, and the key for it."""

    url: str
    api_key: str = field(repr=False)
    cacert: Optional[str] = None
    key_from: str = "api_key"  # for messages

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", Url(self.url))
        object.__setattr__(self, "api_key", Key(self.api_key))
        if not _valid(self.url):
            # The message does not repeat it: it may have a password.
            raise ValueError("the URL of the fleet is not valid: want one like http://127.0.0.1:8080")
        if not self.tls and not _loopback(self.host):
            raise ValueError(
                f"the URL of the fleet is not safe: {self.host} is not a loopback address, "
                "and http would send the API key in plain text: use https"
            )
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


def _valid(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    more = "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and not more


def _loopback(host: str) -> bool:
    """Reports whether only this machine reaches a host."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def encode(request: Request, address: Address) -> bytes:
    """Returns the bytes of a request."""
    payload = request.payload()
    method, path = OPERATIONS[request.operation]
    for name, value in request.path.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    query = [(k, _text(v)) for k, v in request.query.items() if v is not None]
    if query:
        path += "?" + urlencode(query)
    head = [
        f"{method} {path} HTTP/1.1",
        f"Host: {urlsplit(address.url).netloc}",
        f"Accept: {request.accept}",
    ]
    if payload is not None:
        head.append(f"Content-Type: {request.content_type}")
    if payload is not None or method in ("POST", "PUT", "PATCH"):
        head.append(f"Content-Length: {len(payload or b'')}")
    # Not in head: a traceback may show that.
    return "\r\n".join([*head, f"Authorization: Bearer {address.api_key}"]).encode() + b"\r\n\r\n" + (payload or b"")


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
        return int(text) if text and re.fullmatch("[0-9]{1,15}", text) else None

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
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not re.fullmatch(rb"[1-9][0-9]{2}", words[1]):
            raise Closed("the answer is not HTTP" if line else "the connection was closed")
        status = int(words[1])
        lines = []
        while True:
            lines.append((yield LINE))
            if lines[-1] in (b"\r\n", b"\n"):
                break
            if not lines[-1]:
                raise Closed("the connection was closed")
            if len(lines) > MAX_HEADERS:
                raise Closed(f"the answer has more than {MAX_HEADERS} headers")
    try:
        return Head(status, parse_headers(io.BytesIO(b"".join(lines))))
    except HTTPException:  # such as a line that is too long
        raise Closed("the headers of the answer are not HTTP") from None


def _limited(size: int, limit: int) -> int:
    if size > limit:
        raise Closed("the answer is too long")
    return size


def read_chunk(limit: int = MAX_ANSWER) -> Reader[bytes]:
    """Reads a chunk of a body, b"" at its end."""
    line = yield LINE
    text = line.split(b";")[0].strip()
    if not _SIZE.fullmatch(text):
        raise Closed("the answer is not HTTP" if line else "the connection was closed")
    size = _limited(int(text, 16), limit)
    chunk = yield size
    if len(chunk) < size:
        raise Closed("the connection was closed")
    yield LINE  # after a chunk, and after the last one, which has no trailer
    return chunk


def read_body(head: Head, limit: int = MAX_ANSWER) -> Reader[bytes]:
    """Reads the rest of an answer, which may have limit bytes."""
    if head.status == 204:
        return b""
    if head.chunked:
        chunks: list[bytes] = []
        while not chunks or chunks[-1]:
            chunks.append((yield from read_chunk(limit)))
            limit -= len(chunks[-1])
        return b"".join(chunks)
    if head.length is None:
        raise Closed("the answer has no length")
    body = yield _limited(head.length, limit)
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
        if not isinstance(code, str) or not isinstance(detail, str):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
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
        _limited(len(self._rest), MAX_ANSWER)
        found = []
        for block in blocks:
            fields = {name: text for name, _, text in (line.partition(b": ") for line in block.split(b"\n"))}
            if fields.get(b"event") == b"end":
                self.ended = True
            elif fields.get(b"event") == b"dropped":
                raise errors.FobError("following events: some were not read in time, and are no longer kept: read faster")
            elif b"data" in fields:
                try:
                    found.append(json.loads(fields[b"data"]))
                except (ValueError, RecursionError):
                    raise Closed("the answer is not a stream of events") from None
        return found
