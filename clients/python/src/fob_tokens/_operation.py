# SPDX-License-Identifier: Apache-2.0
"""One description of each operation for the blocking and the asyncio client.

An operation is a generator: it yields requests, is sent their answers, and returns the
result. It does no input and output of its own, so the same generator serves both clients:
a Blocking object runs it to its end, an Awaiting object returns a coroutine that does.
"""

from __future__ import annotations

import json
from collections.abc import Coroutine, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Generic, Optional, TypeVar, overload

from ._values import decode_object, json_of
from .errors import FobError, Unreachable

T = TypeVar("T")

#: bytes of an answer, at most
MAX_ANSWER = 64 << 20
#: bytes of an answer about all tokens, at most
MAX_FILE = 1 << 30


@dataclass(frozen=True)
class Request:
    """A request. operation is one of api.OPERATIONS, and path has the names in its path.
    Fields of query and body that are None are left out."""

    operation: str
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)  # may have seeds
    accept: str = "application/json"
    content_type: str = "application/json"
    #: seconds for which the fleet may hold the answer; None: as long as it wants
    held: Optional[float] = 0
    #: bytes that the answer may have
    limit: int = MAX_ANSWER

    def payload(self) -> Optional[bytes]:
        """Returns the body as it is sent."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(json_of(self.body)).encode()


@dataclass(frozen=True)
class Answer:
    """The answer to a request that was not refused."""

    body: bytes = field(default=b"", repr=False)  # may have seeds

    @classmethod
    def of(cls, value: Any) -> Answer:
        """Returns an answer with a value in JSON."""
        return cls(json.dumps(value).encode())

    def json(self) -> Any:
        return json.loads(self.body)

    def read(self, kind: type[T]) -> T:
        """Reads the answer as a type of api.py."""
        return decode_object(kind, self.json())


#: The requests of an operation, their answers, and its result.
Steps = Generator[Request, Answer, T]


class Blocking:
    """An object whose operations return their results."""

    def _run(self, steps: Steps[T]) -> T:
        raise NotImplementedError


class Awaiting:
    """An object whose operations return coroutines."""

    def _run(self, steps: Steps[T]) -> Coroutine[Any, Any, T]:
        raise NotImplementedError


if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    S = TypeVar("S", contravariant=True)
    P = ParamSpec("P")

    class operation(Generic[S, P, T]):
        """Makes a method of a generator that describes an operation."""

        def __init__(self, steps: Callable[Concatenate[S, P], Steps[T]]) -> None:
            self.steps = steps

        @overload
        def __get__(self, obj: None, owner: type) -> operation[S, P, T]: ...
        @overload
        def __get__(self, obj: Blocking, owner: type) -> Callable[P, T]: ...
        @overload
        def __get__(self, obj: Awaiting, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
        def __get__(self, obj: Any, owner: type) -> Any: ...

else:
    import functools

    def operation(steps):
        @functools.wraps(steps)
        def method(self, *args, **kwargs):
            __tracebackhide__ = True
            return self._run(steps(self, *args, **kwargs))

        method.steps = steps
        return method


def run(steps: Steps[T], exchange: Callable[[Request], Answer]) -> T:
    """Runs an operation. The traceback of an error begins here: the frames below would hide
    the line of the test, and may hold seeds."""
    __tracebackhide__ = True
    try:
        request = next(steps)
        while True:
            request = _send(steps, request, exchange(request))
    except StopIteration as end:
        result: T = end.value
        return result
    except BaseException as error:
        raise error.with_traceback(None) from None


async def run_async(steps: Steps[T], exchange: Callable[[Request], Coroutine[Any, Any, Answer]]) -> T:
    """Runs an operation, as run does."""
    __tracebackhide__ = True
    try:
        request = next(steps)
        while True:
            request = _send(steps, request, await exchange(request))
    except StopIteration as end:
        result: T = end.value
        return result
    except BaseException as error:
        raise error.with_traceback(None) from None


def _send(steps: Steps[T], request: Request, answer: Answer) -> Request:
    """Sends an answer to an operation, and returns its next request."""
    try:
        return steps.send(answer)
    except (StopIteration, FobError):
        raise
    except Exception as error:  # such as HTML, or an object without the fields
        raise strange(request.operation, error) from None


def strange(operation: str, error: Exception) -> Unreachable:
    """Returns the error for an answer that no fleet gives."""
    return Unreachable(
        f"reading the answer to {operation}: no fleet of this version answers like that "
        f"({type(error).__name__}): check the address of the fleet, and the versions of fob and fob-tokens"
    )
