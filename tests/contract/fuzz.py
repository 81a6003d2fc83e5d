"""Every operation of the OpenAPI document with what it says it takes, and with what it says it does not take.

Half of what is made up is given names that there are, so that requests get past the first look-up. The document is
closed for this: an answer that tells something undocumented fails, though clients have to bear it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from identity.model.cluster import GoldenId
from tests.contract.world import World
from tests.intake.signing import shopify, standard

__all__ = ["Counted", "fuzz"]

_CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
_CONFIG = {"generation": {"with-security-parameters": False, "allow-x00": True}}
_WAIT = 0.02


@schemathesis.serializer("application/x-ndjson")
def _lines(_: Any, value: Any) -> bytes:
    return (
        value.encode(errors="replace") if isinstance(value, str) else json.dumps(value, default=str).encode()
    )


@dataclass(slots=True)
class Counted:
    """What was asked and answered, by operation: statuses, of cases that should be taken and that should not."""

    taken: dict[str, Counter[int]] = field(default_factory=dict)
    refused: dict[str, Counter[int]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        return sum(sum(each.values()) for told in (self.taken, self.refused) for each in told.values())

    def share_of_successes(self) -> float:
        """Return which part of the cases that follow the document were answered 2xx or 304."""
        told = Counter[int]()
        for each in self.taken.values():
            told.update(each)
        return sum(count for status, count in told.items() if status < 400) / max(1, told.total())

    def without_success(self) -> list[str]:
        return [name for name, told in self.taken.items() if not any(status < 400 for status in told)]


def fuzz(
    world: World, cases: int, chosen: int, *, boundaries: bool = True, only: Collection[str] = ()
) -> Counted:
    """Ask each operation `cases` times, two thirds of them as the document says, and return what was
    answered; `failures` has the first answer of each that the document does not know. `chosen` is the seed.
    `boundaries` are asked besides: some ninety cases an operation. `only` names operations."""
    counted = Counted()
    config = schemathesis.Config.from_dict(_CONFIG)
    schema = schemathesis.openapi.from_dict(_closed(world.app.openapi()), config=config)
    app: Any = world.app
    with get_client(app) as client:
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            name = operation.definition.raw["operationId"]
            if only and name not in only:
                continue
            if boundaries:
                _try_boundaries(schema, operation, world, client, counted)
            for mode, share, tally in (
                (GenerationMode.POSITIVE, 2, counted.taken),
                (GenerationMode.NEGATIVE, 1, counted.refused),
            ):
                if mode is GenerationMode.NEGATIVE and not operation.body and not _asks(operation):
                    continue
                tally.setdefault(name, Counter())
                ask = _asking(world, client, mode is GenerationMode.POSITIVE, tally[name])
                try:
                    _run(operation.as_strategy(mode), ask, max(1, cases * share // 3), chosen)
                except (Exception, BaseExceptionGroup) as failure:
                    counted.failures[f"{name} ({mode.value})"] = _told(failure)
    return counted


def _try_boundaries(schema: Any, operation: Any, world: World, client: Any, counted: Counted) -> None:
    """Ask with the least and the most of each part of a request, and with what is just beyond; these are always the
    same. Other methods than the documented ones are among them."""
    name, modes = operation.definition.raw["operationId"], [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    config = schema.config.generation_for(operation=operation)
    chance = Random(name)
    for case in schema.iter_coverage_cases(operation, generation_modes=modes, generation_config=config):
        as_documented = case.meta.generation.mode is GenerationMode.POSITIVE
        tally = (counted.taken if as_documented else counted.refused).setdefault(name, Counter())
        try:
            _asking(world, client, as_documented, tally)(case, chance)
        except (Exception, BaseExceptionGroup) as failure:
            counted.failures[f"{name}, {case.meta.phase.data.description}"] = _told(failure)


def _told(failure: BaseException) -> str:
    causes = failure.exceptions if isinstance(failure, BaseExceptionGroup) else (failure,)
    return "\n".join(str(failure) if cause is failure else f"{failure}\n{cause}" for cause in causes)


def _asks(operation: Any) -> bool:
    return any(True for _ in operation.iter_parameters())


def _run(cases: Any, ask: Callable[[Any, Random], None], count: int, chosen: int) -> None:
    @seed(chosen)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, chance=st.integers(0, 2**32).map(Random))
    def every_answer_is_documented(case: Any, chance: Random) -> None:
        ask(case, chance)

    every_answer_is_documented()


def _asking(
    world: World, client: Any, as_documented: bool, statuses: Counter[int]
) -> Callable[[Any, Random], None]:
    def ask(case: Any, chance: Random) -> None:
        world.look_around()
        _ask_under_a_key_of_its_own(case, world)
        if as_documented:
            _name_what_there_is(case, world, chance)
        _wait_briefly(case)
        signed = _signed(case, world) if as_documented else {}
        response = case.call(session=client, headers={**world.headers, **signed.pop("headers", {})}, **signed)
        statuses[response.status_code] += 1
        case.validate_response(response, checks=_CHECKS)

    return ask


_SENDERS = {"take_from_shopify": "ecommerce", "take_from_loyalty": "loyalty"}


def _signed(case: Any, world: World) -> dict[str, Any]:
    """Return what a message of a system is sent with: its bytes, and their signature."""
    name = case.operation.definition.raw["operationId"]
    if name not in _SENDERS or not isinstance(case.body, dict):
        return {}
    told, message_id = case.body, f"m{world.asked}"
    if name == "take_from_shopify":
        topic = ("customers/create", "customers/delete", "customers/redact", "orders/create")[world.asked % 4]
        sent = shopify(topic, told, message_id)
    else:
        sent = standard(told, message_id)
    return {"headers": {"Content-Type": "application/json", **sent["headers"]}, "data": sent["content"]}


def _wait_briefly(case: Any) -> None:
    query = case.query or {}
    wait = query.get("wait")
    if isinstance(wait, int | float) and not isinstance(wait, bool) and _WAIT < wait <= 30:
        query["wait"] = _WAIT


def _ask_under_a_key_of_its_own(case: Any, world: World) -> None:
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[\x21-\x7e]{1,255}", key) and world.asked % 5:
        case.headers["Idempotency-Key"] = f"key-{world.asked}"


def _name_what_there_is(case: Any, world: World, chance: Random) -> None:
    name = case.operation.definition.raw["operationId"]
    if chance.random() < 0.8:
        _address(name, case.path_parameters or {}, world, chance)
    _query(case.query or {}, world, chance)
    if isinstance(case.body, dict) and chance.random() < 0.8:
        case.body = _BODIES.get(name, _as_it_is)(case.body, world, chance)
        (case.headers or {}).pop("If-Match", None)
        if name == "split":
            case.path_parameters["golden_id"] = world.golden_id_of(case.body["records"][0])


def _address(name: str, path: dict[str, Any], world: World, chance: Random) -> None:
    source, record_id = chance.choice(world.keys)
    known = {
        "golden_id": world.profile(chance),
        "operation_id": chance.choice(world.operations),
        "source": source,
        "source_record_id": record_id,
        "job_id": chance.choice(world.jobs),
    }
    if name == "undo" and chance.random() < 0.5:
        known["operation_id"] = world.merged()
    if "request_id" in path:
        wanted = {
            "verify_a_request": False,
            "refuse_a_request": False,
            "person": False,
            "carry_out_a_request": True,
        }
        known["request_id"] = world.request(chance, checked=wanted.get(name))
    if name in _SENDERS:
        known["source"] = _SENDERS[name]
    if "fact_id" in path:
        known["fact_id"] = world.fact()
    if "run_id" in path:
        decided = name == "a_run" or chance.random() < 0.3
        known["run_id"] = chance.choice(world.runs) if decided else world.waiting_run()
    path.update({name: value for name, value in known.items() if name in path})


def _query(query: dict[str, Any], world: World, chance: Random) -> None:
    for name in ("one", "other"):
        if name in query and chance.random() < 0.9:
            query[name] = _side(world, chance)
    if "include" in query and chance.random() < 0.9:
        parts = ("records", "provenance", "consents", "history")
        query["include"] = ",".join(chance.sample(parts, chance.randrange(5)))
    if "as_of" in query and chance.random() < 0.6:
        query["as_of"] = chance.choice(("2099-01-01T00:00:00Z", "2020-01-01T00:00:00+05:45"))


def _side(world: World, chance: Random) -> str:
    return chance.choice((":".join(chance.choice(world.keys)), world.profile(chance)))


def _as_it_is(body: dict[str, Any], _: World, __: Random) -> dict[str, Any]:
    return body


def _record(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    known = world.record(chance)
    return {**body, **{name: known[name] for name in chance.sample(sorted(known), 4)}, "custom": {}}


def _nameless(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    told = _record(body, world, chance)
    return {name: value for name, value in told.items() if not name.startswith("source")}


def _records(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    return {"records": [_record(each, world, chance) for each in body["records"]]}


def _key(_: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    known = world.record(chance)
    return chance.choice(
        (
            {"golden_id": world.profile(chance), "as_of": chance.choice((None, "2099-01-01T00:00:00Z"))},
            {name: known[name] for name in ("source", "source_record_id")},
            {"email": known["email"]},
            {"phone": known["phone"], "country": "US"},
        )
    )


def _keys(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    return {"keys": [_key(each, world, chance) for each in body["keys"]]}


def _likeness(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    return {**body, "record": _nameless(body["record"], world, chance)}


def _name(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    return {**body, "family_name": world.record(chance)["family_name"]}


def _merge(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    ids = [chance.choice(world.live), world.stranger() if chance.random() < 0.5 else world.profile(chance)]
    return {**body, "profile_ids": ids, "into": chance.choice((None, ids[0])), "expected_versions": {}}


def _split(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    key = {"source": "pos", "source_record_id": world.twin(fresh=chance.random() < 0.5)}
    return {**body, "records": [key], "expected_versions": {}}


def _judged(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    one, other = (":".join(key) for key in chance.sample(world.keys, 2))
    return {**body, "one": one, "other": other, "expected_versions": {}}


def _whom(world: World, chance: Random) -> dict[str, Any]:
    known = world.record(chance)
    return chance.choice(
        (
            {"golden_id": world.profile(chance)},
            {name: known[name] for name in ("source", "source_record_id")},
            {"email": known["email"]},
            {"phone": known["phone"], "country": "US"},
        )
    )


def _acts(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    named = ("golden_id", "source", "source_record_id", "email", "phone", "country", "jurisdiction", "basis")
    said = {
        "purpose": "marketing",
        "channel": chance.choice(("email", "sms")),
        "status": "granted",
        "signal": None,
    }
    acts = [{name: value for name, value in each.items() if name not in named} for each in body["acts"]]
    return {"acts": [{**each, **said, **_whom(world, chance)} for each in acts]}


def _checked(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    keys = [_whom(world, chance) for _ in body["keys"]]
    return {
        "purpose": "marketing",
        "channel": "email",
        "jurisdiction": chance.choice((None, "eu")),
        "keys": keys,
    }


def _minted(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    ids = [world.profile(chance) for _ in body["golden_ids"]]
    return {"golden_ids": ids, "purpose": "marketing", "channel": "email"}


def _sent(_: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    tokens = world.service.consents.mint([GoldenId(world.profile(chance))], "marketing", "email")
    return {"token": tokens[0]}


def _wanted(body: dict[str, Any], world: World, chance: Random) -> dict[str, Any]:
    return {**body, "golden_id": world.profile(chance)}


_BODIES: dict[str, Callable[[dict[str, Any], World, Random], dict[str, Any]]] = {
    "receive_a_request": _wanted,
    "tell_a_record": _record,
    "put_a_record": _nameless,
    "tell_records": _records,
    "look_up": _key,
    "look_up_many": _keys,
    "match": _likeness,
    "search": _name,
    "merge": _merge,
    "preview_a_merge": _merge,
    "split": _split,
    "judge": _judged,
    "tell_consents": _acts,
    "check_consents": _checked,
    "mint_tokens": _minted,
    "unsubscribe": _sent,
}


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with every object of which the fields are told allowed no others."""
    told = deepcopy(document)
    for schema in _schemas(told["components"]["schemas"]):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    for name in ("Run", "Profile"):  # what is told of one is part of what is told of another
        told["components"]["schemas"][name].setdefault("additionalProperties", False)
    return told


def _schemas(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for each in part.values():
            yield from _schemas(each)
    elif isinstance(part, list):
        for each in part:
            yield from _schemas(each)
