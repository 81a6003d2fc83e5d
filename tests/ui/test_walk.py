"""The ten-minute walk of docs/stewardship.md, key by key."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

from identity.model.steward import Role
from stewardship.rights import MAY, Right
from stewardship.settings import screen_settings_from
from stewardship.words import FILTERS

from .walking import Walker

DOCUMENT = (Path(__file__).parents[2] / "docs" / "stewardship.md").read_text(encoding="utf-8")
_KEY = re.compile(r"[a-z?/1-9]|Enter|Escape|Tab")


def steps() -> list[tuple[list[str], str]]:
    """Return what the document says to press, and what is seen then."""
    walk = DOCUMENT.partition("## Ten minutes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*`) \| (.+) \|$", walk, re.MULTILINE)
    return [(re.findall(r"`([^`]+)`", keys), seen) for keys, seen in rows]


def press(walker: Walker, key: str) -> None:
    if _KEY.fullmatch(key):
        walker.press(key)
    else:
        expect(typing(walker)).to_be_focused()
        walker.page.keyboard.type(key)


def typing(walker: Walker) -> Locator:
    return walker.page.locator("input:focus, textarea:focus")


def test_the_walk_shows_what_the_document_says(walk: Callable[..., Walker]) -> None:
    walker = walk("lee", role=Role.LEAD).go()
    told = steps()
    assert len(told) >= 20
    for keys, seen in told:
        for key in keys:
            press(walker, key)
        walker.sees(seen)


def test_the_table_of_rights_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| ([a-z].+?) \|(.+)\|$", DOCUMENT.partition("## Who may")[2], re.MULTILINE)
    told = {
        row: [cell.strip() == "yes" for cell in cells.split("|")] for row, cells in rows if row in set(Right)
    }
    assert told == {right.value: [right in MAY[role] for role in Role] for right in Right}
    assert [FILTERS["role"](role) for role in Role] == rows[0][1].strip().split(" | ")


def test_every_setting_is_told() -> None:
    source = (Path(__file__).parents[2] / "stewardship" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"((?:SESSION|REVEAL|CLAIM|FOUR|OIDC)_[A-Z_]+)"', source))
    assert names == {
        name.removeprefix("IDENTITY_") for name in re.findall(r"^\| `(IDENTITY_\w+)`", DOCUMENT, re.MULTILINE)
    }
    assert screen_settings_from({}).idle.total_seconds() == 30 * 60
