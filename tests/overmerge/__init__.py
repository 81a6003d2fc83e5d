"""A set made to seduce a matcher into merging different people, with the truth known, and the checks on it.

`world.draw_world` makes it; `deliveries` are the ways and orders in which its records reach the service; `judging`
counts what was merged wrongly, and why; `evidence` asks what a link rests on. `python -m tests.overmerge` prints
the measured figures.
"""
