# SPDX-License-Identifier: Apache-2.0
"""Hardware tokens with one-time passwords for your tests.

In pytest, the fixtures token and fob are there once the package is installed:

    def test_replay_is_refused(token, server):
        code = token.code()
        assert server.login(token.serial, code)
        assert not server.login(token.serial, code)

Elsewhere, Fleet.open() starts a fleet, or uses the fleet at FOB_URL:

    with Fleet.open() as fob:
        print(fob.new(profile="button-6").code())

AsyncFleet is the same for asyncio. The operations are those of the fleet's HTTP API.
"""

from . import api
from ._clients import AsyncFleet, AsyncToken, Fleet, Token
from ._port import AsyncPort, Port
from .errors import FobError, NotFound, NotStarted, Refused, TimedOut, Unreachable, Unsupported, WrongKey

__all__ = [
    "AsyncFleet",
    "AsyncPort",
    "AsyncToken",
    "Fleet",
    "FobError",
    "NotFound",
    "NotStarted",
    "Port",
    "Refused",
    "TimedOut",
    "Token",
    "Unreachable",
    "Unsupported",
    "WrongKey",
    "api",
]
