"""Who calls, and what for: the dependency that every route declares its scope with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
from fastapi import Header, Request, Security
from fastapi.responses import Response
from fastapi.security import OAuth2, SecurityScopes
from starlette.concurrency import run_in_threadpool

from api.claims import Claims
from api.limits import Limits
from api.metrics import Metrics
from api.problems import Problem
from api.scopes import Scope
from api.settings import ApiSettings
from api.tokens import Caller, Tokens, unauthenticated
from identity.bootstrap import Service, SystemClock
from identity.model.audit import AuditAction, AuditEntry
from identity.model.errors import IdentityError
from identity.ports.requests import Asking, Begun, BegunState
from identity.replica import ReplicaState

__all__ = ["Call", "Context", "Reply", "Write", "needs", "needs_to_write"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Context:
    """What the application works with."""

    service: Service
    settings: ApiSettings
    tokens: Tokens
    limits: Limits
    metrics: Metrics
    requests: Claims


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a status, content that becomes JSON, and headers."""

    status: int
    content: Any
    headers: Mapping[str, str] | None = None

    def response(self) -> Response:
        return Response(orjson.dumps(self.content), self.status, self.headers, media_type="application/json")


@dataclass(frozen=True, slots=True)
class Call:
    """A request by a known client that may make it."""

    context: Context
    caller: Caller
    correlation_id: str
    request: Request

    @property
    def service(self) -> Service:
        return self.context.service

    def may(self, scope: Scope) -> bool:
        return scope.value in self.caller.scopes

    def near(
        self,
        ask: Callable[[Service], _T],
        sure: Callable[[_T], bool] = lambda _: True,
        *,
        shown: bool = False,
    ) -> _T:
        """Return what `ask` finds in the read replica where there is one, unless the client wants it as it is now.
        What is `shown` in clear is never read there: it is shown as it is now, or not at all."""
        if shown or not self.service.settings.replica_url:
            return ask(self.service)
        return ask(self.service) if self._fresh else self.service.near(ask, sure)

    def nears(self) -> bool:
        """Say whether a read replica would be asked now."""
        replicated = self.service.settings.replica_url and not self._fresh
        return bool(replicated) and self.service.replica.standing().state is ReplicaState.ANSWERS

    @property
    def _fresh(self) -> bool:
        return "no-cache" in self.request.headers.get("cache-control", "").lower()

    def near_unless_shown(
        self, ask: Callable[[Service], _T], sure: Callable[[_T], bool] = lambda _: True
    ) -> _T:
        """Return the same of what shows values to who may see them."""
        return self.near(ask, sure, shown=self.may(Scope.PERSONAL_READ))

    def note(self, **told: str | int) -> None:
        """Put something opaque into the line that the log gets of this request."""
        self.request.scope.setdefault("told", {}).update(told)

    def audit(
        self, action: AuditAction, subject: str = "", purpose: str = "", **details: str | int | Sequence[str]
    ) -> None:
        """Have it kept, before the answer is given, that this client saw something. Opaque words and counts only."""
        entry = AuditEntry(self.caller.client, action, subject, purpose, details)
        self.service.store.audit(SystemClock()).append(entry)


class _Calling(OAuth2):
    """The scheme and what asks for it in one: a dependency of a dependency costs each look-up a twentieth."""

    async def __call__(self, request: Request, needed: SecurityScopes) -> Call:  # type: ignore[override]
        context: Context = request.app.state.context
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthenticated("No bearer token was sent.")
        caller = context.tokens.remembered(token)
        if caller is None:  # to check it may mean to ask its issuer
            caller = await run_in_threadpool(context.tokens.caller, token)
        request.scope["client_name"] = caller.client
        if missing := [scope for scope in needed.scopes if scope not in caller.scopes]:
            _forbid(missing[0])
        await context.limits.request(caller.client)
        return Call(context, caller, request.scope["correlation_id"], request)


_CALLING = _Calling(
    flows={
        "clientCredentials": {"tokenUrl": "token", "scopes": {scope.value: scope.meaning for scope in Scope}}
    },
    scheme_name="OAuth2",
    description="Tokens of the configured issuer; `identity token` prints one for this machine.",
)


def _forbid(scope: str) -> NoReturn:
    raise Problem(
        403,
        "FORBIDDEN",
        f"The client needs the scope {scope}.",
        "Ask who issues tokens for it.",
        {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
    )


_KEY = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key and request give the same answer, and are carried out once.",
    ),
]


@dataclass(frozen=True, slots=True)
class Write:
    """A call that may change something, once however often it is sent under one key."""

    call: Call
    key: str | None

    def once(
        self, carry_out: Callable[[str], Reply], known: Callable[[str], Reply | None] | None = None
    ) -> Response:
        """Return what `carry_out` answers, given an operation id; or what it answered when the key was used before.

        `known` tells what an earlier attempt, which ended without an answer, has done under that operation id.
        """
        service = self.call.service
        if self.key is None:
            return carry_out(service.desk.new_id()).response()
        asking = Asking(self.call.caller.client, self.key, self._fingerprint())
        begun = self._begun(asking)
        if begun.state is BegunState.DONE:
            headers = {"Idempotency-Replayed": "true"}
            kind = "application/json" if begun.status < 400 else "application/problem+json"
            return Response(begun.reply, begun.status, headers, media_type=kind)
        return self._carried_out(asking, begun, carry_out, known)

    def _carried_out(
        self,
        asking: Asking,
        begun: Begun,
        carry_out: Callable[[str], Reply],
        known: Callable[[str], Reply | None] | None,
    ) -> Response:
        log = self.call.context.requests
        try:
            reply = known(begun.operation_id) if known and begun.attempt > 1 else None
            response = (reply or carry_out(begun.operation_id)).response()
        except IdentityError as error:
            from api.problems import of_error

            response = of_error(self.call.request, error)
            if response.status_code >= 500:
                log.release(asking, begun)
                raise
        except BaseException:
            log.release(asking, begun)
            raise
        log.finish(asking, begun, response.status_code, bytes(response.body).decode())
        return response

    def _begun(self, asking: Asking) -> Begun:
        """Claim the request, waiting a little for somebody who is at it."""
        desk, log = self.call.service.desk, self.call.context.requests
        for tried in range(1, 40):
            begun = log.begin(asking, desk.new_id())
            if begun.state is BegunState.OTHER:
                raise Problem(
                    409, "KEY_USED", "This Idempotency-Key was used for another request.", "Use a new one."
                )
            if begun.state is not BegunState.RUNNING:
                return begun
            desk.pause(min(tried, 5))
        raise Problem(
            409,
            "STILL_RUNNING",
            "The request under this key is still worked on.",
            "Ask again.",
            {"Retry-After": "2"},
        )

    def _fingerprint(self) -> str:
        request, index = self.call.request, self.call.service.index
        told = f"{request.method} {request.url.path}?{request.url.query} {request.scope['body_digest'].hexdigest()}"
        return str(index.cabinet.digest(f"request\x1f{told}"))


def needs(*scopes: Scope) -> Any:
    """Return the dependency that gives a Call to callers with these scopes."""
    return Security(_CALLING, scopes=[scope.value for scope in scopes])


def needs_to_write(*scopes: Scope) -> Any:
    """Return the dependency that gives a Write to callers with these scopes."""

    allowed = needs(*scopes)

    async def writing(call: Call = allowed, key: _KEY = None) -> Write:
        return Write(call, key)

    return Security(writing, scopes=[scope.value for scope in scopes])
