"""What a caller may be allowed to do. A route without a scope, or without being declared public, fails a test."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["PURPOSES", "Scope"]


class Scope(StrEnum):
    """A token carries the scopes of its client, separated by spaces, in `scope`."""

    RECORDS_WRITE = "records:write"
    PROFILES_READ = "profiles:read"
    PERSONAL_READ = "personal:read"
    LOOKUP = "lookup"
    MATCH = "match"
    SEARCH = "search"
    CROSSWALK_READ = "crosswalk:read"
    DECISIONS_WRITE = "decisions:write"
    CONSENTS_WRITE = "consents:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_CHECK = "consents:check"
    UNSUBSCRIBE = "unsubscribe"
    EXPLAIN = "explain"
    EVENTS_READ = "events:read"
    EXPORT = "export"
    JOBS_READ = "jobs:read"
    RUNS_READ = "runs:read"
    RUNS_DECIDE = "runs:decide"
    PRIVACY = "privacy"
    RECEIPTS_WRITE = "receipts:write"
    AUDIT_READ = "audit:read"
    PURPOSE_SERVICE = "purpose:service"
    PURPOSE_MARKETING = "purpose:marketing"
    PURPOSE_ANALYTICS = "purpose:analytics"
    PURPOSE_FRAUD = "purpose:fraud"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Scope.RECORDS_WRITE: "Tell, replace and delete source records, one by one or as a file.",
    Scope.PROFILES_READ: "Read golden profiles; personal values are masked.",
    Scope.PERSONAL_READ: "See personal values in clear.",
    Scope.LOOKUP: "Find golden ids by ids and identifiers.",
    Scope.MATCH: "Ask who somebody is like, without writing.",
    Scope.SEARCH: "Search people by name.",
    Scope.CROSSWALK_READ: "Find the golden id of a source record.",
    Scope.DECISIONS_WRITE: "Merge, split, keep apart, keep together, undo.",
    Scope.CONSENTS_WRITE: "Tell what people allow and refuse.",
    Scope.CONSENTS_READ: "Read what a person allowed, why that holds, and receipts.",
    Scope.CONSENTS_CHECK: "Ask who may be reached, and make links to unsubscribe with.",
    Scope.UNSUBSCRIBE: "Take a consent back by such a link.",
    Scope.EXPLAIN: "Ask why, why not and how.",
    Scope.EVENTS_READ: "Read the feed of events.",
    Scope.EXPORT: "Export everything as a file.",
    Scope.JOBS_READ: "See one's own jobs and their results.",
    Scope.RUNS_READ: "See re-matches and models.",
    Scope.RUNS_DECIDE: "Approve and reject re-matches.",
    Scope.PRIVACY: "Receive, check and carry out what people ask about themselves, erasure included.",
    Scope.RECEIPTS_WRITE: "Confirm that one's own system has erased a person.",
    Scope.AUDIT_READ: "See who saw or decided what about whom.",
    Scope.PURPOSE_SERVICE: "Read profiles to serve a customer.",
    Scope.PURPOSE_MARKETING: "Read profiles for marketing, as far as consent goes.",
    Scope.PURPOSE_ANALYTICS: "Read profiles for analytics, without contact values.",
    Scope.PURPOSE_FRAUD: "Read profiles to prevent fraud.",
}

PURPOSES = {
    scope.value.removeprefix("purpose:"): scope for scope in Scope if scope.value.startswith("purpose:")
}
"""The scope that each purpose of reading needs."""
