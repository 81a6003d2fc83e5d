"""The corpus at the screen: sought, and given as a reason. It is shown as text, and no page breaks."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.corpus.cases import Outcome
from tests.corpus.naughty import NAUGHTY
from tests.corpus.sharing import share
from tests.corpus.values import VALUES
from tests.stewardship.conftest import _quick_passwords, loaded, world_of
from tests.stewardship.world import Visitor, World

__all__ = ["_quick_passwords", "loaded", "world_of"]


@pytest.fixture
def world(world_of: Callable[..., World]) -> World:
    return world_of()


def texts() -> Iterator[str]:
    yield from share(NAUGHTY, 12)
    encodable = [each for each in VALUES if each.told != "E308" and len(each.text) < 10_000]
    yield from share([each.text for each in encodable if each.outcome is Outcome.SET_ASIDE], 20)
    yield from share([each.text for each in encodable if each.outcome is not Outcome.SET_ASIDE], 100)


def checked(answer: Any, *due: int) -> Any:
    assert answer.status_code in due, answer.text[:500]
    assert "Traceback" not in answer.text
    return answer


def test_anything_may_be_sought_and_is_only_text(world: World) -> None:
    ana = world.visitor("ana")
    ana.get("/search")
    for text in texts():
        page = checked(ana.post("/search", {"sought": text}), 200).text
        if "<" in text and 8 < len(text) < 200:  # shorter ones are markup of the page itself
            assert text not in page.replace(html.escape(text), "")


def test_anything_may_be_a_reason_and_is_kept(world: World) -> None:
    ana: Visitor = world.visitor("ana")
    for text, task in zip(share(NAUGHTY, 60), world.tasks(), strict=False):
        checked(ana.decide(task, "apart", reason=text), 303, 400, 409)
        page = checked(ana.get(f"/tasks/{task.task_id}"), 200).text
        assert not ("<" in text and len(text) > 8 and text in page)


def test_any_form_may_hold_anything(world: World) -> None:
    ana, task = world.visitor("ana"), world.task()
    ana.get("")
    for text in share(NAUGHTY, 60):
        filled = {
            "choice": text,
            "seen": text,
            "reason": text,
            "days": text,
            "task": text,
            "other": text,
            "version": text,
            "record": text,
        }
        for place in ("decide", "preview", "defer", "escalate", "second-opinion", "return"):
            checked(ana.post(f"/tasks/{task.task_id}/{place}", filled), 200, 303, 400, 403, 404, 409, 422)
        checked(ana.post("/claim", filled), 303, 400)
        checked(ana.get("?kind=x&page=x&whose=x"), 200)


def test_nobody_logs_in_by_a_strange_name(world: World) -> None:
    visitor = world.visitor()
    for text in share(NAUGHTY, 150):
        checked(visitor.log_in(text, text), 200, 400, 401, 403, 429)
