# SPDX-License-Identifier: Apache-2.0
"""The plugin, in the project of a user."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import sys
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
            "token ZZFB00000001: hardware id [0-9A-F]*, LOCKED, clock error -* ms (-* steps)",
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


def test_the_clock_error_of_a_failed_test(project: pytest.Pytester) -> None:
    """-95 s are two steps if a step has begun less than 35 s ago, as at midnight."""
    project.makepyfile(
        """
        import pytest

        @pytest.mark.fob_token(crystal="perfect")
        def test_fails(fob, token):
            token.skew("-95s")
            fob.advance(to="2026-01-02T00:00:00Z")
            assert abs(token.state().error_ms + 95_000) < 100, "more than a crystal does in a day"
            assert not token.code(read_only=True)
        """
    )
    result = project.runpytest_subprocess()
    result.stdout.fnmatch_lines(["token ZZFB00000001: hardware id *, LOCKED, clock error -9[45]* ms (-2 steps)"])


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


KEY = "KEYKEYKEYKEYKEYKEYKEYKEYKE"
VERBOSE = ("--showlocals", "--full-trace", "--junitxml=junit.xml")


@pytest.mark.parametrize("arguments", [("--junitxml=junit.xml",), VERBOSE])
def test_no_report_shows_a_key_or_a_password(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("FOB_API_KEY", KEY)
    bad = project.makefile(".pem", bad="no certificate")
    monkeypatch.setenv("FOB_CACERT", str(bad))
    urls = ["http://user:hunter2@127.0.0.1", "http://:hunter2@127.0.0.1", "http://u:hunter2@[::1", "http://u:hunter2@h:x"]
    monkeypatch.setenv("URLS", " ".join([*urls, "http://192.0.2.1", "https://127.0.0.1:1"]))
    project.makepyfile(
        """
        import asyncio, os, pytest
        from fob_tokens import AsyncFleet, Fleet

        @pytest.mark.parametrize("n", range(6))
        def test_url(n):
            Fleet.connect(os.environ["URLS"].split()[n], os.environ["FOB_API_KEY"])

        @pytest.mark.parametrize("n", range(6))
        def test_asyncio(n):
            AsyncFleet.connect(os.environ["URLS"].split()[n], os.environ["FOB_API_KEY"])

        def test_key():
            Fleet.connect("http://127.0.0.1:1", os.environ["FOB_API_KEY"] + " ")

        @pytest.fixture
        def nobody(monkeypatch):
            monkeypatch.delenv("FOB_CACERT")
            return Fleet.connect("http://127.0.0.1:1", os.environ["FOB_API_KEY"])

        def test_body(nobody):
            nobody.new(name=object())

        def test_body_asyncio(nobody):
            asyncio.run(nobody.aio.new(name=object()))

        def test_path(nobody):
            nobody.token(7)

        def test_argument(nobody):
            nobody.new(age=object())

        def test_stream(nobody):
            for _ in nobody.follow():
                pass
        """
    )
    result = project.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=18)
    for text in (result.stdout.str(), result.stderr.str(), (project.path / "junit.xml").read_text()):
        assert KEY not in text
        assert "hunter2" not in text


def test_no_report_shows_a_seed(project: pytest.Pytester) -> None:
    """The fleet tells its seeds to the client, which then fails."""
    project.makepyfile(
        """
        import pathlib, fob_tokens._token as module

        def test_seed(token, monkeypatch):
            pathlib.Path("secret").write_text(token.seed().hex() + token.otpauth().split("secret=")[1].split("&")[0])

            def fails(text):
                raise ValueError("not base32")

            monkeypatch.setattr(module.base64, "b32decode", fails)
            token.seed()
        """
    )
    result = project.runpytest_subprocess(*VERBOSE, "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    secret = (project.path / "secret").read_text()
    for text in (result.stdout.str(), (project.path / "junit.xml").read_text()):
        assert secret[40:] not in text and secret[:40] not in text


@pytest.mark.parametrize("folder", ["file", "/proc/nope"])
def test_files_that_cannot_be_written(project: pytest.Pytester, folder: str) -> None:
    (project.path / "file").touch()
    project.makepyfile(FAILING + "\n    def test_passes(token):\n        pass\n")
    result = project.runpytest_subprocess(f"--fob-artifacts={folder}", "--fob-world-seed=7")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        ["E *AssertionError*", "world seed 7; to repeat: *", "token *", "files: not written: *", "events, oldest first:", "*age*"]
    )


def test_a_full_disk(project: pytest.Pytester) -> None:
    """A link to /dev/full has the error of a full disk."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    folder = project.path / "out" / "test_a_full_disk.py_test_fails"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").symlink_to("/dev/full")
    result = _fails(project)
    result.stdout.fnmatch_lines(["E *AssertionError*", "files: not written: *No space left on device*"])


