"""Rows about the ERP, a real Tryton, and the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from identity.bootstrap import Service, Settings
from identity.consumers.following import follow
from tests.consumers.world import worked_until_done
from tests.erp.master import People, following
from tests.erp.proxy import line
from tests.erp.shop import clerk
from tests.erp.test_following_faults import FAULTS as PASSING
from tests.faults.fault import Fault
from tests.faults.ground import SECRET, Scene

__all__ = ["FAULTS"]


def passing(fault: str, scene: Scene) -> Sequence[str]:
    erp = scene.ground.erp
    service = Service(Settings(scene.database(), index_secret=SECRET))
    scene.stack.callback(lambda: service.store.close())
    with clerk(erp) as someone, line(erp.url) as way:
        people = People(service, someone)
        one, other, third = (people.open(name) for name in ("Ines Ortega", "Bert Sommer", "Dora Lind"))
        with following(people, erp, url=way.url) as room:
            if "login" not in fault:
                follow(room)
            people.merge(one, other)
            PASSING[fault](way)
            worked_until_done(room, people.clock)
            met = [] if way.met.is_set() else ["the fault was never met: the row proves nothing"]
            same = people.borne(one, other, third) == people.as_here(one, other, third)
            dead = room.consumers.dead_letters_open()
    problems = [] if same else ["accounts bear other ids than the master gives them"]
    return [*met, *problems, *([f"given up: {dead}"] if dead else [])]


_SAME = "every account bears its golden id in the end; nothing is given up"
FAULTS = tuple(Fault(f"ERP: {name}", "ERP", _SAME, 3, partial(passing, name)) for name in PASSING)
