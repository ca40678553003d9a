# SPDX-License-Identifier: Apache-2.0
"""The fixture bank: fob's reference validation server, with one contract. As the conftest.py
of a folder it gives the fixture to all tests there."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

from fob_tokens import Fleet, Token


class Bank:
    """The server. It follows the clock of a fleet, or the machine's for tokens on cables."""

    def __init__(self, folder: Path, fleet: Fleet) -> None:
        self._folder = folder
        folder.chmod(0o700)
        self._environment = {**os.environ, "FOB_URL": fleet.url, "FOB_API_KEY": fleet.api_key}
        self._write("tanaka.pw", "correct horse battery")
        self._run("init", "--first-clerk", "tanaka", "--password-file", "tanaka.pw", "--api-key-out", "clerk.key")
        self._run("key", "add", "--role", "check", "--name", "tests", "--out", "check.key")
        self._clerk = (folder / "clerk.key").read_text().strip()
        self._checker = (folder / "check.key").read_text().strip()
        clock = [] if fleet.hardware else ["--clock", "fleet"]
        with open(folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                self._line("serve", *clock, "--listen", "127.0.0.1:0", "--json"),
                cwd=folder, env=self._environment, stdout=subprocess.PIPE, stderr=log,
            )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            raise OSError((folder / "log").read_text())
        self._url: str = json.loads(ready)["http"]
        self._imported: set[str] = set()
        self._users = 0
        self._post("/v1/contracts", self._clerk, id="c1", name="Example", address="Tokyo", email="c1@example.com")

    def _write(self, name: str, text: str) -> None:
        with open(os.open(self._folder / name, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text + "\n")

    @staticmethod
    def _line(*arguments: str) -> list[str]:
        fob = os.environ.get("FOB_COMMAND", "fob")
        return [fob, "validator", *arguments, "--test-mode", "--db", "bank.db", "--key-file", "bank.key"]

    def _run(self, *arguments: str) -> None:
        subprocess.run(self._line(*arguments), cwd=self._folder, env=self._environment, check=True, stdout=subprocess.DEVNULL)

    def register(self, token: Token) -> str:
        """Registers a token for a new user with its code, and returns the user. The token is
        imported before, unless another user has it."""
        if token.serial not in self._imported:
            seeds = token.fleet.export("pskc", token=token.serial)
            self._request("/v1/imports?contract=c1", self._clerk, "application/octet-stream", seeds)
            self._imported.add(token.serial)
        self._users += 1
        user = f"user{self._users}"
        role, password = "master" if self._users == 1 else "user", f"correct horse {user}"
        self._post("/v1/users", self._clerk, id=user, contract="c1", role=role, name=user, password=password)
        session = self._post("/v1/sessions", None, user=user, password=password)
        code = token.code(fresh=True)
        answer = self._post(f"/v1/tokens/{token.serial}/activation", session["secret"], code=code)
        assert answer["done"], answer
        return user

    def check(self, token: Token, code: str, user: Optional[str] = None) -> str:
        """Returns the answer to a code: accepted, refused or next code. user is needed only if
        several users share the token."""
        who = {"serial": token.serial} if user is None else {"user": user}
        answer: str = self._post("/v1/check", self._checker, code=code, **who)["answer"]
        return answer

    def unlock(self, token: Token) -> None:
        """Lifts the suspension of a token, as a clerk."""
        self._post(f"/v1/tokens/{token.serial}/suspension/lift", self._clerk)

    def _post(self, path: str, key: Optional[str], **body: Any) -> Any:
        return self._request(path, key, "application/json", json.dumps(body).encode() if body else b"")

    def _request(self, path: str, key: Optional[str], kind: str, body: bytes) -> Any:
        headers = {"Content-Type": kind}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self._url + path, body, headers, method="POST")
        try:
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise OSError(f"{path}: {error.code}: {error.read().decode()}") from None

    def close(self) -> None:
        """Ends the server."""
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="session")
def bank(fob: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """The server under test."""
    server = Bank(tmp_path_factory.mktemp("bank"), fob)
    yield server
    server.close()
