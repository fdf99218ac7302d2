"""What the pages are made of: vendored files as declared, fonts and icons present, nothing the policy refuses."""

import hashlib
import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"
PAGES = [
    page
    for page in sorted(TEMPLATES.rglob("*.html"))
    if re.search(r"{% extends \"(base|allauth|account|admin)", page.read_text()) or "components" in page.parts
] + [TEMPLATES / "base.html"]


def test_vendored_files_are_the_declared_ones_and_no_others() -> None:
    declared = json.loads((STATIC / "vendor/manifest.json").read_text())["files"]
    licences = {entry["licence_file"] for entry in declared}
    assert {entry["file"]: entry["sha256"] for entry in declared} == {
        str(path.relative_to(STATIC / "vendor")): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / "vendor").rglob("*")
        if path.is_file()
        and path.name != "manifest.json"
        and str(path.relative_to(STATIC / "vendor")) not in licences
    }
    assert all((STATIC / "vendor" / licence).is_file() for licence in licences)


def test_fonts_are_the_declared_ones_and_no_others() -> None:
    declared = json.loads((STATIC / "vendor/manifest.json").read_text())["fonts"]
    assert {name: digest for family in declared for name, digest in family["files"].items()} == {
        str(path.relative_to(STATIC / "fonts")): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / "fonts").rglob("*.*")
        if path.suffix in {".woff2", ".ttf"}
    }
    assert all((STATIC / "vendor" / family["licence_file"]).is_file() for family in declared)


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").glob("*.css")), ids=lambda path: path.name)
def test_every_file_a_stylesheet_names_is_here(sheet: Path) -> None:
    named = re.findall(r'url\("([^"]+)"\)', sheet.read_text())
    assert [name for name in named if not (sheet.parent / name).is_file()] == []


def test_a_fold_asks_its_box_and_not_the_words_beside_it() -> None:
    """Of what is no box nothing is ever checked: a fold that asks any child would stay shut however often it is tapped."""
    asked = {
        (sheet.name, found)
        for sheet in (STATIC / "css").glob("*.css")
        for found in re.findall(r"(\S*):not\(:checked\)", sheet.read_text())
    }
    assert {found for _, found in asked} == {"input"}


def test_every_icon_a_page_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', (STATIC / "img/icons.svg").read_text()))
    used = {
        name
        for page in PAGES
        for name in re.findall(r'components/icon\.html" with name="([a-z-]+)"', page.read_text())
    }
    assert used
    assert used - drawn == set()


def test_the_design_document_names_every_part() -> None:
    document = (ROOT / "docs/design.md").read_text()
    assert [
        part.name for part in (TEMPLATES / "components").glob("*.html") if f"`{part.name}`" not in document
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_page_holds_nothing_the_security_policy_refuses(page: Path) -> None:
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", page.read_text(), flags=re.DOTALL)
    assert re.findall(r"<style\b|\sstyle=|\shx-on|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", text) == []
