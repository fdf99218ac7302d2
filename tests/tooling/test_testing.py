"""What `bin/test` says and does where this machine lacks something."""

from pathlib import Path

import debian
import pytest
import testing

pytestmark = pytest.mark.once


def test_what_cannot_be_had_is_named_with_the_tests_it_costs(capsys: pytest.CaptureFixture[str]) -> None:
    testing._tell_missing(["chromium"], testing.Servers("postgres://…", "", Path()))

    assert capsys.readouterr().out.splitlines() == [
        "NOT RUN: browser tests. chromium is not installed, and this user may not install it.",
        "NOT RUN: tests on Redis. Redis did not start.",
    ]


def test_where_everything_is_there_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    testing._tell_missing([], testing.Servers("postgres://…", "redis://…", Path()))

    assert capsys.readouterr().out == ""


def test_a_machine_without_apt_installs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert debian.install(["chromium", "postgresql"]) == ["chromium", "postgresql"]
    assert debian.install([]) == []


def test_a_server_that_ends_at_once_does_not_listen(tmp_path: Path) -> None:
    with testing.contextlib.ExitStack() as stack:
        server = testing._start(stack, ["false"], tmp_path / "log", testing.signal.SIGTERM)

        assert testing._listens(server, testing._free_port()) is False
