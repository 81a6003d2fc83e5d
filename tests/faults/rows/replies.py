"""Rows about what is lost on the way: a reply after a commit, a connection into which everything vanishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import make_url

from api.settings import ApiSettings
from identity.bootstrap import Service, Settings
from identity.consumers.following import follow
from tests.api.conftest import Api
from tests.consumers.test_fault_matrix import change_a_lot
from tests.consumers.world import following, worked_until_done
from tests.faults.fault import Fault
from tests.faults.ground import SECRET, Scene
from tests.faults.proxy import Proxy, proxy
from tests.faults.rows.followed import begun, differences
from tests.flows.real_time import rows

__all__ = ["FAULTS"]

PATIENCE = 2.0
INES = {"source": "pos", "given_name": "Ines", "family_name": "Okafor", "email": "ines@example.com"}


@contextmanager
def served(scene: Scene, url: str) -> Iterator[Api]:
    """The API over a database at this address."""
    service = Service(Settings(url, index_secret=SECRET, spool=scene.folder / "spool", patience=PATIENCE))
    api = Api(service, ApiSettings(signing_key=scene.folder / "key.json", rate="100000/second"))
    with api.http:
        try:
            yield api
        finally:
            service.store.close()


@contextmanager
def through(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the PostgreSQL at this address, and the address through it."""
    there = make_url(url)
    folder = there.query["host"]
    with proxy(unix=f"{folder}/.s.PGSQL.5432") as between:
        by = there.set(query={}, host="127.0.0.1", port=between.at)
        yield between, by.update_query_dict({"connect_timeout": "2"}).render_as_string(hide_password=False)


def _one_effect(url: str, record_id: str) -> list[str]:
    asked = {
        "records": f"select count(*) from source_record where source_record_id = '{record_id}'",
        "memberships": f"select count(*) from crosswalk where source_record_id = '{record_id}'",
        "events": f"""select count(*) from event e join crosswalk c on c.golden_id = e.subject
                      where c.source_record_id = '{record_id}'""",
    }
    counts = {name: rows(url, query)[0][0] for name, query in asked.items()}
    return [f"{count} {name} instead of one" for name, count in counts.items() if count != 1]


def reply_of_commit_lost(scene: Scene) -> Sequence[str]:
    """The database commits, and nobody hears of it: the caller asks again under the same key."""
    url = scene.database("postgresql")
    record = {**INES, "source_record_id": "1"}
    with through(url) as (between, by), served(scene, by) as api:
        api.tell("pos", "0", given_name="Bert", family_name="Lindqvist", email="bert@example.com")
        between.lose_reply_to = b"COMMIT"
        answers = [api.post("/v1/records", record, **{"Idempotency-Key": "k"}) for _ in range(3)]
        codes = [answer.status_code for answer in answers]
    problems = [] if between.lost else ["no reply was lost: the row proves nothing"]
    problems += [] if codes[-1] == 200 and not {500} & {*codes} else [f"the API answered {codes}"]
    return [*problems, *_one_effect(url, "1")]


def database_swallows(scene: Scene) -> Sequence[str]:
    """Connections to the database stay open, and nothing passes for a while: it goes on afterwards by itself."""
    url = scene.database("postgresql")
    record = {**INES, "source_record_id": "1"}
    with through(url) as (between, by), served(scene, by) as api:
        api.tell("pos", "0", given_name="Bert", family_name="Lindqvist", email="bert@example.com")
        between.swallowing = True
        codes: list[int] = []

        def ask() -> None:
            codes.append(api.post("/v1/records", record, **{"Idempotency-Key": "k"}).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(scene.random.uniform(0.2, 1.5))
        between.swallowing = False
        asking.join(30)
        late = ["an answer was still missing after 30 s"] if asking.is_alive() else []
        until = time.monotonic() + 30
        while (not codes or codes[-1] != 200) and time.monotonic() < until and not late:
            ask()
    problems = [] if codes and codes[-1] == 200 and 500 not in codes else [f"the API answered {codes}"]
    return [*late, *problems, *_one_effect(url, "1")]


def _platform_through(scene: Scene, *, lose: bytes = b"", swallow: bool = False) -> Sequence[str]:
    story = begun(scene)
    port = int(story.shop.url.rpartition(":")[2])
    with proxy("127.0.0.1", port) as between:
        far = replace(story.shop, url=f"http://127.0.0.1:{between.at}")
        with following(story.master.store, far, story.clock, holder="tests") as room:
            change_a_lot(story.master, seed=scene.number)
            between.lose_reply_to, between.swallowing = lose, swallow
            first = time.monotonic()
            follow(room)
            took = time.monotonic() - first
            between.swallowing = False
            worked_until_done(room, story.clock)
    problems = [f"it waited {took:.0f} s for a platform that says nothing"] if took > 30 else []
    if lose and not between.lost:
        problems.append("no reply was lost: the row proves nothing")
    return [*problems, *differences(story)]


def reply_of_platform_lost(scene: Scene) -> Sequence[str]:
    """The platform merges, and the answer never comes: asked again under the same key, it merges once."""
    return _platform_through(scene, lose=b"POST ")


def platform_swallows(scene: Scene) -> Sequence[str]:
    return _platform_through(scene, swallow=True)


FAULTS = (
    Fault(
        "reply lost after COMMIT",
        "PostgreSQL",
        "a refusal that may be tried again; the retry makes no second effect",
        40,
        reply_of_commit_lost,
    ),
    Fault(
        "reply lost after a merge",
        "loyalty platform",
        "the retry makes no second effect; the same members, points and merges",
        20,
        reply_of_platform_lost,
    ),
    Fault(
        "black hole: PostgreSQL",
        "PostgreSQL",
        "an answer in time; one effect when it is passed again",
        10,
        database_swallows,
    ),
    Fault(
        "black hole: loyalty",
        "loyalty platform",
        "waits no longer than its time-outs; the backlog drains",
        6,
        platform_swallows,
    ),
)
