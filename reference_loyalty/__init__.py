"""A loyalty platform to develop and test against: it keeps members, cards and points, and merges members.

It stands in for the platform a retailer already has, and knows nothing of the identity service.

options.py   what this platform can do             problems.py  how it says no: RFC 9457, with stable words
schema.sql   tables, and triggers that guard them  database.py  one transaction per request
ledger.py    lots and entries, only ever added to  members.py   members, cards, vouchers and marks
holds.py     pending points, open redemptions      transfers.py points from one member to another
rules.py     what stands in the way of a merge     merging.py   merge; unmerging.py takes it back
once.py      idempotency keys                      webhooks.py  member.merged and member.unmerged
faults.py    misbehaviour on demand                app.py       the application
bodies.py    what requests hold                    routes_members.py, routes_merges.py  over HTTP
"""

from reference_loyalty.app import create_app
from reference_loyalty.options import Capabilities, Options

__all__ = ["Capabilities", "Options", "create_app"]
