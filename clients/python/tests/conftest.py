# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the package's own tests. They use the plugin as users do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A user's project, whose pytest runs in a process of its own with the plugin."""
    for name in ("FOB_URL", "FOB_API_KEY", "FOB_DEVICE", "FOB_WORLD_SEED", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    source = str(HERE.parent / "src")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([source, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    monkeypatch.setenv("PYTEST_PLUGINS", "fob_tokens.pytest_plugin")
    return pytester
