#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how long 100 tests with one token each take beyond the same tests without."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = 100
ROUNDS = 5
GOAL = 2.0  # seconds

WITHOUT = "import pytest\n\n@pytest.mark.parametrize('n', range({n}))\ndef test(n):\n    assert len('123456') == 6\n"
WITH = "import pytest\n\n@pytest.mark.parametrize('n', range({n}))\ndef test(n, token):\n    assert len(token.code()) == 6\n"


def measure(test: str) -> float:
    """Returns the seconds that a pytest run takes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_it.py").write_text(test.format(n=TESTS), encoding="utf-8")
        line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "fob_tokens.pytest_plugin"]
        begin = time.monotonic()
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, env={**os.environ})
        took = time.monotonic() - begin
    if f"{TESTS} passed" not in done.stdout:
        sys.exit(done.stdout + done.stderr)
    return took


def main() -> int:
    pairs = [(measure(WITHOUT), measure(WITH)) for _ in range(ROUNDS)]
    added = statistics.median(b - a for a, b in pairs)
    without = statistics.median(a for a, _ in pairs)
    print(
        f"{TESTS} tests: {without:.2f} s without a token; a token each adds {added:.2f} s, "
        f"{1000 * added / TESTS:.1f} ms a test; the goal is {GOAL:.0f} s"
    )
    return 0 if added < GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
