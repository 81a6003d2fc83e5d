"""How calls to another system fail.

IdentityError
├── Unavailable   no usable answer: the effect may be there or not, and the same call may be tried again
└── Refused       the other system said no: the same call will be refused again
"""

from __future__ import annotations

from collections.abc import Mapping

from identity.model.errors import IdentityError

__all__ = ["Refused", "Unavailable"]


class Unavailable(IdentityError):
    """No usable answer; try the same call again, not before `retry_after` seconds if the other system named them."""

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(code, message, "The same call may be tried again.")
        self.retry_after = retry_after


class Refused(IdentityError):
    """The other system said no, in its own word; `details` is what else it said, such as a shortfall."""

    def __init__(self, code: str, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(code, message)
        self.details = dict(details or {})

    @property
    def word(self) -> str:
        """The other system's word, or HTTP_404 and the like where it gave none."""
        return self.code
