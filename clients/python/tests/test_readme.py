# SPDX-License-Identifier: Apache-2.0
"""The examples of README.md run as printed, with the installed wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[str]:
    return BLOCK.findall((HERE / "README.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built without a network from a copy of the folder."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md"):
        (copy / name).write_bytes((HERE / name).read_bytes())
    package = copy / "src" / "fob_tokens"
    package.mkdir(parents=True)
    for file in (HERE / "src" / "fob_tokens").iterdir():
        if file.is_file():
            (package / file.name).write_bytes(file.read_bytes())
    line = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(copy)]
    done = subprocess.run(line, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("fob_tokens-*-py3-none-any.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a virtual environment with the wheel and the system's pytest."""
    folder = tmp_path_factory.mktemp("venv")
    venv.EnvBuilder(system_site_packages=True, with_pip=False).create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as file:  # what pip does with a wheel without scripts
        file.extractall(site)
    return folder / "bin" / "python"


def run(installed: Path, folder: Path, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "FOB_"))}
    environment["FOB_COMMAND"] = os.environ["FOB_COMMAND"]
    line = [str(installed), "-m", "pytest", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_steps_without_a_network(tmp_path: Path) -> None:
    """The second block of "Install", in another home directory, and the five lines."""
    (steps,) = [b for b in SHELL.findall((HERE / "README.md").read_text()) if "--no-index" in b]
    shutil.copytree(HERE, tmp_path / "python", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    (tmp_path / "test_five.py").write_text(blocks()[0])
    script = f"set -e\n{steps}\ncd ..\npython -m pytest -p no:cacheprovider test_five.py\n"
    script = script.replace("python3 -m venv", f"{sys.executable} -m venv")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "FOB_", "PIP_"))}
    environment.update(HOME=str(tmp_path), FOB_COMMAND=os.environ["FOB_COMMAND"])
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, cwd=tmp_path / "python", env=environment
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_five_lines(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_five.py").write_text(blocks()[0])
    assert len(blocks()[0].splitlines()) == 5
    assert "1 passed" in run(installed, tmp_path)


def test_all_examples(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_examples.py").write_text("\n\n".join(blocks()))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    wanted = sum(len(re.findall(r"^def test_", block, re.MULTILINE)) for block in blocks())
    assert f"{wanted} passed" in run(installed, tmp_path)


def test_the_types_are_installed(installed: Path, tmp_path: Path) -> None:
    """A user's type checker sees the types of both clients."""
    pytest.importorskip("mypy")
    (tmp_path / "use.py").write_text(
        """
from fob_tokens import AsyncFleet, Fleet

def blocking(fob: Fleet) -> None:
    reveal_type(fob.new().code())
    reveal_type(fob.new().attach().state().in_.drop)

async def awaiting(fob: AsyncFleet) -> None:
    reveal_type(await (await fob.new()).code(min_remaining=3))
    reveal_type(await fob.tokens())
"""
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    line = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(installed), "use.py"]
    done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, env=environment)
    found = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert found == [
        "builtins.str",
        "Union[builtins.float, None]",
        "builtins.str",
        "builtins.list[fob_tokens._clients.AsyncToken]",
    ], done.stdout + done.stderr
