"""What happens to a record inside one unit of work, in this order.

refile.py   where it can be found now, and what of that changed for others
relink.py   who it is like
regroup.py  everybody its links reach, partitioned anew
restate.py  golden ids, profiles, links and events that are different now
recheck.py  what a person should look at now
"""
