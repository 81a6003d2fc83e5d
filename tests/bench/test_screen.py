"""The part of the review screen tells every figure that it promises."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from bench.online.plan import Plan
from bench.screen import PAGES, measured_screen
from bench.tables import tables


def test_pages_are_timed_with_as_many_open_tasks_as_were_wanted() -> None:
    told: list[str] = []
    plan = Plan(people=160, held_back=70, singles=6, batched=24, at_once=6, writers=(1, 2), warm=2)
    (found,) = measured_screen(["5k"], ["sqlite"], told.append, tasks=60, calls=4, plan_of=lambda _: plan)
    assert found["failure"] == ""
    assert found["tasks"] >= 60
    assert [page["page"] for page in found["pages"]] == list(PAGES)
    assert all(0 < page["p50_ms"] <= page["p95_ms"] < 10_000 for page in found["pages"])
    console = Console(file=StringIO(), width=140)
    for table in tables({"screen": [found], "machine": {}}):
        console.print(table)
        break
    assert any("review screen" in what for what in told)
