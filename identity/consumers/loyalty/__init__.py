"""Loyalty consolidation: the members of one person become one at the loyalty platform, and come apart again.

follower.py   what is so now around an event → what has to be done, in three steps
round.py      what a round knows, and what it has done so far
settling.py   merges that were asked for, and of which nobody knows whether they were carried out
parting.py    merges whose members are different people's now are taken back
joining.py    members of one profile that are not one yet are merged
forgetting.py  members of somebody who was erased are nobody's at the platform
tasks.py      what a person has to see to
reconcile.py  the whole platform beside the master
"""

from identity.consumers.loyalty.follower import LOYALTY, LoyaltyFollower

__all__ = ["LOYALTY", "LoyaltyFollower"]
