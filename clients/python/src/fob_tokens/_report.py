# SPDX-License-Identifier: Apache-2.0
"""What a failed test's report shows: the world seed, the event log and the displays."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from pathlib import Path
from typing import Any, Optional

import pytest

from . import Fleet, FobError, Token
from ._values import instant
from .api import TokenState

#: events in the report; the file has all of the test
SHOWN_EVENTS = 100
#: seconds of a time step
STEP = 60
MOST_EVENTS = 10_000
MOST_DISPLAYS = 20


class Attachments:
    """The world seed, the events since seq, and the displays of the tokens that the test has
    used."""

    def __init__(self, fleet: Fleet, world_seed: str, seq: int, repeatable: bool) -> None:
        self.problem = ""
        self.world_seed = world_seed
        self.repeatable = repeatable
        self.tokens: list[str] = []  # a line about each
        self.events: list[str] = []
        self.displays: list[tuple[str, str, Optional[bytes]]] = []  # serial number, text, PNG
        self._hardware = fleet.hardware
        try:
            self.events = [_line(e) for e in fleet.events(after_seq=seq, limit=MOST_EVENTS)]
            for hardware_id, (serial, model) in list(fleet._home.used.items())[-MOST_DISPLAYS:]:
                self._look(Token(fleet, hardware_id, serial, model))
        except FobError as error:
            self.problem = str(error)
        except pytest.skip.Exception as error:  # of hardware
            self.problem = str(error)

    def _look(self, token: Token) -> None:
        png = None
        name = token.serial or token.id
        try:
            self.tokens.append(f"token {name}: {_describe(token.state())}")
            text, png = token.display(), token.png()
        except FobError as error:  # such as a token that was removed
            text = str(error)
        self.displays.append((name, text, png))

    def attach(self, item: pytest.Item, report: pytest.TestReport, config: pytest.Config) -> None:
        """Adds everything to the report, and writes it to files."""
        files = {"events.jsonl": "".join(line + "\n" for line in self.events).encode()}
        files["world.json"] = json.dumps({"test": item.nodeid, "world_seed": self.world_seed}).encode()
        files.update({f"display-{name}.png": png for name, _, png in self.displays if png is not None})
        item.user_properties.append(("fob_world_seed", self.world_seed))  # for the JUnit file
        try:
            folder = _folder(item, config)
            for name, content in files.items():
                (folder / name).write_bytes(content)
            item.user_properties.append(("fob_files", str(folder)))
            where = f"files: {folder}"
        except OSError as error:  # such as a full disk
            where = f"files: not written: {error}"
        report.sections.append(("fob", self._text(where)))
        self._html(report, config)

    def _text(self, where: str) -> str:
        lines = [f"world seed {self.world_seed}"]
        if self.repeatable:
            lines[0] += f"; to repeat: pytest --fob-world-seed={self.world_seed}"
        lines += self.tokens
        lines += [f"display of {name}: {text!r}" for name, text, _ in self.displays]
        lines.append(where)
        if self.problem:
            lines.append(f"not complete: {self.problem}")
        hidden = max(0, len(self.events) - SHOWN_EVENTS)
        what = "what was done to the hardware" if self._hardware else "events"
        lines.append(f"{what}, oldest first" + (f" ({hidden} older ones are in events.jsonl)" if hidden else "") + ":")
        return "\n".join(lines + self.events[hidden:])

    def _html(self, report: pytest.TestReport, config: pytest.Config) -> None:
        """Adds the pictures and the log to the report of pytest-html."""
        if not config.pluginmanager.hasplugin("html"):
            return
        import pytest_html  # type: ignore[import]

        name = "extra" if pytest_html.__version__.startswith("3.") else "extras"
        found: list[Any] = list(getattr(report, name, []))
        for token, _, png in self.displays:
            if png is not None:
                found.append(pytest_html.extras.png(base64.b64encode(png).decode(), name=f"display of {token}"))
        found.append(pytest_html.extras.text("\n".join(self.events), name="fob events"))
        setattr(report, name, found)


def _describe(state: TokenState) -> str:
    """Returns a token's hardware id, state and clock error in a line."""
    clock = "not set"
    if state.error_ms is not None:
        token, world = (int(t.timestamp() // STEP) for t in (state.token_time, state.true_time))
        clock = f"{state.error_ms:+d} ms ({token - world:+d} steps)"
    return f"hardware id {state.hardware_id}, {state.state}, clock error {clock}"


def _line(event: Any) -> str:
    """Writes an event as the API does."""
    fields = {k: v for k, v in dataclasses.asdict(event).items() if v is not None}
    return json.dumps(fields, default=lambda v: instant(v))


def _folder(item: pytest.Item, config: pytest.Config) -> Path:
    """Returns the folder for the files of a test."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", item.nodeid)[-150:].strip("_.")
    given = config.getoption("--fob-artifacts")
    if given:
        folder = Path(config.invocation_params.dir, given, name)
    else:
        factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
        folder = factory.getbasetemp() / "fob" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
