# SPDX-License-Identifier: Apache-2.0
"""Starts fob run, and ends it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO, Any, Optional

from .errors import NotStarted

#: seconds until a process that was asked to end is ended
GRACE = 30


def command() -> str:
    """Returns the path of fob: FOB_COMMAND, or fob on PATH."""
    given = os.environ.get("FOB_COMMAND", "")
    found = shutil.which(given or "fob")
    if found is not None:
        return found
    if given:
        raise NotStarted(f"starting fob: there is no program {given}: set FOB_COMMAND to the path of fob")
    raise NotStarted(
        "starting fob: there is no program fob on PATH: install it, or set FOB_COMMAND to its path, "
        "or FOB_URL and FOB_API_KEY to a fleet that runs"
    )


class Process:
    """A fleet that this process has started. It ends with this process, also if that is
    killed: it ends when its standard input is closed."""

    def __init__(self, arguments: Sequence[str]) -> None:
        line = [command(), "run", "--json", "--end-with-stdin", *arguments]
        self._program = line[0]
        self._log: IO[bytes] = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, bufsize=0
            )
        except OSError as error:
            self._log.close()
            raise NotStarted(f"starting fob: {error.strerror}: {line[0]}") from error
        assert self._process.stdout is not None
        try:
            #: the ready line of fob run (docs/json.md)
            self.ready = self._read_ready(self._process.stdout)
        except BaseException:
            self.close()
            raise

    def _read_ready(self, output: IO[bytes]) -> dict[str, Any]:
        ready = bytearray()  # it has the API key
        while not ready.endswith(b"\n"):
            piece = output.read(64 << 10)
            if not piece:
                self._process.wait()
                ready.clear()
                raise NotStarted(f"starting fob: it has ended: {self.ended()}")
            ready += piece
            piece = b""
        try:
            found = json.loads(ready)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            ready.clear()
            raise NotStarted(
                f"starting fob: the first line that {self._program} prints is not JSON: "
                "set FOB_COMMAND to the path of fob"
            )
        return found

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> Optional[str]:
        """Returns how the process ended, None if it runs."""
        if self._log.closed:
            return "it was closed"
        status = self._process.poll()
        if status is None:
            return None
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()[-5:]
        said = "; ".join(_message(line) for line in lines)
        return f"exit code {status}" + (f": {said}" if said else "")

    def close(self) -> None:
        """Ends the process, and waits until it has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.close()
        except OSError:
            pass  # it has ended
        if os.name == "posix":  # a process that was forked may keep its standard input open
            self._process.terminate()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()


def _message(line: str) -> str:
    """Returns the text of a line that fob has printed with --json."""
    try:
        value = json.loads(line)
        return str(value.get("error") or value.get("warning") or line)
    except (ValueError, AttributeError):
        return line
