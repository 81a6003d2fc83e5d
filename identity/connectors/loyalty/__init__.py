"""The loyalty platform: its members read, merged and parted, over HTTP.

client.py     the operations                       replies.py  what it answers, checked
calls.py      single calls, each with its key      plan.py     the steps of an emulated merge, kept at the platform
emulation.py  merges where there are none, made of transfers
"""

from identity.connectors.loyalty.client import Loyalty

__all__ = ["Loyalty"]
