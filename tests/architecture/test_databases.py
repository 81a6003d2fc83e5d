"""PostgreSQL and a browser are never left out in silence: a run says so, and on CI it fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import browsers, databases

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
NOT_EXERCISED = "*PostgreSQL was NOT exercised"
CONFTEST = """
from pathlib import Path
from tests.evidence import Evidence

def pytest_configure(config):
    config.addinivalue_line("markers", "postgresql: needs it")
    config.addinivalue_line("markers", "browser: needs it")
    config.pluginmanager.register(Evidence(config, Path(__file__).parent))
"""
SUITE = """
import pytest

@pytest.mark.postgresql
def test_of_the_store(): pass

@pytest.mark.postgresql
def test_skipped(): pytest.skip("for no good reason")

@pytest.mark.browser
def test_of_the_screen(): pass

def test_of_a_step(): pass
"""
NO_BROWSER = "A browser was NOT exercised"


@pytest.mark.parametrize(
    ("arguments", "ci", "server", "code", "said"),
    [
        ([], "true", "", 0, "*SQLite 3.*; PostgreSQL, 1 tests; A browser, 1 tests"),
        ([], "", "none", 0, NOT_EXERCISED),
        ([], "true", "none", 1, f"{NOT_EXERCISED}, which fails on CI"),
        (["-k", "step"], "true", "", 1, f"{NOT_EXERCISED}, which fails on CI"),
        (["-k", "skipped"], "true", "", 1, f"{NOT_EXERCISED}, which fails on CI"),
        (["test_suite.py::test_skipped"], "true", "", 1, f"{NOT_EXERCISED}, which fails on CI"),
        (["test_suite.py::test_of_a_step"], "true", "", 0, None),
        (["--collect-only"], "true", "none", 0, None),
    ],
)
def test_a_run_tells_whether_it_met_postgresql_and_on_ci_it_must(
    arguments: list[str],
    ci: str,
    server: str,
    code: int,
    said: str | None,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("TEST_POSTGRES_URL", server)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_suite=SUITE)
    run = pytester.runpytest_inprocess("-p", "no:hypothesispytest", *arguments)
    assert run.ret == code
    if said:
        run.stdout.fnmatch_lines(said)
    else:
        run.stdout.no_fnmatch_line("*databases:*")


@pytest.mark.parametrize(
    ("ci", "code", "said"), [("", 0, NO_BROWSER), ("true", 1, f"{NO_BROWSER}, which fails on CI")]
)
def test_a_run_tells_whether_it_met_a_browser_and_on_ci_it_must(
    ci: str, code: int, said: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("TEST_CHROMIUM", "none")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_suite=SUITE)
    run = pytester.runpytest_inprocess("-p", "no:hypothesispytest")
    assert run.ret == code
    run.stdout.fnmatch_lines(said)
    run.stdout.fnmatch_lines("*SQLite 3.*; PostgreSQL, 1 tests")


def test_without_any_browser_a_test_fails_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_CHROMIUM", raising=False)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with (
        pytest.raises(pytest.fail.Exception, match=r"no Chromium.*make browser.*TEST_CHROMIUM"),
        browsers.chromium(),
    ):
        pass


def test_the_contract_suite_of_this_project_fails_on_ci_without_postgresql(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("TEST_POSTGRES_URL", "none")
    command = [sys.executable, "-m", "pytest", "tests/store/test_views.py", "-k", "unknown"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout
    assert "1 passed" in run.stdout


def test_without_any_server_a_test_fails_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_POSTGRES_URL", raising=False)
    monkeypatch.setattr(databases, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with (
        pytest.raises(pytest.fail.Exception, match=r"no PostgreSQL server.*make setup.*TEST_POSTGRES_URL"),
        databases.postgresql_server(),
    ):
        pass


def test_a_server_that_does_not_start_fails_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_POSTGRES_URL", raising=False)
    monkeypatch.setattr(databases, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(tmp_path / "pg_ctl"))
    with (
        pytest.raises(pytest.fail.Exception, match=r"(?s)did not start.*make setup.*/initdb: "),
        databases.postgresql_server(),
    ):
        pass
