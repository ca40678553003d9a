# SPDX-License-Identifier: Apache-2.0
"""The Python blocks of the documents outside this folder run as printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fob_tokens._start import Process

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
#: pages of the cookbook that are not for tests in Python
OTHER_PAGES = {"README.md"}
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
def test_a_document_runs_as_printed(project: pytest.Pytester, document: str) -> None:
    text = program(document)
    tests = text.count("\ndef test_")
    assert tests > 0, f"{document} has no test in Python"
    (project.path / "conftest.py").write_bytes((HERE / "bank.py").read_bytes())
    page = project.path / (re.sub(r"\W", "_", document) + ".py")
    page.write_text(text, encoding="utf-8")
    if "--fob-device" in (ROOT / document).read_text(encoding="utf-8"):
        cable = Process(["--profile", "button-6", "--http", "off"])
        try:
            result = project.runpytest_subprocess(page, "-rs", f"--fob-device={cable.ready['tokens'][0]['port']}")
        finally:
            cable.close()
    else:
        result = project.runpytest_subprocess(page)
    result.assert_outcomes(passed=tests)


def test_the_readme_needs_five_lines() -> None:
    for document in DOCUMENTS[:2]:
        assert len([line for line in program(document).splitlines() if line]) <= 5, document