@pytest.mark.parametrize("body", ["<html>", "{}", "[]", "null", "7"])
def test_another_server_at_the_address(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    """It answers from the beginning, or after the fleet."""
    monkeypatch.setenv("FOB_API_KEY", KEY)
    project.makepyfile(
        f"""
        import http.server, os, threading
        import pytest

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "{len(body)}")
                self.end_headers()
                self.wfile.write(b"{body}")

        @pytest.fixture(scope="session", autouse=True)
        def server():
            with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                yield f"http://127.0.0.1:{{server.server_port}}"
                server.shutdown()

        def test_later(server, fob):
            other = fob.connect(server, "{KEY}")
            fob._home.blocking.close()
            fob._home.blocking.address = other._home.address
            assert not "the failure of the test"

        def test_next(fob):
            assert not "of the next test"

        def test_beginning(server, request):
            os.environ["FOB_URL"] = server
            with pytest.raises(pytest.fail.Exception, match="reading the answer to capabilities"):
                plugin = request.config.pluginmanager.getplugin("fob-session")
                try:
                    plugin.fleet()
                except Exception as error:
                    pytest.fail(str(error))
        """
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(["E *the failure of the test*", "not complete: reading the answer to events: *"])
    result.stdout.fnmatch_lines(["E *of the next test*", "not complete: reading the answer to events: *"])


@pytest.mark.parametrize("option", ["--fob-world-seed=7", "--fob-clock=real"])
def test_options_that_a_fleet_that_runs_cannot_have(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, fob: Fleet, option: str
) -> None:
    monkeypatch.setenv("FOB_URL", fob.url)
    monkeypatch.setenv("FOB_API_KEY", fob.api_key)
    project.makepyfile("def test_it(token):\n    assert not token.code()\n")
    result = project.runpytest_subprocess(option)
    result.assert_outcomes(errors=1)
    name = option.split("=")[0]
    result.stdout.fnmatch_lines([f"{name} and FOB_URL: the fleet at FOB_URL runs already: give {name[5:]} to *"])
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"world seed {fob.world_seed()}"])
    assert "to repeat" not in result.stdout.str()


def test_parallel_workers_do_not_repeat(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    result = _fails(project, "-n", "2")
    result.stdout.fnmatch_lines(["world seed 7"])
    assert "to repeat" not in result.stdout.str()


def test_an_option_of_the_marker_without_a_name(project: pytest.Pytester) -> None:
    project.makepyfile("import pytest\n@pytest.mark.fob_token('button-6')\ndef test_it(token):\n    pass\n")
    result = project.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the marker fob_token has an argument without a name ('button-6'): write it as in *"])


def test_parallel_workers_with_one_fleet(project: pytest.Pytester) -> None:
    """As README.md says: the serial numbers of all workers differ, and tests may read seeds."""
    pytest.importorskip("xdist")
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text()
    (line,) = re.findall(r"^fob with (.*) -- python -m pytest -n 2$", readme, re.MULTILINE)
    project.makepyfile(
        """
        import pathlib, pytest

        @pytest.mark.parametrize("n", range(8))
        def test_it(fob, token, n):
            assert token.seed() and fob.time().mode == "manual"
            with pathlib.Path(__file__).with_name("serials").open("a") as file:
                file.write(token.serial + "\\n")
        """
    )
    command = [os.environ["FOB_COMMAND"], "with", *line.split(), "--", sys.executable, "-m", "pytest", "-n", "2"]
    result = project.run(*command)
    result.assert_outcomes(passed=8)
    assert len(set((project.path / "serials").read_text().split())) == 8
