"""Every page: without serious findings of axe-core, wide and narrow, light and dark; and its picture."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import expect

from identity.bootstrap import SystemClock
from identity.flows.estimate import draw_sample
from identity.flows.review import label
from identity.model.delivery import DeadLetter, Subscriber, SubscriberKind, SubscriberStatus
from identity.model.review import ReviewKind
from identity.model.run import Run, RunKind, RunStatus
from identity.model.steward import Role
from identity.ports import MOVES
from tests.stewardship.world import World, set_aside

from .walking import Walker

Walk = Callable[..., Walker]
Live = tuple[World, str]
AXE = Path(__file__).parent / "axe" / "axe.min.js"
IMAGES = Path(__file__).parents[2] / "docs" / "img"
DRAW = "MAKE_PICTURES"
"""With this in the environment the pictures of the documentation are made anew."""
SHAPES: Mapping[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}


@pytest.fixture(scope="module")
def full(live: Live, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which every page has something to show."""
    world, at = live[0], SystemClock().now()
    draw_sample(world.service.sampling_room, 40)
    for number, task in enumerate(world.tasks(ReviewKind.SAMPLE)[:34]):
        label(world.service.desk, task.task_id, number % 9 != 0, "ana" if number % 2 else "ben")
    run = Run("run1", RunKind.FULL, RunStatus.WAITING, at, at)
    world.service.runs.begin(run)
    impact = {"profiles_changed": 214, "records_moved": 530, "merged": 96, "split": 12, "largest_profile": 41}
    breach = {"limit": "profiles_changed", "measured": 0.041, "allowed": 0.02}
    world.service.runs.finish("run1", RunStatus.WAITING, at, {"impact": impact, "breaches": [breach]})
    world.service.runs.put_moves("run1", moves(world))
    deliveries = world.service.deliveries
    told: dict[str, Any] = {"types": (), "secrets": ("one",), "status": SubscriberStatus.ACTIVE, "reason": ""}
    told |= {"created_at": at, "changed_at": at, "position": deliveries.log_end() - 3}
    told |= {"horizon": 0, "generation": 0, "log": "log"}
    hook = "https://loyalty.example/hook"
    deliveries.add(Subscriber("loyalty", SubscriberKind.WEBHOOK, hook, **told))
    event = world.service.store.views.events(0, 1)[0]
    letter = DeadLetter(
        "loyalty", event.subject, event.position, event.event_id, "REFUSED", "answered 422", 8, at, at, "{}"
    )
    deliveries.put_dead_letter(letter)
    compared(world)
    set_aside(world, tmp_path_factory.mktemp("till"), 6)
    ana = world.visitor("ana")
    ana.decide(world.task(), "merge", reason="the same loyalty card")
    return world


def compared(world: World) -> None:
    """Keep that the loyalty platform was compared, and differed."""
    ids = [list(task.golden_ids) for task in world.tasks(ReviewKind.POSSIBLE_MATCH)[:7]]
    kinds = ["NOT_MERGED"] * 4 + ["MERGED_ACROSS"] * 3
    samples = [
        {"kind": kind, "accounts": 2, "golden_ids": some, "known": number % 3 == 1}
        for number, (kind, some) in enumerate(zip(kinds, ids, strict=True))
    ]
    report = {"accounts": 205, "profiles": 188, "kinds": {"MERGED_ACROSS": 3, "NOT_MERGED": 4}, "known": 2}
    report |= {
        "waits": {"NOT_MERGED": 1, "MERGED_ACROSS": 1},
        "agrees": False,
        "repair": None,
        "samples": samples,
    }
    kept = world.service.store.reconciliations(SystemClock())
    kept.begin("loyalty", "machine")
    kept.put("loyalty", "machine", report)


def moves(world: World) -> pa.Table:
    """Return records that would go from one profile to another."""
    found = []
    for task in world.tasks(ReviewKind.POSSIBLE_MATCH)[:6]:
        into, out_of = task.golden_ids
        for key in world.service.store.views.members(out_of)[:3]:
            found.append({**asdict(key), "came_from": out_of, "golden_id": into})
    return pa.Table.from_pylist(found, MOVES)


def pages(world: World) -> dict[str, str]:
    task, bridge = world.task(ReviewKind.CLOSE_CALL), world.task(ReviewKind.WEAK_BRIDGE)
    operation = world.service.store.views.operations(1)[0]
    row = world.service.store.quarantine(SystemClock()).waiting("pos", "E313")[0]
    return {
        "queue": "",
        "task": f"/tasks/{task.task_id}",
        "bridge": f"/tasks/{bridge.task_id}",
        "profile": f"/profiles/{_live(world, operation.profiles)}",
        "search": "/search",
        "runs": "/runs",
        "run": "/runs/run1",
        "delivery": "/letters",
        "system": "/systems/loyalty",
        "sources": "/sources",
        "quarantine": "/quarantine?source=pos&code=E313",
        "row": f"/quarantine/{row.id}",
        "quality": "/quality",
        "audit": "/audit",
        "accounts": "/accounts",
        "nowhere": "/tasks/rnothing",
    }


