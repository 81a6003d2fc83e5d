"""How the platform says no: problem details (RFC 9457) whose `code` is a word that callers branch on."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PROBLEMS", "Problem"]

PROBLEMS: Mapping[str, tuple[int, str]] = {
    "UNAUTHENTICATED": (401, "A token is needed"),
    "IDEMPOTENCY_KEY_MISSING": (400, "The header Idempotency-Key is needed"),
    "IDEMPOTENCY_KEY_REUSED": (409, "The idempotency key was used for another request"),
    "INVALID_REQUEST": (422, "The request cannot be understood"),
    "NOT_FOUND": (404, "There is nothing at this address"),
    "UNKNOWN_PROGRAM": (404, "No programme of this name"),
    "UNKNOWN_MEMBER": (404, "No member of this number"),
    "UNKNOWN_CARD": (404, "No card of this number"),
    "UNKNOWN_MERGE": (404, "No merge of this id"),
    "UNKNOWN_HOLD": (404, "No pending points or open redemption of this id"),
    "ALREADY_EXISTS": (409, "The name or number is taken"),
    "NOT_SUPPORTED": (409, "This platform cannot do that"),
    "SAME_MEMBER": (422, "A member is named twice"),
    "TOO_MANY_SOURCES": (409, "More members than one merge takes"),
    "DIFFERENT_PROGRAM": (409, "The members are of different programmes"),
    "DIFFERENT_MEMBER_TYPE": (409, "The members are of different types"),
    "MEMBER_BLOCKED": (409, "A member is blocked"),
    "MEMBER_ANONYMISED": (409, "A member is nobody's any more"),
    "ALREADY_MERGED": (409, "A member was merged into another"),
    "PENDING_ACTIVITY": (409, "Points are pending or a redemption is open"),
    "STALE_VERSION": (409, "A member has changed since it was looked at"),
    "NOT_ENOUGH_POINTS": (409, "There are not enough points"),
    "POINTS_SPENT": (409, "Points that should be returned are spent"),
    "MERGE_SUPERSEDED": (409, "The surviving member was merged again since"),
    "ALREADY_REVERSED": (409, "The merge was taken back before"),
}
"""Word → HTTP status and title."""


class Problem(Exception):
    """Something that cannot be done; nothing of it was kept. `more` are further members of the problem details."""

    def __init__(self, word: str, detail: str, **more: object) -> None:
        super().__init__(f"{word}: {detail}")
        self.word = word
        self.status, self.title = PROBLEMS[word]
        self.detail = detail
        self.more = more

    def details(self) -> dict[str, object]:
        """Return the problem details as RFC 9457 names them, with `code` and `more` beside."""
        return {
            **self.more,
            "type": f"urn:problem:loyalty:{self.word.lower().replace('_', '-')}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.word,
        }
