# SPDX-License-Identifier: Apache-2.0
"""The plugin, in the project of a user."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fob_tokens import Fleet

FAILING = """
    import pytest

    @pytest.mark.fob_token(profile="button-6", ppm=-3.8)
    def test_fails(token):
        token.age("P3Y")
        token.code()
        assert token.serial == "another"
"""


def _fails(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    project.makepyfile(FAILING)
    result = project.runpytest_subprocess("--fob-artifacts=out", "--fob-world-seed=7", *arguments)
    result.assert_outcomes(failed=1)
    return result


def test_a_failed_test_has_what_is_needed_to_repeat_it(project: pytest.Pytester) -> None:
    result = _fails(project, "--junit-xml=junit.xml")
    result.stdout.fnmatch_lines(
        [
            "*- fob -*",
            "world seed 7; to repeat: pytest --fob-world-seed=7",
            "display of ZZFB00000001: '[0-9][0-9][0-9][0-9][0-9][0-9]'",
            "files: */out/*test_fails",
            "events, oldest first:",
            '{"event": "made"*',
            '*"event": "age"*',
            '*"event": "press"*',
        ]
    )
    (folder,) = (project.path / "out").iterdir()
    assert sorted(f.name for f in folder.iterdir()) == ["display-ZZFB00000001.png", "events.jsonl", "world.json"]
    assert (folder / "display-ZZFB00000001.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert json.loads((folder / "world.json").read_text())["world_seed"] == "7"
    events = [json.loads(line)["event"] for line in (folder / "events.jsonl").read_text().splitlines()]
    assert "age" in events and "display-on" in events
    properties = {p.attrib["name"]: p.attrib["value"] for p in ElementTree.parse(project.path / "junit.xml").iter("property")}
    assert properties == {"fob_world_seed": "7", "fob_files": str(folder)}


def test_the_seed_repeats_the_displays(project: pytest.Pytester) -> None:
    def display(result: pytest.RunResult) -> str:
        found = re.search(r"display of ZZFB00000001: '(\d{6})'", result.stdout.str())
        assert found is not None
        return found[1]

    assert display(_fails(project)) == display(_fails(project))


def test_the_traceback_ends_at_the_line_of_the_test(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(fob):\n    fob.token('nobody')\n")
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    assert "fob_tokens/_" not in result.stdout.str()
    result.stdout.fnmatch_lines([">       fob.token('nobody')", "E       *NotFound: *there is no token nobody*"])


def test_only_the_events_of_the_test(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_before(token):
            token.skew("1h")

        def test_fails(fob, token):
            fob.new_tokens(2)
            assert not token.code()
        """
    )
    result = project.runpytest_subprocess("--fob-artifacts=out", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    (folder,) = (project.path / "out").iterdir()
    assert "skew" not in (folder / "events.jsonl").read_text()
    assert len(list(folder.glob("display-*.png"))) == 3


def test_the_displays_of_all_tokens_that_the_test_has_used(project: pytest.Pytester) -> None:
    """A token of a module is older than the test that fails."""
    project.makepyfile(
        """
        import asyncio, pytest

        @pytest.fixture(scope="module")
        def shared(fob):
            return fob.new()

        def test_before(shared, token):
            assert token.code() and shared.code()

        def test_fails(shared):
            assert not shared.code()

        def test_asyncio(shared):
            assert not asyncio.run(shared.aio.code())

        def test_fleet(fob, shared):
            assert not fob.now()
        """
    )
    project.runpytest_subprocess("--fob-artifacts=out").assert_outcomes(passed=1, failed=3)
    displays = {f.parent.name.split(".py_")[1]: f.name for f in project.path.glob("out/*/display-*.png")}
    assert displays == {"test_fails": "display-ZZFB00000001.png", "test_asyncio": "display-ZZFB00000001.png"}


def test_files_go_to_the_temporary_folder(project: pytest.Pytester) -> None:
    project.makepyfile(FAILING)
    result = project.runpytest_subprocess("--basetemp=temporary")
    result.stdout.fnmatch_lines(["files: *temporary/fob/*test_fails"])
    assert list(project.path.glob("temporary/fob/*/events.jsonl"))


def test_the_fleet_ends_during_a_test(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import os, signal

        def test_gone(fob, token):
            os.kill(fob._home.process.pid, signal.SIGKILL)
            fob._home.process._process.wait()
            token.code()
        """
    )
    result = project.runpytest_subprocess("--fob-world-seed=7")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *Unreachable: the fleet has ended: exit code -9", "world seed 7; to repeat: *", "not complete: *"]
    )


def test_fob_is_not_installed(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOB_COMMAND", "/nowhere/fob")
    project.makepyfile("def test_it(token):\n    pass\n")
    result = project.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["starting fob: there is no program /nowhere/fob: set FOB_COMMAND to the path of fob"])
    assert "Traceback" not in result.stdout.str()


def test_a_fleet_that_runs(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    with Fleet.start() as running:
        monkeypatch.setenv("FOB_URL", running.url)
        monkeypatch.setenv("FOB_API_KEY", running.api_key)
        project.makepyfile(
            f"""
            def test_it(fob, token):
                assert fob.url == {running.url!r} and fob.world_seed() == {running.world_seed()!r}
            """
        )
        project.runpytest_subprocess().assert_outcomes(passed=1)
        assert running.tokens() == []  # the test's token was removed
        monkeypatch.setenv("FOB_API_KEY", "A" * 26)
        result = project.runpytest_subprocess()
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["the key in FOB_API_KEY is not the API key of the fleet at http://*"])


def test_clock_and_beginning(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(fob):\n    assert (fob.time().mode, fob.now().year) == ('manual', 2031)\n")
    project.makeini("[pytest]\nfob_at = 2031-11-30T00:00:00Z\n")
    project.runpytest_subprocess().assert_outcomes(passed=1)
    project.makepyfile("def test_it(fob):\n    assert fob.time().rate == 60\n")
    project.makeini("[pytest]\nfob_clock = real\n")
    project.runpytest_subprocess("--fob-clock=scaled:60").assert_outcomes(passed=1)


def test_parallel_workers_have_fleets_of_their_own(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    project.makepyfile(
        """
        import os, pathlib, pytest

        @pytest.mark.parametrize("n", range(8))
        def test_it(fob, token, n):
            fob.advance("P1D")
            folder = pathlib.Path(__file__).parent
            (folder / (os.environ["PYTEST_XDIST_WORKER"] + ".url")).write_text(fob.url)
            assert token.code() == token.display()

        def test_fails(token):
            assert not token.code()
        """
    )
    result = project.runpytest_subprocess("-n", "2", "--dist=each", "--fob-artifacts=out")
    result.assert_outcomes(passed=16, failed=2)
    urls = {f.read_text() for f in project.path.glob("*.url")}
    assert len(urls) == 2
    result.stdout.fnmatch_lines(["*- fob -*", "world seed *", "events, oldest first:"])
    assert list(project.path.glob("out/*/display-*.png"))


def test_asyncio(project: pytest.Pytester) -> None:
    pytest.importorskip("pytest_asyncio")
    project.makepyfile(
        """
        async def test_it(async_fob, async_token):
            assert await async_token.code() in (await async_fob.codes()).values()
        """
    )
    project.runpytest_subprocess("--asyncio-mode=auto").assert_outcomes(passed=1)


def test_html(project: pytest.Pytester) -> None:
    pytest.importorskip("pytest_html", reason="pytest-html is not installed: test_extras_of_html has its data")
    _fails(project, "--html=report.html", "--self-contained-html")
    page = Path(project.path / "report.html").read_text()
    assert "data:image/png;base64," in page and "fob events" in page


@pytest.mark.parametrize(("version", "name"), [("3.2.0", "extra"), ("4.1.1", "extras")])
def test_extras_of_html(project: pytest.Pytester, version: str, name: str) -> None:
    """pytest-html finds them in the report, under a name that differs between its versions."""
    if importlib.util.find_spec("pytest_html"):
        pytest.skip("pytest-html is installed: test_html has the real one")
    project.makepyfile(
        pytest_html=f"""
            __version__ = {version!r}

            class extras:
                @staticmethod
                def png(content, name):
                    return {{"format_type": "image", "content": content, "name": name}}

                @staticmethod
                def text(content, name):
                    return {{"format_type": "text", "content": content, "name": name}}
        """,
        conftest=f"""
            import json

            def pytest_configure(config):
                config.pluginmanager.unregister(name="html")
                config.pluginmanager.register(object(), "html")

            def pytest_runtest_logreport(report):
                if report.failed:
                    with open("extras.json", "w") as file:
                        json.dump(report.{name}, file)
        """,
    )
    _fails(project)
    picture, events = json.loads((project.path / "extras.json").read_text())
    (folder,) = (project.path / "out").iterdir()
    assert base64.b64decode(picture["content"]) == (folder / "display-ZZFB00000001.png").read_bytes()
    assert events["content"] + "\n" == (folder / "events.jsonl").read_text()
    assert (picture["format_type"], picture["name"]) == ("image", "display of ZZFB00000001")
    assert (events["format_type"], events["name"]) == ("text", "fob events")
