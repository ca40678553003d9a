# SPDX-License-Identifier: Apache-2.0
"""The errors of this package."""

from __future__ import annotations


class FobError(Exception):
    """The base class of all errors of this package."""


class NotStarted(FobError):
    """No fleet could be started: fob is not installed, or ended at once."""


class Unreachable(FobError):
    """The fleet does not answer: it has ended, or the address is wrong."""


class Unsupported(FobError):
    """A token on a cable cannot do that."""


class Refused(FobError):
    """The fleet refused a request.

    status is the HTTP status. code is the stable name of the kind of problem, such as
    "no_code" (docs/fleet.md lists them). detail is the reason, for a person.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[type[Refused], tuple[int, str, str]]:
        return type(self), (self.status, self.code, self.detail)

    def __str__(self) -> str:
        return f"{self.detail} ({self.code})"


class NotFound(Refused):
    """There is no such token, port or snapshot."""


class WrongKey(Refused):
    """The API key is not the key of the fleet."""


class TimedOut(Refused):
    """A wait is over: its timeout in the world's time (code "wait_timeout"), or its
    real_timeout by the machine's clock (code "real_timeout")."""


def refused(status: int, code: str, detail: str) -> Refused:
    """Returns the error for a problem of the API."""
    kinds: dict[str, type[Refused]] = {
        "not_found": NotFound,
        "unauthorized": WrongKey,
        "wait_timeout": TimedOut,
        "real_timeout": TimedOut,
    }
    return kinds.get(code, Refused)(status, code, detail)
