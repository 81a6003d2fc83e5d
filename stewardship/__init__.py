"""What needs a human, and why: the review screen of data stewards, under /review.

app.py       the screen over one service          places.py    addresses, each with the right that it needs
visit.py     one request by one steward           rights.py    which role may do what
login.py     passwords, sessions, OIDC            queue.py     what waits, and who is at it
tasks.py     one task: what is known of it        deciding.py  what a steward decides about it
profiles.py  people: found, shown, decided about  runs.py …    re-matches, deliveries, sources, quality
"""
