"""What somebody else wrote does nothing here; what did not come from here is refused; two do not undo one another."""

from __future__ import annotations

import json
from collections.abc import Callable

import pyarrow as pa
import pytest
from playwright.sync_api import expect

from identity.bootstrap import SystemClock
from identity.flows.judge import Wish
from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.record import RecordKey, SourceRecord
from identity.model.review import Concern, ReviewKind
from identity.model.steward import Role
from identity.ports import QUARANTINED, Arrival
from identity.steps.reconcile import reconcile
from tests.stewardship.world import World

from .payloads import PAYLOADS
from .walking import Walker

Walk = Callable[..., Walker]
Live = tuple[World, str]
_PLACES = (
    "given_name",
    "family_name",
    "full_name",
    "street_address",
    "city",
    "region",
    "gender",
    "tax_id",
    "email",
)


def test_there_are_a_hundred_payloads_each_another() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) == 100


def poisoned(world: World) -> tuple[str, list[GoldenId]]:
    """Store every payload in some value of some record, and ask about two profiles that have all of them."""
    many = len(_PLACES)
    records = [
        SourceRecord(RecordKey("pos", f"p{start}"), dict(zip(_PLACES, PAYLOADS[start:], strict=False)))
        for start in range(0, len(PAYLOADS), many)
    ]
    homes = [world.service.ingest([Arrival(record, f"h{record.key}")])[0].golden_id for record in records]
    ids = sorted({home for home in homes if home})
    for some in (ids[::2], ids[1::2]):
        world.service.decisions.merge(some, Wish("mallory", PAYLOADS[0]))
    pair = tuple(sorted({world.service.store.views.golden_id_of(record.key) or "" for record in records}))
    named = {"left": str(records[0].key), "right": str(records[1].key), "records": 2, "sources": 1}
    concern = Concern(ReviewKind.POSSIBLE_MATCH, pair, 99.0, 1.0, MatchWeight(0.5), named)  # type: ignore[arg-type]
    with world.service.store.begin(SystemClock()) as work:
        work.put_reviews(reconcile([concern], []), "evidence", "poison")
    (task,) = [each for each in world.tasks() if each.subject == concern.subject]
    desks = world.service.store.desks(SystemClock())
    for payload in PAYLOADS[:30]:
        desks.put_note(task.task_id, payload[:60], "note", payload)
    return task.task_id, [GoldenId(each) for each in pair]


@pytest.fixture
def places(live: Live) -> list[str]:
    task, ids = poisoned(live[0])
    return ["", f"/tasks/{task}", *(f"/profiles/{golden_id}" for golden_id in ids)]


def test_what_was_stored_by_somebody_who_meant_harm_is_only_text(walk: Walk, places: list[str]) -> None:
    walker = walk("ana")
    shown = set[str]()
    for place in places:
        walker.go(place)
        if walker.page.locator("[data-key=r]").count():
            walker.press("r")
            expect(walker.page.locator("[data-key=r]")).to_have_count(0)
        text = walker.page.locator("main").inner_text()
        shown |= {payload for payload in PAYLOADS if " ".join(payload.split()) in " ".join(text.split())}
        assert walker.page.evaluate("window.harmed === undefined")
        assert (
            walker.page.evaluate(
                "document.querySelectorAll('main script, main iframe, main object, main embed').length"
            )
            == 0
        )
    assert len(shown) >= 95, sorted(set(PAYLOADS) - shown)
    walker.go("/search")
    for payload in (each for each in PAYLOADS[::12] if each.isprintable()):
        walker.page.locator("#sought").fill(payload)
        walker.press("Enter")
        expect(walker.page.locator("#sought")).to_have_value(payload)
    assert walker.page.evaluate("window.harmed === undefined")


def test_a_row_that_was_set_aside_does_no_harm_in_its_form(walk: Walk, live: Live) -> None:
    told = {f"{PAYLOADS[0]}{number}": payload for number, payload in enumerate(PAYLOADS)}
    at = SystemClock().now()
    row = {"load_id": "l", "file": "f", "row": 1, "column": PAYLOADS[1], "source": "pos", "code": "E313",
           "message": f"f: {PAYLOADS[2]}", "outcome": "quarantined", "raw": json.dumps(told), "status": "open",
           "source_record_id": PAYLOADS[3], "created_at": at}  # fmt: skip
    with live[0].service.store.begin(SystemClock()) as work:
        work.put_quarantine(pa.Table.from_pylist([row], QUARANTINED))
    walker = walk("lea", role=Role.LEAD).go("/quarantine?source=pos&code=E313")
    walker.press("j", "Enter").sees("Reveal and mend")
    assert walker.page.evaluate("window.harmed === undefined")
    walker.press("r").sees("The row in its own columns")
    values = walker.page.locator("[name^='column:']").evaluate_all(
        "fields => fields.map(field => field.value)"
    )
    assert len(set(PAYLOADS) & set(values)) >= 95
    walker.press("Escape")
    assert walker.page.evaluate("window.harmed === undefined")
    walker.page.get_by_role("button", name="Try again").click()
    walker.sees("Still not taken")
    assert walker.page.evaluate("window.harmed === undefined")