def _live(world: World, profiles: tuple[Any, ...]) -> str:
    views = (world.service.store.views.profile(each) for each in profiles)
    return next(view.profile.golden_id for view in views if view and view.status == "live")


# One stylesheet serves all pages: dark and narrow are looked at where they differ most.
_ALSO = {
    "dark": ("queue", "bridge", "profile", "delivery", "quality", "run", "row"),
    "narrow": ("queue", "task", "profile", "search", "quality", "accounts", "row"),
}
_ROLES = {"audit": Role.AUDITOR, "accounts": Role.ADMIN}


_OTHERWISE = {
    "dark": ("color-contrast",),
    "narrow": ("color-contrast", "scrollable-region-focusable", "target-size"),
}
"""What can be otherwise than on a light and wide screen."""


def serious(walker: Walker, *rules: str) -> list[str]:
    """Return what axe-core finds serious or critical; by these rules, or by all."""
    walker.page.evaluate(AXE.read_text(encoding="utf-8"))
    only = {"runOnly": list(rules)} if rules else {}
    found = walker.page.evaluate("(only) => axe.run(document, {resultTypes: ['violations'], ...only})", only)
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]


def picture(walker: Walker, name: str, folder: Path, part: str = "") -> None:
    folder = IMAGES if os.environ.get(DRAW) else folder
    folder.mkdir(exist_ok=True)
    walker.page.evaluate("document.activeElement.blur()")
    if part:
        # What stays in reach at the bottom is not in the picture.
        walker.page.evaluate("document.querySelector('.decide').hidden = true")
        walker.page.locator(part).screenshot(path=folder / f"{name}.png", animations="disabled")
    else:
        walker.page.screenshot(path=folder / f"{name}.png")


@pytest.mark.parametrize("shape", SHAPES)
def test_pages_are_accessible_and_fit(walk: Walk, full: World, shape: str, tmp_path: Path) -> None:
    walkers = {role: walk(role.value.replace("_", ""), role=role, **SHAPES[shape]) for role in
               (Role.LEAD, Role.AUDITOR, Role.ADMIN)}  # fmt: skip
    found, wide = {}, []
    for name, place in pages(full).items():
        if name not in _ALSO.get(shape, (name,)):
            continue
        walker = walkers[_ROLES.get(name, Role.LEAD)].go(place)
        expect(walker.page.locator("h1")).to_be_visible()
        if name in ("task", "bridge", "profile", "row"):
            walker.press("r")
            expect(walker.page.locator("[data-key=r]")).to_have_count(0)
        if name == "quality":
            walker.sees("95 % intervals")
        if findings := serious(walker, *_OTHERWISE.get(shape, ())):
            found[name] = findings
        # Tables scroll in themselves; the page does not.
        if walker.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        ):
            wide.append(name)
        picture(walker, f"{name}-{shape}", tmp_path)
        if name == "bridge" and shape == "light":
            picture(walker, "evidence-light", tmp_path, ".evidence")
    assert "\n".join(f"{name} {each}" for name, some in found.items() for each in some) == ""
    assert wide == []


@pytest.mark.parametrize("shape", ["light", "dark"])
def test_dialogs_and_the_log_in_are_accessible(walk: Walk, full: World, shape: str, tmp_path: Path) -> None:
    walker = walk("lead", role=Role.LEAD, **SHAPES[shape])
    walker.go(f"/tasks/{full.task(ReviewKind.CLOSE_CALL).task_id}").press("m").arrived(
        "dialog[open] .outcome"
    )
    assert serious(walker) == []
    picture(walker, f"merge-{shape}", tmp_path)
    walker.press("Escape", "?").arrived("dialog[open]")
    assert serious(walker) == []
    picture(walker, f"keys-{shape}", tmp_path)
    nobody = walk("", **SHAPES[shape]).go("/login")
    assert serious(nobody) == []
    picture(nobody, f"login-{shape}", tmp_path)


def test_every_picture_that_is_shown_is_there_and_shown() -> None:
    root = IMAGES.parents[1]
    shown = {
        name
        for file in (root / "README.md", root / "docs" / "stewardship.md")
        for name in re.findall(r"img/([\w-]+)\.png", file.read_text(encoding="utf-8"))
    }
    assert shown <= {path.stem for path in IMAGES.glob("*.png")}
