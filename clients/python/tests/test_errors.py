# SPDX-License-Identifier: Apache-2.0
"""Every mistake has a message that says what to do."""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

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
    "url", ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://user:secret@127.0.0.1", "http://127.0.0.1/x"]
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