def test_addresses_do_no_harm_either(walk: Walk) -> None:
    walker = walk("ana")
    for payload in ("<script>harmed=1</script>", "javascript:harmed=1", '"><img src=x onerror=harmed=1>'):
        for place in (
            f"?kind={payload}",
            f"?note={payload}",
            f"?whose={payload}",
            f"/tasks/{payload}",
            f"/profiles/{payload}",
        ):
            walker.go(place)
            assert walker.page.evaluate("window.harmed === undefined")


def test_a_script_of_somebody_else_would_not_run(walk: Walk) -> None:
    walker = walk("ana").go()
    walker.page.evaluate(
        """() => { const script = document.createElement("script"); script.textContent = "window.harmed = 1";
        document.body.append(script); const image = document.createElement("img");
        image.setAttribute("onerror", "window.harmed = 1"); image.src = "/review/static/none.png";
        document.body.append(image); }"""
    )
    walker.page.wait_for_timeout(100)
    assert walker.page.evaluate("window.harmed === undefined")
    assert [each for each in walker.complaints if "VIOLATION" in each]
    walker.complaints.clear()


def test_a_form_without_its_token_is_refused(walk: Walk, live: Live) -> None:
    walker = walk("ana").go()
    walker.page.evaluate(
        "document.querySelectorAll('input[name=csrf]').forEach((each) => each.value = 'forged')"
    )
    walker.press("n")
    walker.sees("This did not come from a page of yours")
    assert not [
        task
        for task in live[0].tasks()[:3]
        if live[0].service.store.desks(SystemClock()).desk(task.task_id).holder
    ]


def test_of_two_stewards_one_is_first_and_the_other_is_told(walk: Walk, live: Live) -> None:
    ana, ben = walk("ana"), walk("ben")
    task = live[0].task(ReviewKind.CLOSE_CALL)
    for walker in (ana, ben):
        walker.go(f"/tasks/{task.task_id}").press("a").arrived("dialog[open]")
    ana.press("Enter").sees("Kept apart.")
    ben.press("Enter").sees("Somebody else was a moment earlier")
    ben.sees("Nothing of yours was decided.")
    assert [each.actor for each in live[0].service.store.views.operations(1)] == ["ana"]
    assert 'data-key="j"' in ben.focused()


def test_a_stale_page_is_refused_kindly_and_shows_what_is_now(walk: Walk, live: Live) -> None:
    world, task = live[0], live[0].task(ReviewKind.WEAK_BRIDGE)
    ana = walk("ana").go(f"/tasks/{task.task_id}").press("m").arrived("dialog[open]")
    key = world.service.store.views.members(task.golden_ids[0])[0]
    record = world.service.store.views.record(key)
    assert record is not None
    world.service.ingest(
        [Arrival(SourceRecord(key, {**record.attributes, "city": "Elsewhere"}), "elsewhere")]
    )
    ana.press("Enter").sees("Something changed since you opened this task.")
    ana.press("Enter").arrived(".compare, .refusal")
    assert ana.page.url.split("/tasks/")[1].startswith(task.task_id)


def test_who_is_overtaken_hears_of_it_while_reading(walk: Walk, live: Live) -> None:
    world, task = live[0], live[0].task()
    ana = walk("ana").go(f"/tasks/{task.task_id}").arrived(".compare")
    world.visitor("ben").decide(task, "apart")
    ana.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    ana.sees("This task was decided meanwhile.")


def test_the_queue_is_live_but_stands_still_while_somebody_ticks(walk: Walk, live: Live) -> None:
    ana, ben = walk("ana"), live[0].visitor("ben")
    ana.go().arrived("#queue")
    ben.get("")
    ben.post("/next")
    ana.sees("ben ·")
    ana.press("j", "x")
    expect(ana.page.locator("#queue input[name=task]:checked")).to_have_count(1)
    expect(ana.page.locator("[data-ticked]")).to_have_text("1 ticked")


def test_somebody_logs_in_and_out_by_keyboard(walk: Walk, live: Live) -> None:
    live[0].visitor("eva", Role.LEAD)
    eva = walk("").log_in("eva")
    eva.click("Log out", "header").sees("Log in to review")
    eva.go().sees("Log in to review")
