"""Rows about the ERP, a real Tryton, and the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from identity.bootstrap import Service, Settings
from tests.erp.master import People
from tests.erp.proxy import line
from tests.erp.shop import clerk
from tests.erp.test_following_faults import FAULTS as PASSING
from tests.erp.test_following_faults import passed
from tests.faults.fault import Fault
from tests.faults.ground import SECRET, Scene

__all__ = ["FAULTS"]


def passing(fault: str, scene: Scene) -> Sequence[str]:
    erp = scene.ground.erp
    service = Service(Settings(scene.database(), index_secret=SECRET))
    scene.stack.callback(lambda: service.store.close())
    with clerk(erp) as someone, line(erp.url) as way:
        return passed(People(service, someone), erp, way, fault)


_SAME = "every account bears its golden id in the end; nothing is given up"
FAULTS = tuple(Fault(f"ERP: {name}", "ERP", _SAME, 3, partial(passing, name)) for name in PASSING)
