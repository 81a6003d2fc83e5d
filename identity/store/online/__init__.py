"""The unit of work of real time. `statements.py` has its SQL, the other files a side of it each."""

from identity.store.online.look import Look
from identity.store.online.work import OnlineWork

__all__ = ["Look", "OnlineWork"]
