"""The kept files are what the generator writes, on every machine."""

import shutil
from pathlib import Path

import pytest

from demo import draw, generate
from tests.demo.sample import DEMO

pytestmark = pytest.mark.once


def test_the_kept_files_are_exactly_what_the_generator_writes() -> None:
    assert generate.differences(DEMO) == []


def test_a_changed_a_missing_and_a_foreign_file_are_named(tmp_path: Path) -> None:
    for name in ("statements", "exports"):
        shutil.copytree(DEMO / name, tmp_path / name)
    (tmp_path / "exports" / "rules.csv").unlink()
    (tmp_path / "exports" / "other.csv").write_text("a\n")
    changed = tmp_path / "statements" / "qos-checking.csv"
    changed.write_bytes(changed.read_bytes().replace(b"DOCKAGE", b"MOORAGE", 1))
    assert generate.differences(tmp_path) == [
        "exports/other.csv",
        "exports/rules.csv",
        "statements/qos-checking.csv",
    ]


def test_check_says_which_file_differs_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "exports" / "stays.csv").write_bytes(b"")
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "demo/exports/stays.csv is not what demo/generate.py writes; run python -m demo.generate.\n"
    )


def test_choices_belong_to_their_name_and_not_to_the_run() -> None:
    assert draw.number("a", 1, below=1_000_000) == draw.number("a", 1, below=1_000_000)
    assert [draw.number("a", n, below=10) for n in range(8)] == [6, 2, 6, 1, 6, 0, 1, 0]
    assert draw.identifier("po", "x") != draw.identifier("po", "y")
