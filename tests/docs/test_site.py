"""The site holds every document once, and every link of every document leads somewhere, without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from markdown.extensions.toc import slugify  # type: ignore[import-untyped]

from tools.site import OF_THE_ROOT, notebook_page, without_links_outwards

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / ".github").rglob("*.md")],
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def listed(entries: object) -> Iterator[str]:
    match entries:
        case str():
            yield entries
        case dict():
            for each in entries.values():
                yield from listed(each)
        case list():
            for each in entries:
                yield from listed(each)


def test_every_document_stands_in_the_navigation_once() -> None:
    nav = list(listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.parent.name != "adr"}
    untold = sorted(pages - set(nav))
    assert untold == [], (
        f"add to `nav` in mkdocs.yml, under Learn, Do, Look up or Understand: {', '.join(untold)}"
    )
    assert sorted(set(nav) - pages - set(OF_THE_ROOT.values())) == [], "listed in mkdocs.yml, and not there"
    assert len(nav) == len(set(nav))


def anchors(path: Path) -> set[str]:
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", _FENCED.sub("", path.read_text(encoding="utf-8")), re.MULTILINE):
        slug = slugify(re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading), "-")
        number = 1
        while (slug if number == 1 else f"{slug}_{number - 1}") in found:
            number += 1
        found.add(slug if number == 1 else f"{slug}_{number - 1}")
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    broken = []
    for target in _LINK.findall(_FENCED.sub("", path.read_text(encoding="utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_link_of_a_notebook_leads_somewhere(path: Path) -> None:
    text, pictures = notebook_page(path)
    targets = {
        target.partition("#")[0] for target in _LINK.findall(_FENCED.sub("", text)) if "://" not in target
    }
    assert {
        target for target in targets - set(pictures) if not (DOCS / target.removeprefix("../")).exists()
    } == set()


def test_the_site_builds_strictly_and_asks_nobody_else_for_anything(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert "WARNING -" not in built.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'<(script|img|iframe)[^>]* src="(https?:)?//', text), page.name
        assert not re.search(r'<link[^>]* href="https?://(?![^"]*canonical)', text), page.name


def test_a_link_out_of_the_site_becomes_the_name_of_the_file() -> None:
    known = {"api.md", "adr/0001.md"}.__contains__
    assert (
        without_links_outwards("see [steps](../identity/steps)", "a.md", known)
        == "see steps (`identity/steps`)"
    )
    assert (
        without_links_outwards("see [API](../api.md#jobs)", "adr/0001.md", known)
        == "see [API](../api.md#jobs)"
    )
    assert without_links_outwards("[a](https://b.example)", "a.md", known) == "[a](https://b.example)"
