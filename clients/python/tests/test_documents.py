# SPDX-License-Identifier: Apache-2.0
"""The Python blocks of the documents outside this folder run as printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fob_tokens import Fleet
from fob_tokens._start import Process

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
#: pages of the cookbook without a test: the list of the pages, and commands that need none
OTHER_PAGES = {"README.md", "load.md"}
#: what the page about containers has done before its test: three tokens, which the server has
CONTAINER = """

@pytest.fixture(autouse=True)
def imported(fob: Fleet, bank: Bank) -> None:
    bank.register(fob.token("ZZFB00000001"))
"""
DOCUMENTS = ["README.md", "README.ja.md"] + sorted(
    str(page.relative_to(ROOT)) for page in ROOT.glob("docs/cookbook/*.md") if page.name not in OTHER_PAGES
)


def program(document: str) -> str:
    """Returns the blocks of a document, each line where it stands in the document."""
    lines: list[str] = []
    inside = False
    for line in (ROOT / document).read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            line = ""
        lines.append(line if inside else "")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_runs_as_printed(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, document: str, request: pytest.FixtureRequest
) -> None:
    text = program(document)
    tests = text.count("\ndef test_")
    assert tests > 0, f"{document} has no test in Python"
    conftest = (HERE / "bank.py").read_text()
    arguments: list[str] = []
    if document.endswith("hardware.md"):
        cable = Process(["--profile", "button-6", "--http", "off"])
        request.addfinalizer(cable.close)
        arguments = ["-rs", f"--fob-device={cable.ready['tokens'][0]['port']}"]
    if document.endswith("container.md"):
        conftest += CONTAINER
        fleet = Fleet.start(arguments=["--world-seed", "7", "--count", "3"])
        request.addfinalizer(fleet.close)
        monkeypatch.setenv("FOB_URL", fleet.url)
        monkeypatch.setenv("FOB_API_KEY", fleet.api_key)
    (project.path / "conftest.py").write_text(conftest)
    page = project.path / (re.sub(r"\W", "_", document) + ".py")
    page.write_text(text, encoding="utf-8")
    project.runpytest_subprocess(page, *arguments).assert_outcomes(passed=tests)


def test_the_readme_needs_five_lines() -> None:
    for document in DOCUMENTS[:2]:
        assert len([line for line in program(document).splitlines() if line]) <= 5, document
