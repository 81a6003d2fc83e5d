"""The ERP (Tryton 8.2): accounts read, references to golden profiles written, parties merged where that is allowed.

client.py   the operations                        parties.py  what it answers, checked
session.py  calls: login, errors, the way there   writing.py  what has to be written so that an account is as wished
pace.py     no faster than allowed                merging.py  its wizard that makes one party of two
records.py  accounts as records of a source              settings.py  where it is, and who logs in
"""

from identity.connectors.erp.client import Tryton
from identity.connectors.erp.session import TrytonSession, TrytonSettings

__all__ = ["Tryton", "TrytonSession", "TrytonSettings"]
