"""`bin/check` catches what it is there for."""

import json
import subprocess
from pathlib import Path

import checking
import pytest
from environment import CannotGoOnError

pytestmark = pytest.mark.once

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a small repository that the checks look at."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checking, "ROOT", tmp_path)
    monkeypatch.setattr(checking, "STATIC", tmp_path / "static")
    return tmp_path


def write(house: Path, name: str, text: str) -> None:
    file = house / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    subprocess.run(["git", "-C", str(house), "add", name], check=True)


def manifest(house: Path, **named: str) -> None:
    files = [
        {"file": name.replace("_", "."), "sha256": digest, "licence_file": "LICENSE"}
        for name, digest in named.items()
    ]
    write(house, "static/vendor/manifest.json", json.dumps({"files": files, "fonts": []}))
    write(house, "static/vendor/LICENSE", "Free.")


def test_a_vendored_file_is_the_one_its_manifest_names(house: Path) -> None:
    manifest(house, a_js=ABC)
    write(house, "static/vendor/a.js", "abc")

    assert checking._vendor() == checking.Outcome("ok")


def test_a_vendored_file_that_was_changed_is_told(house: Path) -> None:
    manifest(house, a_js=ABC)
    write(house, "static/vendor/a.js", "abcd")

    assert checking._vendor().words == "static/vendor/a.js is not the file that the manifest names."


def test_a_vendored_file_nobody_named_and_one_that_is_gone_are_told(house: Path) -> None:
    manifest(house, a_js=ABC)
    write(house, "static/vendor/b.js", "abc")

    assert checking._vendor().words.splitlines() == [
        "static/vendor/b.js is not in the manifest.",
        "static/vendor/a.js is in the manifest and nowhere else.",
    ]


def test_a_file_over_500_lines_is_told_unless_it_is_a_migration_or_somebody_elses(house: Path) -> None:
    write(house, "core/long.py", "x = 1\n" * 501)
    write(house, "core/short.py", "x = 1\n" * 500)
    write(house, "core/migrations/0001_long.py", "x = 1\n" * 501)
    write(house, "static/vendor/long.js", "x\n" * 501)

    assert checking._long_files() == checking.Outcome("fail", "core/long.py: 501 lines")


def test_a_folder_of_somebodys_machine_is_told(house: Path) -> None:
    # Put together, because this very file is checked too.
    write(house, "docs/a.md", "see /" + "home/sam/notes\n")
    write(house, "docs/b.md", "see docs/home/notes and var/tmp/x\n")

    assert checking._machine_paths().words.startswith("docs/a.md:1:")
    assert "docs/b.md" not in checking._machine_paths().words


def test_a_requirement_that_no_lock_pins_is_told(house: Path) -> None:
    for stem in ("requirements", "requirements-dev", "requirements-uv"):
        write(house, f"{stem}.in", "-r other.in\nDjango==5.2  # why\npsycopg[binary]\n")
        write(house, f"{stem}.txt", "django==5.2 \\\n    --hash=x\npsycopg==3.3\n")
    write(house, "requirements.in", "Django==5.2\nnew-one\n")

    assert checking._locks().words == "requirements.txt does not pin new-one: run bin/lock."


def test_a_check_nobody_knows_is_refused() -> None:
    with pytest.raises(CannotGoOnError, match=r"No check is called ruf; there are mypy, .*ruff"):
        checking.main(["ruf"])


def test_words_of_a_check_keep_their_beginning_and_their_end(tmp_path: Path) -> None:
    check = checking.Check("long", ("sh", "-c", "seq 1 100; exit 1"))

    words = checking._command(check, tmp_path).words.splitlines()

    assert len(words) == checking.MOST_WORDS + 1
    assert (words[0], words[-1]) == ("1", "100")
    assert words[20].startswith("… 60 lines more, told by: sh -c")
