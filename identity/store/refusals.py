"""What the store says when it cannot be used: one StoreError per cause, each with its remedy.

E401  the URL names no database this service can use
E402  the database cannot be opened or created
E403  the database is empty or older than this program
E404  the database is newer than this program
E405  another program holds the database, and did not let go in time
E406  a change contradicts what is stored; nothing of it was kept
E407  the database refused for another reason (a full disk)
E408  redirects lead in a circle
E409  another change got in the way of this one, which may be tried again
E410  the server has no room for the locks of a change
E413  a re-match is running already
E414  a re-match was killed too often to begin once more
E415  the connection was lost in the middle: whether the change is kept is not known
E430  a program that copies the database is missing
E431  the database that a backup is to replace is in use, or not empty
E432  a backup is damaged, or none
E433  the database could not be copied, or not be put back
E434  this database has no partitions
"""

from __future__ import annotations

from identity.model.errors import Contention, StoreError

__all__ = [
    "ahead",
    "behind",
    "busy",
    "cannot_open",
    "circular",
    "contention",
    "contradiction",
    "damaged",
    "given_up",
    "in_use",
    "lost",
    "no_partitions",
    "no_program",
    "not_copied",
    "not_empty",
    "out_of_locks",
    "refused",
    "running",
]


def cannot_open(reason: str) -> StoreError:
    return StoreError(
        "E402", f"The database cannot be opened: {reason}.", "Check the path, its rights and the server."
    )


def behind(found: str | None, wanted: str) -> StoreError:
    state = f"is at revision {found}" if found else "holds no tables of this service"
    return StoreError(
        "E403", f"The database {state}; this program needs {wanted}.", "Run `identity migrate`."
    )


def ahead(found: str, wanted: str) -> StoreError:
    return StoreError(
        "E404",
        f"The database is at revision {found}, which this program (at {wanted}) does not know.",
        "Install the version that migrated it, or a newer one.",
    )


def busy(seconds: float) -> StoreError:
    return StoreError(
        "E405",
        f"Another program held the database for more than {seconds:g} s; nothing was changed.",
        "Try again, or find the program that is still writing.",
    )


def contradiction(rule: str) -> StoreError:
    return StoreError("E406", f"The change contradicts what is stored ({rule}); nothing of it was kept.")


def refused(reason: str) -> StoreError:
    return StoreError("E407", f"The database refused: {reason}; nothing of this change was kept.")


def lost() -> StoreError:
    return StoreError(
        "E415",
        "The database let go of the connection; whether the change was kept is not known.",
        "Ask again, under the same Idempotency-Key: what was done is not done twice.",
    )


def circular(count: int) -> StoreError:
    return StoreError("E408", f"{count} redirects lead in a circle; nothing of this change was kept.")


def contention() -> Contention:
    return Contention("E409", "Another change got in the way; nothing was kept.", "Try again.")


def out_of_locks() -> StoreError:
    return StoreError(
        "E410",
        "The server has no room for the locks of this change; nothing of it was kept.",
        "Raise max_locks_per_transaction on the server, or send fewer records at once.",
    )


def running(run_id: str) -> StoreError:
    return StoreError(
        "E413",
        f"The re-match {run_id} is running already; nothing was begun.",
        f"Wait for it. If its process is gone: `identity runs abandon {run_id}`, or wait five minutes.",
    )


def given_up(run_id: str) -> StoreError:
    return StoreError(
        "E414",
        f"The re-match {run_id} was killed each time it began; it is given up.",
        "See what kills its process (memory?), then begin another one.",
    )


def no_program(name: str) -> StoreError:
    return StoreError(
        "E430",
        f"There is no {name} here.",
        "Install the client programs of the server's version, or name them in PATH.",
    )


def in_use() -> StoreError:
    return StoreError(
        "E431",
        "Somebody else has the database open; nothing was changed.",
        "Stop every process of the service first.",
    )


def not_empty() -> StoreError:
    return StoreError(
        "E431",
        "The database holds tables already; nothing was changed.",
        "Name an empty one, or say --replace: what is in it is lost then.",
    )


def damaged(reason: str) -> StoreError:
    return StoreError("E432", f"This backup is of no use: {reason}.", "Take another one.")


def not_copied(program: str, reason: str) -> StoreError:
    return StoreError("E433", f"{program} did not do it: {reason}.", "See to that, and begin again.")


def no_partitions() -> StoreError:
    return StoreError(
        "E434",
        "A database in a file has no partitions; nothing was changed.",
        "Use a server where one table grows too large.",
    )
