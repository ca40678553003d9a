# SPDX-License-Identifier: Apache-2.0
"""Every mistake has a message that says what to do."""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
import signal
import socket
import socketserver
import stat
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Callable

import pytest

from fob_tokens import Fleet, NotFound, NotStarted, Refused, Unreachable, WrongKey
from fob_tokens.errors import refused


def test_fob_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("FOB_COMMAND", raising=False)
    with pytest.raises(NotStarted, match="there is no program fob on PATH: install it, or set FOB_COMMAND"):
        Fleet.start()
    monkeypatch.setenv("FOB_COMMAND", "/nowhere/fob")
    with pytest.raises(NotStarted, match="there is no program /nowhere/fob: set FOB_COMMAND"):
        Fleet.start()


def test_fob_cannot_be_executed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "fob"
    program.write_text("#!/nowhere/interpreter\n")
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("FOB_COMMAND", str(program))
    with pytest.raises(NotStarted, match="No such file or directory"):
        Fleet.start()


def test_fob_ends_at_once() -> None:
    with pytest.raises(NotStarted, match="it has ended: exit code 2: .*--clock backwards: want real"):
        Fleet.start(clock="backwards")


def test_wrong_key(fob: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOB_URL", fob.url)
    monkeypatch.setenv("FOB_API_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAA")
    with pytest.raises(WrongKey, match="the key in FOB_API_KEY is not the API key of the fleet at http://") as caught:
        Fleet.open().time()
    assert caught.value.status == 401
    assert "AAAA" not in str(caught.value)


def test_fleet_that_runs(fob: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOB_URL", fob.url)
    monkeypatch.setenv("FOB_API_KEY", fob.api_key)
    with Fleet.open() as same:
        assert same.world_seed() == fob.world_seed()
    assert fob.health().ok  # it still runs


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://user:secret@127.0.0.1", "http://127.0.0.1/x"]
    + ["http://:secret@127.0.0.1", "http://127.0.0.1?secret", "http://127.0.0.1#secret", "http://secret@[::1"]
    + ["http://127.0.0.1:secret", "http://127.0.0.1:0", "http://127.0.0.1:65536"],
)
def test_wrong_url(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOB_URL", raising=False)
    with pytest.raises(ValueError, match="FOB_URL|like http://127.0.0.1:8080") as caught:
        Fleet.connect(url, "AAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert "secret" not in str(caught.value)


def test_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOB_API_KEY", raising=False)
    with pytest.raises(ValueError, match="set FOB_API_KEY to the key in the ready line"):
        Fleet.connect("http://127.0.0.1:1")
    with pytest.raises(ValueError, match="the API key in FOB_API_KEY is not valid"):
        monkeypatch.setenv("FOB_API_KEY", "a\nb")
        Fleet.connect("http://127.0.0.1:1")


def test_nothing_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Unreachable, match=f"the fleet at {url} does not answer: Connection refused"):
            Fleet.connect(url, "A" * 26).time()


def test_another_server_answers() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            with pytest.raises(Unreachable, match="answers with status 404, not as a fleet does"):
                Fleet.connect(f"http://127.0.0.1:{server.server_port}", "A" * 26).time()
        finally:
            server.shutdown()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_fleet_is_gone() -> None:
    with Fleet.start() as fob:
        assert fob._home.process is not None
        os.kill(fob._home.process.pid, signal.SIGKILL)
        fob._home.process._process.wait()
        with pytest.raises(Unreachable, match="the fleet has ended: exit code -9"):
            fob.time()


def test_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openssl = shutil.which("openssl") or pytest.skip("openssl is not installed")
    certificate, key = str(tmp_path / "fleet.crt"), str(tmp_path / "fleet.key")
    line = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    line += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(line, check=True, capture_output=True)
    monkeypatch.setenv("FOB_CACERT", certificate)
    with Fleet.start(arguments=["--http-cert", certificate, "--http-key", key]) as fob:
        assert fob.url.startswith("https://127.0.0.1:")
        assert len(fob.new().code()) == 6
        assert asyncio.run(fob.aio.now()) == fob.now()
        monkeypatch.delenv("FOB_CACERT")
        stranger = Fleet.connect(fob.url, fob.api_key)
        with pytest.raises(Unreachable, match="(?i)certificate"):
            stranger.time()
        with pytest.raises(Unreachable, match="(?i)certificate"):
            asyncio.run(stranger.aio.time())
        monkeypatch.setenv("FOB_CACERT", key)
        with pytest.raises(Unreachable, match="reading the certificates in FOB_CACERT: .*: want a PEM file"):
            Fleet.connect(fob.url, fob.api_key)


def test_no_such_token(fob: Fleet) -> None:
    with pytest.raises(NotFound, match="there is no token ZZFB99999999") as caught:
        fob.token("ZZFB99999999")
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert "ZZFB99999999" in caught.value.detail


def test_names_cannot_leave_their_place_in_a_path(fob: Fleet) -> None:
    with pytest.raises(NotFound):
        fob.token("../time?x=1#")


def test_errors_can_be_pickled() -> None:
    """As pytest-xdist and multiprocessing do."""
    error = pickle.loads(pickle.dumps(refused(404, "not_found", "there is none")))
    assert isinstance(error, NotFound)
    assert isinstance(error, Refused)
    assert (error.status, error.code, str(error)) == (404, "not_found", "there is none (not_found)")


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_test_run_leaves_no_fleet() -> None:
    program = "from fob_tokens import Fleet; f = Fleet.start(); print(f._home.process.pid, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        run.kill()
    while True:
        time.sleep(0.01)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        if Path(f"/proc/{pid}/stat").exists() and " Z " in Path(f"/proc/{pid}/stat").read_text():
            break  # nobody waits for it in a container without an init process


def _answering(request: pytest.FixtureRequest, answer: bytes) -> Fleet:
    """Returns a client of a server that gives each request these bytes as the answer."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            self.rfile.read(length)  # a server that closes before loses its answer
            try:
                self.wfile.write(answer)
            except OSError:
                pass  # the client has read enough

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    request.addfinalizer(server.server_close)
    request.addfinalizer(server.shutdown)
    fleet = Fleet.connect(f"http://127.0.0.1:{server.server_address[1]}", "A" * 26)
    request.addfinalizer(fleet.close)
    return fleet


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
NOT_HTTP = [
    OK + b"X: y\r\n" * 150 + b"\r\n",
    OK + b"X: y\r\n" * 100_000,
    OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
    OK + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n",
    OK + b"Content-Length: \xb2\r\n\r\n",
    OK + b"Content-Length: -5\r\n\r\n",
    OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\n",
    b"HTTP/1.1 -20 OK\r\n\r\n",
    *(CHUNKED + size + b"\r\n{}\r\n0\r\n\r\n" for size in (b"-5", b"-1", b"+2", b"0x2", b"0_2", b"", b"x", b"f" * 5000)),
]
NOT_A_FLEET = [b"<html>", b"{}", b"[]", b"null", b"7", b'"text"', b"\xff", b"[" * 100_000, b'{"now":5}', b'{"now":"yesterday"}']


@pytest.mark.parametrize("n", range(len(NOT_HTTP)))
def test_the_answer_is_not_http(n: int, request: pytest.FixtureRequest) -> None:
    fleet = _answering(request, NOT_HTTP[n])
    with pytest.raises(Unreachable, match="does not answer: "):
        fleet.time()
    with pytest.raises(Unreachable, match="does not answer: "):
        asyncio.run(fleet.aio.time())
    with pytest.raises(Unreachable, match="does not answer: "):
        next(fleet.follow())


@pytest.mark.parametrize("n", range(len(NOT_A_FLEET)))
def test_the_answer_is_not_a_fleets(n: int, request: pytest.FixtureRequest) -> None:
    body = NOT_A_FLEET[n]
    fleet = _answering(request, OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    calls: dict[str, Callable[[Any], Any]] = {
        "get-time": lambda f: f.time(), "list-tokens": lambda f: f.tokens(), "make-tokens": lambda f: f.new(),
        "events": lambda f: f.events(), "get-token": lambda f: f.token("ZZFB00000001"),
    }
    for name, call in calls.items():
        with pytest.raises(Unreachable, match=f"reading the answer to {name}: no fleet of this version answers like that"):
            call(fleet)
        with pytest.raises(Unreachable, match=f"reading the answer to {name}: no fleet of this version answers like that"):
            asyncio.run(call(fleet.aio))


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"code":["a"],"detail":"b"}', b'{"code":"a","detail":{}}', b"[" * 100_000], ids=len)
def test_the_problem_is_not_a_fleets(body: bytes, request: pytest.FixtureRequest) -> None:
    answer = b"HTTP/1.1 500 Error\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    fleet = _answering(request, answer)
    with pytest.raises(Unreachable, match="answers with status 500, not as a fleet does"):
        fleet.time()
    with pytest.raises(Unreachable, match="answers with status 500, not as a fleet does"):
        asyncio.run(fleet.aio.time())


@pytest.mark.parametrize("data", [b"<html>", b"{}", b"7", b"[" * 50_000], ids=len)
def test_events_that_are_not_a_fleets(data: bytes, request: pytest.FixtureRequest) -> None:
    event = b"data: " + data + b"\n\n"
    fleet = _answering(request, CHUNKED + b"%x\r\n" % len(event) + event + b"\r\n")

    async def follow() -> None:
        async for _ in fleet.aio.follow():
            pass

    with pytest.raises(Unreachable, match="not a stream of events|no fleet of this version"):
        next(fleet.follow())
    with pytest.raises(Unreachable, match="not a stream of events|no fleet of this version"):
        asyncio.run(follow())


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 1000000000\r\n\r\n",
        CHUNKED + b"3b9aca00\r\n",
        CHUNKED + (b"2000000\r\n" + b" " * 0x2000000 + b"\r\n") * 2 + b"1\r\n",
    ],
    ids=len,
)
def test_an_answer_that_is_too_long(answer: bytes, request: pytest.FixtureRequest) -> None:
    fleet = _answering(request, answer)
    with pytest.raises(Unreachable, match="does not answer: the answer is too long"):
        fleet.time()
    with pytest.raises(Unreachable, match="does not answer: the answer is too long"):
        asyncio.run(fleet.aio.time())


@pytest.mark.parametrize("host", ["192.0.2.1", "fleet.example", "[2001:db8::1]", "127.0.0.1.example", "0.0.0.0", "[::]"])
def test_the_key_is_not_sent_in_plain_text(host: str) -> None:
    with pytest.raises(ValueError, match="is not a loopback address, .*: use https"):
        Fleet.connect(f"http://{host}:8080", "A" * 26)
    Fleet.connect(f"https://{host}:8080", "A" * 26)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_loopback(host: str) -> None:
    """The same as for a target of fob load."""
    Fleet.connect(f"http://{host}:8080", "A" * 26)


def test_a_host_that_cannot_be_a_name() -> None:
    fleet = Fleet.connect(f"https://{'a' * 70}.example", "A" * 26)
    with pytest.raises(Unreachable, match="does not answer"):
        fleet.time()
    with pytest.raises(Unreachable, match="does not answer"):
        asyncio.run(fleet.aio.time())
    with pytest.raises(Unreachable, match="does not answer"):
        next(fleet.follow())


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
@pytest.mark.parametrize("line", ["Welcome", "7", "[]", "{", '{"url": 5'])
def test_the_first_line_is_not_a_ready_line(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "fob"
    program.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\necho '{line}'\nread forever\n")
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("FOB_COMMAND", str(program))
    with pytest.raises(NotStarted, match="the first line that .*/fob prints is not JSON: set FOB_COMMAND"):
        Fleet.start()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_fleet_without_an_api() -> None:
    with pytest.raises(NotStarted, match="its ready line has no url and no api_key: leave out --http off"):
        Fleet.start(allow_seed_export=False, arguments=["--http", "off"])
