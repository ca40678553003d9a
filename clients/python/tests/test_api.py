# SPDX-License-Identifier: Apache-2.0
"""The client has every operation of the API, with every parameter."""

from __future__ import annotations

import dataclasses
import inspect
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, TypeVar

import pytest

from fob_tokens import AsyncFleet, AsyncPort, AsyncToken, Fleet, Port, Token, api
from fob_tokens._fleet import FleetOperations
from fob_tokens._operation import Awaiting, Blocking, Request, Steps
from fob_tokens._port import PortOperations
from fob_tokens._token import TokenOperations
from fob_tokens._values import json_of

ROOT = Path(__file__).resolve().parents[3]
T = TypeVar("T")

# Parameters that the client needs for itself: the cursor of a list, and the header with
# which a browser goes on reading a stream.
OWN = {("list-tokens", "after"), ("events", "Last-Event-ID")}

VALUES: dict[str, Any] = {
    "count": 2, "ready": True, "ppm": 1.5, "age_temp": 20.0, "temp": 20.0, "celsius": 20.0, "paused": True, "rate": 2.0,
    "window": 1, "search": 2, "after_seq": 1, "limit": 3, "points": 4, "last": 5, "port": 6, "power_cut_at": 7,
    "flash_fail": True, "fresh": True, "read_only": True, "advance": True, "on": True, "before": 8, "battery_below": 0.5,
    "dead": ["d0.a"], "ghost": ["d0.b"], "kinds": ["press"], "tokens": ["ZZFB00000001"], "recording": [],
    "file": b"x", "in_": api.Line(drop=0.1), "out": api.Line(drop=0.1), "do": "remove",
}


class _Recorder(Blocking):
    """Records the first request of each operation."""

    requests: list[Request]

    def _run(self, steps: Steps[T]) -> T:
        self.requests.append(next(steps))
        steps.close()
        return None  # type: ignore[return-value]


class _Fleet(FleetOperations[Any], _Recorder):
    pass


class _Token(TokenOperations[Any], _Recorder):
    pass


class _Port(PortOperations, _Recorder):
    pass


def _objects() -> list[_Recorder]:
    port = api.PortState(id="p1", in_=api.Line(), out=api.Line(), recorded=False, tapping=False)
    return [_Fleet(), _Token("0123456789abcdef", "ZZFB00000001", "button-6"), _Port(port)]


def _operations(kind: type) -> list[str]:
    return [name for name, f in inspect.getmembers(kind) if hasattr(f, "steps")]


def _recorded() -> list[Request]:
    found: list[Request] = []
    for o in _objects():
        o.requests = found
        for name in _operations(type(o)):
            method = getattr(o, name)
            names = [n for n in inspect.signature(method).parameters]
            method(**{n: VALUES.get(n, "x") for n in names})
    return found


def _description() -> dict[str, Any]:
    with (ROOT / "fleet" / "control" / "openapi.json").open(encoding="utf-8") as file:
        described: dict[str, Any] = json.load(file)
    return described


def _parameters(described: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """Returns the parameters of an operation beside those in its path."""
    names = {p["name"] for p in operation.get("parameters", []) if p["in"] != "path"}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        names |= set(described["components"]["schemas"][body["schema"]["$ref"].rsplit("/", 1)[1]]["properties"])
    return names


def test_every_operation_has_a_method_with_all_parameters() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for request in _recorded():
        body = request.body if not isinstance(request.body, bytes) else None
        if dataclasses.is_dataclass(body):
            body = json_of(body)
        found[request.operation] |= set(request.query) | set(body or {})
    described = _description()
    operations = {o["operationId"]: o for methods in described["paths"].values() for o in methods.values()}
    assert set(found) == set(operations)
    for name, operation in operations.items():
        wanted = {p for p in _parameters(described, operation) if (name, p) not in OWN}
        assert found[name] == wanted, f"the parameters of {name}"


def test_generated_code_is_current() -> None:
    tool = ROOT / "clients" / "python" / "tools" / "generate.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("pair", [(Fleet, AsyncFleet), (Token, AsyncToken), (Port, AsyncPort)])
def test_both_clients_have_the_same_operations(pair: tuple[type, type]) -> None:
    blocking, awaiting = pair
    assert issubclass(blocking, Blocking) and issubclass(awaiting, Awaiting)
    assert _operations(blocking) == _operations(awaiting) != []


def test_every_operation_is_documented() -> None:
    for kind in (Fleet, Token, Port):
        for name in _operations(kind):
            assert inspect.getdoc(getattr(kind, name)), f"{kind.__name__}.{name}"
