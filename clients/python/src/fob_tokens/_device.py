# SPDX-License-Identifier: Apache-2.0
"""Tokens on cables: answers the requests of an operation with the command fob device."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, NoReturn, Optional
from urllib.parse import parse_qs, urlsplit

from ._operation import Answer, Request
from ._start import command
from ._values import json_of, parse_instant
from .errors import FobError, Unreachable, Unsupported, refused

#: serial numbers that fob gives to test tokens: no manufacturer uses them
TEST_SERIAL = re.compile(r"ZZFB[0-9A-F]{8}")
FREE_STATES = ("BLANK", "WIPED")
SEED_LENGTH = 20
SEARCH = 1440


@dataclass
class _Device:
    """A token on a cable, after new has prepared it."""

    port: str
    record: bytes = field(default=b"", repr=False)  # its seed file, in fob's own format; empty if it is blank
    shown: int = -1  # step of the newest fresh code
    info: dict[str, Any] = field(default_factory=dict)


class DeviceTransport:
    """Answers the requests that tokens on cables can answer."""

    def __init__(
        self, addresses: Sequence[str], world_seed: Optional[str], unsupported: Callable[[str], NoReturn]
    ) -> None:
        if not addresses:
            raise ValueError("no token is given: want the address of a serial port, such as /dev/ttyACM0")
        self._free = list(addresses)
        self._made: dict[str, _Device] = {}  # by hardware id
        self._unsupported = unsupported
        self._lock = threading.Lock()
        self._count = 0
        self.world_seed = world_seed or str(secrets.randbits(63))
        self.done: list[dict[str, Any]] = []

    def exchange(self, request: Request) -> Answer:
        """Performs an operation."""
        answer = getattr(self, "_do_" + request.operation.replace("-", "_"), None)
        if answer is None:
            self._unsupported(request.operation)
        request = replace(request, body=json_of(request.body))
        with self._lock:
            token = [self._find(request.path["token"])] if "token" in request.path else []
            found = answer(*token, request)
            return Answer(found) if isinstance(found, bytes) else Answer.of(found)

    def _find(self, name: str) -> _Device:
        for hardware_id, d in self._made.items():
            if name in (hardware_id, d.info["serial"]):
                return d
        raise refused(404, "not_found", f"there is no token {name} on a cable: make it with new")

    # The command

    def _fob(self, port: str, *arguments: str, stdin: Optional[bytes] = None) -> Any:
        """Runs fob device, and returns what it prints."""
        self._note(port, arguments[0])
        try:
            return json.loads(self._run("device", *arguments, "--port", port, "--json", stdin=stdin))
        except Unsupported:
            self._unsupported(arguments[0])

    def _run(self, *arguments: str, stdin: Optional[bytes] = None) -> bytes:
        done = subprocess.run([command(), *arguments], input=stdin or b"", capture_output=True)
        if done.returncode == 0:
            return done.stdout
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        try:
            problem = json.loads(lines[-1])
            code, text = str(problem["code"]), str(problem["error"])
        except (ValueError, KeyError, TypeError):
            code, text = "failed", lines[-1]
        if done.returncode == 3:
            raise Unreachable(text)
        if done.returncode == 5:
            raise Unsupported(text)
        raise refused(408 if done.returncode == 42 else 409, code, text)

    def _note(self, port: str, what: str) -> None:
        now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
        self.done.append({"seq": len(self.done) + 1, "true_time": now, "event": what, "port": port})

    # Making tokens

    def _do_make_tokens(self, request: Request) -> Any:
        body = request.body
        for name in body:
            if name not in ("count", "profile", "ready", "expiry", "name"):
                self._unsupported(name)
        if body["count"] > len(self._free):
            self._unsupported("one more token than --fob-device names" if body["count"] == 1 else "so many tokens")
        devices = [self._prepare(self._free[0], body) for _ in range(body["count"])]
        return {"items": [self._state(d) for d in devices]}

    def _prepare(self, port: str, body: dict[str, Any]) -> _Device:
        info = self._fob(port, "info")
        profile = body.get("profile") or info["model"]
        if profile != info["model"]:
            self._unsupported(f"profile {profile} on a token of model {info['model']}")
        if info["state"] not in FREE_STATES:
            if not TEST_SERIAL.fullmatch(info["serial"] or ""):
                raise FobError(
                    f"{port} holds token {info['serial']}, which is not a test token: "
                    "fob device wipe erases it, if you want that"
                )
            self._fob(port, "wipe", "--serial", info["serial"])
        d = _Device(port)
        if body["ready"]:
            self._provision(d, body.get("expiry"))
        d.info = self._fob(port, "info")
        self._free.remove(port)
        self._made[d.info["hardware_id"]] = d
        return d

    def _provision(self, d: _Device, expiry: Optional[str]) -> None:
        self._count += 1
        text = f"fob-tokens seed {self.world_seed} {self._count}"
        seed = hashlib.sha256(text.encode()).digest()[:SEED_LENGTH]
        with tempfile.TemporaryDirectory() as folder:  # only this user can read it
            record = Path(folder, "record")
            arguments = ["--record", str(record), "--record-format", "fob", "--seed-file", "-", "--lock"]
            if expiry:
                arguments += ["--expiry", expiry]
            self._fob(d.port, "provision", *arguments, stdin=seed.hex().encode())
            d.record = record.read_bytes()

    def _do_remove_token(self, d: _Device, request: Request) -> Any:
        del self._made[d.info["hardware_id"]]
        self._free.append(d.port)

    # Reading

    def _state(self, d: _Device) -> dict[str, Any]:
        """Returns the state of a token as the API has it. A number that hardware does not
        report is NaN."""
        nan = float("nan")
        d.info = info = self._fob(d.port, "info")
        lcd = self._fob(d.port, "display", "--rig")
        known = {k: info[k] for k in ("hardware_id", "model", "state", "presses")}
        known.update({k: info[k] for k in ("serial", "expiry") if info[k] is not None})
        return {
            **known, **self._stamp(lcd), "tag": 0, "lot": "", "display": lcd["text"], "celsius": nan, "ppm": nan,
            "battery": nan, "mv": info["millivolts"], "ports": [d.port], "faults": [],
        }

    def _stamp(self, lcd: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        ahead = parse_instant(lcd["clock"]) - now
        return {
            "seq": len(self.done), "true_time": _instant(now), "token_time": lcd["clock"], "clock_set": lcd["clock_set"],
            "error_ms": round(ahead.total_seconds() * 1000) if lcd["clock_set"] else None,
        }

    def _do_get_token(self, d: _Device, request: Request) -> Any:
        return self._state(d)

    def _do_list_tokens(self, request: Request) -> Any:
        if any(v is not None for k, v in request.query.items() if k != "limit"):
            self._unsupported("list tokens by a property")
        return {"items": [self._state(d) for d in self._made.values()]}

    def _do_display(self, d: _Device, request: Request) -> Any:
        kind = {"image/png": "--png", "image/svg+xml": "--svg"}.get(request.accept)
        if kind is not None:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "display")
                self._fob(d.port, "display", "--rig", kind, str(file))
                return file.read_bytes()
        lcd = self._fob(d.port, "display", "--rig")
        digits = list(bytes.fromhex(lcd["segments"]))
        lit = {"digits": digits, "bars": (1 << lcd["bars"]) - 1, "icons": lcd["tick"] + 2 * lcd["battery"]}
        view = {"digits": len(digits), "lit": lit, "contrast": 1, "haze": 0}
        return {"text": lcd["text"], "state": lcd["state"], "view": view, "readable": True, **self._stamp(lcd)}

    def _do_code(self, d: _Device, request: Request) -> Any:
        if request.query.get("read_only"):
            self._unsupported("read_only")
        query, least = request.query, _seconds(request.query.get("min_remaining")) * 1000
        while True:
            found = self._fob(d.port, "code")
            if found["left_ms"] >= least and (not query.get("fresh") or found["step"] > d.shown):
                break
            # Looks again at least once a second, because the token's clock may be set.
            time.sleep(max(0.01, min(found["left_ms"] / 1000, 1)))
        if query.get("fresh"):
            d.shown = found["step"]
        lcd = self._fob(d.port, "display", "--rig")
        ends = time.time() + found["left_ms"] / 1000
        until = _instant(datetime.fromtimestamp(ends, timezone.utc))
        return {**self._stamp(lcd), **found, "serial": d.info["serial"], "valid_until": until}

    def _do_oracle(self, request: Request) -> Any:
        body = request.body
        d = self._find(body["token"])
        otp = _Otp(self._convert(d, "otpauth"))
        lcd = self._fob(d.port, "display", "--rig")
        now, window = int(time.time()) // otp.period, body.get("window", 0)
        verdict = {"found": False, "offset": 0, "token_offset": 0, "would_pass": False, "shown": False}
        for distance in range(max(body.get("search", SEARCH), window) + 1):
            for offset in (distance, -distance):
                if otp.code(now + offset) == body["code"]:
                    token_offset = now + offset - lcd["step"]
                    verdict = {
                        "found": True, "step": now + offset, "offset": offset, "token_offset": token_offset,
                        "would_pass": distance <= window, "shown": token_offset <= 0,
                    }
                    return {**verdict, **self._stamp(lcd)}
        return {**verdict, **self._stamp(lcd)}

    def _do_export(self, request: Request) -> bytes:
        name = request.query.get("token")
        devices = [self._find(name)] if name else list(self._made.values())
        return b"".join(self._convert(d, request.query["format"]) for d in devices[:1])

    def _convert(self, d: _Device, format: str) -> bytes:
        if not d.record:
            raise refused(409, "no_seed", f"{d.port} holds no seed")
        return self._run("seeds", "convert", "-", "--from", "fob", "--to", format, stdin=d.record)

    def _do_capabilities(self, request: Request) -> Any:
        none: dict[str, list[str]] = {k: [] for k in ("profiles", "crystals", "states", "events", "ports", "faults")}
        tokens = len(self._free) + len(self._made)
        return {
            **none, "version": "", "world_seed": self.world_seed, "tokens": tokens, "max_tokens": tokens,
            "seed_export": True, "event_values": {},
        }

    def _do_get_time(self, request: Request) -> Any:
        now = _instant(datetime.now(timezone.utc))
        return {"mode": "real", "rate": 1, "paused": False, "ended": False, "now": now, "seq": len(self.done)}

    def _do_events(self, request: Request) -> Any:
        after, limit = request.query.get("after_seq") or 0, request.query["limit"]
        found = self.done[after:][:limit]
        return {"events": found, "seq": len(self.done), "next": after + len(found), "oldest": 1, "dropped": 0}

    def _do_list_ports(self, d: _Device, request: Request) -> Any:
        return {"items": [{"id": d.port, "addr": d.port, "in": {}, "out": {}, "tapping": False, "recorded": False}]}

    # Acts on the rig

    def _act(self, d: _Device, *arguments: str) -> Any:
        self._fob(d.port, *arguments)
        return self._state(d)

    def _do_press(self, d: _Device, request: Request) -> Any:
        hold = request.body.get("hold")
        if not hold:
            return self._act(d, "press")
        length = _seconds(hold)
        self._fob(d.port, "hold", hold)
        time.sleep(length)  # a press before the button is up would be lost
        return self._state(d)

    def _do_skew(self, d: _Device, request: Request) -> Any:
        return self._act(d, "skew", "--by", request.body["by"])

    def _do_temperature(self, d: _Device, request: Request) -> Any:
        return self._act(d, "temperature", "--celsius", str(request.body["celsius"]))

    def _do_battery(self, d: _Device, request: Request) -> Any:
        if request.body["do"] != "replace":
            self._unsupported(f"battery {request.body['do']}")
        return self._act(d, "supply", "0")

    def _do_set_faults(self, d: _Device, request: Request) -> Any:
        faults = {k: v for k, v in request.body.items() if v}
        if list(faults) != ["power_cut_at"]:
            self._unsupported("faults other than power_cut_at")
        return self._act(d, "power-cut", str(faults["power_cut_at"]))


class _Otp:
    """Computes the codes of an otpauth URI, by RFC 6238 with T0 = 0."""

    def __init__(self, uri: bytes) -> None:
        fields = {k: v[0] for k, v in parse_qs(urlsplit(uri.decode().strip()).query).items()}
        secret = fields["secret"]
        self._seed = base64.b32decode(secret + "=" * (-len(secret) % 8))
        self._hash, self._digits = fields["algorithm"].lower(), int(fields["digits"])
        self.period = int(fields["period"])

    def code(self, step: int) -> str:
        if step < 0:
            return ""
        mac = hmac.new(self._seed, step.to_bytes(8, "big"), self._hash).digest()
        at = mac[-1] & 15
        number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
        return str(number % 10**self._digits).zfill(self._digits)


def _instant(t: datetime) -> str:
    return t.isoformat().replace("+00:00", "Z")


_PERIOD = re.compile(r"(?:PT)?([\d.]+)s", re.IGNORECASE)


def _seconds(text: Optional[str]) -> float:
    """Reads a period in seconds, as the client writes them."""
    if not text:
        return 0
    m = _PERIOD.fullmatch(text)
    if m is None:
        raise ValueError(f"{text}: on hardware, want seconds or a timedelta")
    return float(m[1])
